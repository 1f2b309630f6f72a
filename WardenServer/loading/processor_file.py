"""Files with processors of event streams: their classes, found without running the file, and their contract."""

import ast
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from WardenServer.errors import PluginError
from WardenServer.loading.plugin_file import assigned

#: What a class may say of its agent, as plugin files do; else its file says it for all its classes.
SAID = ("INTERVAL", "OFFSET", "KEY", "TIMEOUT", "FIELDS", "AT")

_CLASS = re.compile(rb"^class[ \t]+\w+", re.MULTILINE)
_NAME = re.compile(rb"^[ \t]+name[ \t]*(?::[^=\n]+)?=", re.MULTILINE)
_WORK = re.compile(rb"^(?:async[ \t]+)?(?:def[ \t]+work\b|work[ \t]*=)", re.MULTILINE)


class Named(NamedTuple):
    """A processor in a file: its name, its class, and the line where that begins."""

    name: str
    kind: str
    line: int


def find(content: bytes) -> list[Named]:
    """The processors of a file: classes at its top level whose body gives them a `name`, a plain text.

    A file with a function `work` has none: it is an agent itself.
    """
    if not _CLASS.search(content) or not _NAME.search(content) or _WORK.search(content):
        return []
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # its import will say why
        return []
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return [Named(name, each.name, each.lineno) for each in classes if (name := _name_in(each))]


def _name_in(node: ast.ClassDef) -> str:
    """What the body of a class gives as its name; "" where that is no plain text."""
    said = ""
    for line in node.body:
        for target, value in assigned(line):
            if isinstance(target, ast.Name) and target.id == "name":
                said = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
    return said


def contract_of(kind: Any, path: Path, module: ModuleType, interval: float) -> Any:
    """What a processor's class, and its file, promise, as if it were the module of a plugin file; it is sampled every
    `interval` seconds where neither says another, from tick 0 on.

    Raises:
        PluginError: it is no processor.
    """
    if not inspect.isclass(kind) or not callable(getattr(kind, "sample", None)):
        name = getattr(kind, "__name__", kind)
        raise PluginError(f"{path}: class {name} has no sample(self); add it, or take its name out")
    said = {name: vars(module)[name] for name in SAID if name in vars(module)}
    said |= {name: getattr(kind, name) for name in SAID if hasattr(kind, name)}
    if "AT" not in said:
        said = {"INTERVAL": interval, "OFFSET": 0, **said}
    return SimpleNamespace(**said, SETTINGS=arguments(kind), work=lambda agent: None)


def arguments(kind: Any) -> Mapping[str, Any]:
    """The settings of a processor: what its constructor takes by keyword, with defaults; `...` where it has none."""
    by_keyword = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    taken = inspect.signature(kind).parameters.values()
    return {each.name: ... if each.default is each.empty else each.default for each in taken if each.kind in by_keyword}
