"""Every processor that ships says what it is, needs no more than a processor of yours may use, and can be published."""

import ast
import importlib
import inspect
import sys
from typing import Any

import pytest

from tests.contract.test_shipped import PROCESSORS
from WardenServer.loading import loader
from WardenServer.loading.contract import OVERRIDES
from WardenServer.results.field import declare, kind_of
from WardenServer.results.result import clean, to_json

#: Settings without a default.
REQUIRED: dict[str, dict[str, Any]] = {
    "histogram": {"field": "energy", "low": 0.0, "high": 10.0},
    "image_sum": {"field": "image"},
    "stats": {"field": "energy"},
}
EVENTS = [{"energy": 1.5, "image": [[1, 2], [3, 4]]}, {"energy": 20, "image": [[0.5, 0], [0, 0]]}]
#: What a processor may import, besides the standard library.
MAY_IMPORT = ("numpy", "WardenServer", "WardenServer.errors", "WardenServer.processor", "WardenServer.plugins.common")
#: What no setting of its own may be called, since it is a setting of all.
TAKEN = {*OVERRIDES, "stream", "queue", "full"}


def read(name: str) -> Any:
    """The one class of the file that has a name."""
    module = importlib.import_module(f"WardenServer.plugins.{name}")
    own = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == module.__name__]
    [found] = [each for each in own if getattr(each, "name", "") and hasattr(each, "sample")]
    return found


def make(name: str) -> Any:
    return read(name)(**REQUIRED.get(name, {}))


def published(document: dict[str, Any]) -> bytes:
    """The document without what depends on when it is made."""
    return to_json({name: value for name, value in clean(document)[0].items() if name != "rate" and "root" not in name})


@pytest.mark.parametrize("name", PROCESSORS)
def test_it_says_what_it_is(name: str) -> None:
    processor, module = read(name), importlib.import_module(f"WardenServer.plugins.{name}")
    assert processor.name == name.removeprefix("template_")
    assert processor.__doc__
    settings = inspect.signature(processor).parameters
    assert not TAKEN & settings.keys()
    said = module.__doc__ or ""
    assert "stream = " in said
    assert all(setting in said for setting in settings)
    required = {each.name for each in settings.values() if each.default is each.empty}
    assert required == REQUIRED.get(name, {}).keys()


@pytest.mark.parametrize("name", PROCESSORS)
def test_it_imports_what_a_processor_may(name: str) -> None:
    tree = ast.parse((loader.SHIPPED / f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            known = module.partition(".")[0] in sys.stdlib_module_names or module.startswith(MAY_IMPORT[-1])
            assert known or module in MAY_IMPORT, module


@pytest.mark.parametrize("name", PROCESSORS)
def test_its_documents_can_be_published_and_go_on_with_new_code(name: str) -> None:
    first, second = make(name), make(name)
    fields = clean(first.sample())[0]
    assert fields
    for declared, entry in getattr(first, "FIELDS", {}).items():
        assert declared in fields
        declare(declared, entry)
    if hasattr(first, "event"):
        for event in EVENTS:
            first.event(event)
    document = first.sample()
    assert clean(document)[0].keys() == fields.keys()
    second.load(first)
    assert published(second.sample()) == published(document)


@pytest.mark.parametrize("name", PROCESSORS)
def test_its_fields_are_what_it_declares(name: str) -> None:
    processor = make(name)
    for event in EVENTS if hasattr(processor, "event") else ():
        processor.event(event)
    for field, value in clean(processor.sample())[0].items():
        kind = declare(field, getattr(processor, "FIELDS", {}).get(field, {})).kind
        found = kind_of(value)
        assert kind is None or found is None or kind.accepts(found), field
