"""Modules that stand beside a plugin file: which of them it imports, and how they get into the agent's own namespace.

`import helper` finds helper.py beside the plugin, though its folder is not on Python's path: there it would be one
module for all agents, stay after a reload, and could hide what is installed. What Python finds by itself wins. So the
import becomes `from . import helper` before the file is compiled.

For `plugin_hashes`, files are imported from the very content that was judged: Python's own way reads the file again,
prefers a compiled file beside it, and an extension module or a folder of the same name to both.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

#: The package in which pluginbase shows an agent the files beside it.
PACKAGE = "warden_plugins"
#: Gives the content of a file that may run; raises PluginError for one that may not.
Read = Callable[[Path], bytes]

_IMPORT = re.compile(rb"\b(?:from|import)[ \t]+(\.|\w+)([^\n#]*)")


# -- which


def imported(content: bytes, path: Path, read: Read) -> dict[Path, bytes]:
    """The files beside a plugin that it imports, also by way of each other, with their content.

    Raises:
        PluginError: one of them may not run.
    """
    found: dict[Path, bytes] = {}
    waiting = [content]
    while waiting:
        each = waiting.pop()
        for module in sorted(set().union(*_beside(each, path.parent))):
            file = path.parent / f"{module}.py"
            if file != path and file not in found:
                found[file] = read(file)
                waiting.append(found[file])
    return found


def any_absolute(content: bytes, path: Path, others: Mapping[Path, bytes]) -> bool:
    """Whether a plugin, or one of the `others` that `imported` found, imports a file beside it as an installed one."""
    return bool(others) and any(absolute(each, path.parent) for each in (content, *others.values()))


def absolute(content: bytes, folder: Path) -> set[str]:
    """The modules in a folder that a file there imports as if they were installed, and that Python does not find."""
    return _beside(content, folder)[0]


def _beside(content: bytes, folder: Path) -> tuple[set[str], set[str]]:
    """The modules in a folder that a file there imports: as if they were installed, and as modules beside it."""
    named = [(name, relative) for name, relative in _named(content, folder) if _is_file(folder, name)]
    installed = {name for name, relative in named if not relative and not _is_installed(name)}
    return installed, {name for name, relative in named if relative}


def _named(content: bytes, folder: Path) -> list[tuple[str, bool]]:
    """What a file may import from its folder: (name, whether it says so)."""
    if not any(_may_be_beside(first, rest, folder) for first, rest in _IMPORT.findall(content)):
        return []  # the usual case, without the cost of a syntax tree
    try:
        return [name for node in ast.walk(ast.parse(content)) for name in _names(node)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # its import will say so
        return []


def _may_be_beside(first: bytes, rest: bytes, folder: Path) -> bool:
    if first in (b".", PACKAGE.encode()):
        return True
    if first.decode("utf-8", "replace") in sys.stdlib_module_names and b"," not in rest:
        return False
    words = [word.decode("utf-8", "replace") for word in (first, *re.findall(rb"\w+", rest))]
    return any(_is_file(folder, word) for word in words)


def _is_file(folder: Path, module: str) -> bool:
    return os.path.isfile(os.path.join(folder, f"{module}.py"))


def _names(node: ast.AST) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, False) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        relative = node.level == 1 or node.module == PACKAGE
        if node.module in (None, PACKAGE):
            yield from ((alias.name, relative) for alias in node.names)
        else:
            yield str(node.module).partition(".")[0], relative


def _is_installed(module: str) -> bool:
    if module in sys.modules or module in sys.stdlib_module_names:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


# -- how


class _Relative(ast.NodeTransformer):
    """Makes absolute imports of some modules relative ones."""

    def __init__(self, modules: set[str]) -> None:
        self._modules = modules

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        made = [statement for alias in node.names for statement in self._import(alias)]
        return [ast.copy_location(statement, node) for statement in made]

    def _import(self, alias: ast.alias) -> list[ast.stmt]:
        package, _, rest = alias.name.partition(".")
        if package not in self._modules:
            return [ast.Import([alias])]
        if not rest:
            return [ast.ImportFrom(None, [alias], 1)]
        within, _, module = alias.name.rpartition(".")
        if alias.asname is not None:
            return [ast.ImportFrom(within, [ast.alias(module, alias.asname)], 1)]
        inner = ast.ImportFrom(within, [ast.alias(module, f"_{module}")], 1)  # `import a.b` loads b and binds a
        return [inner, ast.ImportFrom(None, [ast.alias(package)], 1)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if node.level == 0 and str(node.module).partition(".")[0] in self._modules:
            node.level = 1
        return node


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs what it is given; neither reads nor writes compiled files. `more` are modules that count as beside it."""

    def __init__(self, name: str, path: Path, content: bytes, more: set[str]) -> None:
        super().__init__(name, str(path))
        self._content = content
        self._more = more

    def get_code(self, fullname: str) -> CodeType:
        """See SourceFileLoader."""
        source: Any = self._content
        if modules := absolute(source, Path(self.path).parent) | self._more:
            source = ast.fix_missing_locations(_Relative(modules).visit(ast.parse(source, self.path)))
        code: CodeType = self.source_to_code(source, self.path)
        return code


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the plugin of a source, and the modules beside it."""

    def __init__(self) -> None:
        self.sources: dict[str, tuple[Path, Read, Mapping[str, Path]]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """See MetaPathFinder."""
        package, _, name = fullname.rpartition(".")
        if package not in self.sources:
            return None
        folder, read, more = self.sources[package]
        if name in more:
            return importlib.util.spec_from_file_location(fullname, more[name])
        file = folder / f"{name}.py"
        if not file.exists():
            return None
        loader = _Loader(fullname, file, read(file), set(more))
        return importlib.util.spec_from_file_location(fullname, file, loader=loader)


_finder = _Finder()


def import_from(source: Any, folder: Path, read: Read, more: Mapping[str, Path] | None = None) -> None:
    """Let a pluginbase source without a search path import the files of `folder`, as `read` gives them; and `more`,
    modules of ours by name, as if they stood there too."""
    name = source.mod.__name__
    _finder.sources[name] = (folder, read, more or {})
    weakref.finalize(source, _finder.sources.pop, name, None).atexit = False
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)
