"""Modules beside a plugin file: imported like installed ones, under the same rules, and reloaded with the agent."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from WardenServer.authoring import trial
from WardenServer.loading import loader
from WardenServer.loading.beside import absolute, imported
from WardenServer.loading.contract import Contract
from WardenServer.settings import config

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]

HELPER = "def value():\n    return 1\n"
AGENT = "INTERVAL = 1\ndef work(agent):\n    return {'x': "


def x_of(contract: Contract) -> object:
    return contract.work(None)["x"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("imports", "value"),
    [
        ("import helper\n", "helper.value()"),
        ("import helper as h\n", "h.value()"),
        ("import os, helper as h, sys\n", "h.value() + 0 * len(sys.path)"),
        ("from helper import value\n", "value()"),
        ("from helper import (\n    value as v,\n)\n", "v()"),
        ("from . import helper\n", "helper.value()"),
        ("from .helper import value\n", "value()"),
        ("from warden_plugins import helper\n", "helper.value()"),
        ("def get():\n    import helper\n    return helper.value()\n", "get()"),
        ("import second\n", "second.helper.value()"),
        ("from . import second\n", "second.helper.value()"),
    ],
)
@pytest.mark.parametrize("isolate", ["", "ISOLATE = True\n"])
def test_a_module_beside_is_imported(
    write: Write, settings: MakeSettings, imports: str, value: str, isolate: str
) -> None:
    write("helper", HELPER)
    write("second", "import helper\n")
    write("ring", imports + isolate + AGENT + value + "}\n")
    loaded = loader.load(settings())
    contract = loaded.contracts["ring"]
    assert x_of(contract) == 1
    contract.discard()
    assert set(loaded.refused) <= {"second"}, "helper is no agent, and is not refused for that"


def test_each_agent_has_its_own(write: Write, settings: MakeSettings) -> None:
    write("helper", "n = 0\ndef value():\n    global n\n    n += 1\n    return n\n")
    for name in ("one", "two"):
        write(name, "import helper\n" + AGENT + "helper.value()}\n")
    contracts = loader.load(settings()).contracts
    assert [x_of(contracts[name]) for name in ("one", "one", "two")] == [1, 2, 1]


def test_a_change_in_it_is_a_change_of_who_imports_it(write: Write, settings: MakeSettings) -> None:
    write("helper", HELPER)
    write("second", "from . import helper\ndef value():\n    return helper.value()\n")
    write("direct", "import helper\n" + AGENT + "helper.value()}\n")
    write("indirect", "import second\n" + AGENT + "second.value()}\n")
    write("relative", "from .helper import value\n" + AGENT + "value()}\n")
    write("other", AGENT + "1}\n")
    first = loader.load(settings()).contracts
    assert loader.load(settings(), first).contracts == first
    write("helper", HELPER.replace("1", "2"))
    second = loader.load(settings(), first).contracts
    assert {name for name in second if second[name] is not first[name]} == {"direct", "indirect", "relative"}
    assert [x_of(second[name]) for name in ("direct", "indirect", "relative", "other")] == [2, 2, 2, 1]


def test_what_is_installed_wins(write: Write, folder: Path) -> None:
    for name in ("json", "numpy", "helper"):
        write(name, "x = 1\n")
    assert absolute(b"import json, numpy\nfrom helper import x\n", folder) == {"helper"}
    assert absolute(b"import numpy.linalg\nx = 'import helper'\n", folder) == set()


def test_modules_that_import_each_other_are_found_once(write: Write) -> None:
    one, two = write("one", "import two\n"), write("two", "import one\nimport none\n")
    plugin = write("ring", "")
    assert imported(b"import one", plugin, Path.read_bytes) == {one: b"import two\n", two: two.read_bytes()}


def test_one_that_nobody_imports_is_refused(write: Write, settings: MakeSettings) -> None:
    write("helper", HELPER)
    assert "has no function work" in loader.load(settings()).refused["helper"]


def test_one_that_has_work_is_an_agent_too(write: Write, settings: MakeSettings) -> None:
    write("helper", HELPER + AGENT + "5}\n")
    write("ring", "import helper\n" + AGENT + "helper.value()}\n")
    assert set(loader.load(settings()).contracts) == {"helper", "ring"}


def test_lines_of_errors_stay_right(write: Write, settings: MakeSettings) -> None:
    write("helper", HELPER)
    path = write("ring", "import os, helper\n\n1 / 0\n")
    assert loader.load(settings()).refused["ring"].startswith(f"{path}:3: ZeroDivisionError")
    path.write_text("import helper\nx = (\n")
    assert loader.load(settings()).refused["ring"].startswith(f"{path}:2: not valid Python")


@pytest.mark.parametrize("isolate", ["", "ISOLATE = True\n"])
def test_it_must_not_be_writable_by_others(write: Write, settings: MakeSettings, isolate: str) -> None:
    helper = write("helper", HELPER)
    path = write("ring", "import helper\n" + isolate + AGENT + "helper.value()}\n")
    helper.chmod(0o666)
    said = loader.load(settings()).refused["ring"]
    assert f"others may write to {helper} (mode 0666); run: chmod go-w {helper}" in said
    assert any(str(helper) in problem for problem in trial.check(settings(), path))


def test_it_must_be_known_where_plugins_must(write: Write, settings: MakeSettings, tmp_path: Path) -> None:
    helper = write("helper", HELPER)
    path = write("ring", "import helper\n" + AGENT + "helper.value()}\n")
    pins = tmp_path / "known"
    pins.touch(mode=0o600)
    pins.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  ring.py\n")
    made = settings(plugin_hashes=str(pins))
    said = loader.load(made).refused["ring"]
    assert str(helper) in said
    subprocess.run(said.partition("run: ")[2], shell=True, check=True)
    assert x_of(loader.load(made).contracts["ring"]) == 1


def test_it_is_tried_with_the_plugin(write: Write, settings: MakeSettings) -> None:
    write("helper", HELPER)
    path = write("ring", "import helper\n" + AGENT + "helper.value()}\n")
    assert trial.check(settings(), path) == []


def test_where_it_cannot_be_found_the_sentence_says_how(write: Write, folder: Path, settings: MakeSettings) -> None:
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("x = 1\n")
    path = write("ring", "import package\n" + AGENT + "1}\n")
    assert f"{path}:1: needs package, which is beside it; write: from . import package" in (
        loader.load(settings()).refused["ring"]
    )
    write("ring", "from . import package\n" + AGENT + "package.x}\n")
    assert x_of(loader.load(settings()).contracts["ring"]) == 1
    write("ring", "import no_such_module\n" + AGENT + "1}\n")
    assert "pip install no_such_module" in loader.load(settings()).refused["ring"]
