"""The processors in packages, as snoop looks for them: all classes of all modules."""

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from WardenServer.errors import PluginError, WardenError
from WardenServer.loading.processor_file import arguments
from WardenServer.loading.why import why
from WardenServer.processor import Processor
from WardenServer.streams.code import Code

Kwargs = Mapping[str, Mapping[str, Any]]


class SnoopCode(Code):
    """Code whose processors can leave: once one has set its `enabled` to False, it gets no more events."""

    def make(self) -> Any:
        """See Code."""
        return _guard(super().make())

    def after(self, old: Any) -> Any:
        """See Code. What `load` took over of the old one's attributes may be its `event`."""
        return _guard(super().after(old))


def _guard(processor: Any) -> Any:
    event = getattr(type(processor), "event", None)
    if not hasattr(processor, "enabled") or event in (None, Processor.event):
        return processor

    def guarded(each: Any) -> None:
        if processor.enabled:
            event(processor, each)

    processor.event = guarded
    return processor


def find(packages: Sequence[str], kwargs: Kwargs, problems: list[str]) -> dict[str, Code]:
    """The processors of packages, by name, in the order in which they are found. Sentences on those that cannot be used
    are added to `problems`.

    Args:
        packages: names of packages or modules.
        kwargs: arguments of the constructors, by the name of the processor.
        problems: see above.
    """
    found: dict[str, Code] = {}
    twice: set[str] = set()
    for module in _modules(packages, problems):
        for kind in _kinds(module):
            try:
                _add(_code(kind, _file(module), kwargs), found, twice, problems)
            except WardenError as error:
                problems.append(str(error))
    return {name: code for name, code in found.items() if name not in twice}


def _add(code: Code, found: dict[str, Code], twice: set[str], problems: list[str]) -> None:
    other = found.setdefault(code.name, code)
    if other is not code:
        twice.add(code.name)
        both = f"{other.path} and {code.path}" if other.path != code.path else f"{code.path}, twice"
        problems.append(f"the name {code.name} stands in {both}; give one of them another name")


def _modules(packages: Sequence[str], problems: list[str]) -> Iterator[ModuleType]:
    for package in dict.fromkeys(packages):
        module = _imported(package, problems)
        if module is None:
            continue
        yield module
        for about in pkgutil.iter_modules(getattr(module, "__path__", ())):
            if (below := _imported(f"{package}.{about.name}", problems)) is not None:
                yield below


def _imported(name: str, problems: list[str]) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except BaseException as error:  # it may raise anything, SystemExit too
        problems.append(why(error, _place(name)))
        return None


def _place(name: str) -> Path:
    """The file of a module, for sentences."""
    try:
        spec = importlib.util.find_spec(name)
    except Exception:  # what it is in cannot be imported
        spec = None
    return Path(spec.origin if spec is not None and spec.origin else name)


def _file(module: ModuleType) -> Path:
    return Path(module.__file__ or module.__name__)


def _kinds(module: ModuleType) -> list[type[Any]]:
    """The classes of a module that are processors; not those that it imports, nor bases: with _ before their name."""
    kinds = [each for name, each in vars(module).items() if inspect.isclass(each) and not name.startswith("_")]
    own = [each for each in dict.fromkeys(kinds) if each.__module__ == module.__name__ and not inspect.isabstract(each)]
    return [each for each in own if issubclass(each, Processor) or _looks_like_one(each)]


def _looks_like_one(kind: type[Any]) -> bool:
    return isinstance(getattr(kind, "name", None), str) and callable(getattr(kind, "sample", None))


def _code(kind: type[Any], path: Path, kwargs: Kwargs) -> Code:
    """How a processor is made. Older ones say their name only when they are made.

    Raises:
        PluginError: it cannot be made; the text has the file and the cure.
    """
    name = getattr(kind, "name", None) or _name_when_made(kind, path)
    if not isinstance(name, str) or not name:
        cure = 'write name = "..." in it, or begin its own name with _ where it is only a base of others'
        raise PluginError(f"{path}: class {kind.__name__} has no name; {cure}")
    given = kwargs.get(name, {})
    _fit(kind, name, path, given)
    return SnoopCode(name, path, kind, given)


def _name_when_made(kind: type[Any], path: Path) -> Any:
    try:
        return getattr(Code(kind.__name__, path, kind, {}).make(), "name", None)
    except PluginError:
        return None


def _fit(kind: type[Any], name: str, path: Path, given: Mapping[str, Any]) -> None:
    try:
        known = arguments(kind)
        takes_any = any(each.kind is each.VAR_KEYWORD for each in inspect.signature(kind).parameters.values())
    except (ValueError, TypeError):  # its constructor is no Python
        return
    if missing := [each for each, default in known.items() if default is ... and each not in given]:
        needed = " and ".join(missing)
        raise PluginError(f'{path}: processor {name} needs {needed}; give it in processor_kwargs = {{"{name}": ...}}')
    if not takes_any and (unknown := [each for each in given if each not in known]):
        has = ", ".join(known) or "none"
        raise PluginError(f"{path}: processor {name} has no argument {unknown[0]}; it has {has}; see processor_kwargs")
