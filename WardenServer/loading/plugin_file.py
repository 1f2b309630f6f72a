"""One plugin file: what its text says before it is run, and its import in a namespace of its own.

The hub's loader calls it, and the process of an isolated agent, which therefore imports little besides.
"""

import ast
import difflib
import itertools
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from pluginbase import PluginBase, PluginSource

from WardenServer.errors import PluginError, SettingError, WardenError
from WardenServer.loading.beside import PACKAGE, import_from
from WardenServer.loading.contract import CONSTANTS, FUNCTIONS
from WardenServer.loading.legacy import old_file
from WardenServer.settings import users_file

if TYPE_CHECKING:
    from WardenServer.loading.trust import Trust

BASE = PluginBase(package=PACKAGE)


class Source(PluginSource):  # type: ignore[misc]
    """A namespace of plugin files that is taken down whole, also while other threads import, or take down theirs.

    pluginbase 1.0.1 walks over all modules for that, and leaves its own behind when those change meanwhile.
    """

    def __init__(self, folder: Path | None, identifier: str | None = None) -> None:
        super().__init__(BASE, identifier, [str(folder)] if folder is not None else [])

    def cleanup(self) -> None:
        """See PluginSource."""
        prefix = f"{self.mod.__name__}." if self.mod is not None else None
        try:
            super().cleanup()
        except RuntimeError:
            for name in sys.modules.copy():
                if prefix is not None and name.startswith(prefix):
                    sys.modules.pop(name, None)


_numbers = itertools.count()  # an agent may be loaded any number of times


def asks_isolation(content: bytes, path: Path, name: str, configured: Mapping[str, Any]) -> bool:
    """Whether the agent `name` wants a process of its own; the file at `path` is not run to find out.

    Raises:
        SettingError: `isolate` in the agent's table is neither true nor false.
        PluginError: the file sets ISOLATE to anything but a plain True or False.
    """
    if "isolate" in configured:
        if not isinstance(configured["isolate"], bool):
            raise SettingError(f"[agents.{name}]: isolate is {configured['isolate']!r:.40}; write true or false")
        return configured["isolate"]
    return b"ISOLATE" in content and _isolate_in(_parse(content), path)


def _parse(content: bytes) -> ast.Module:
    """The syntax tree of a file; an empty one where it is not valid Python: its import will say why."""
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _isolate_in(tree: ast.Module, path: Path) -> bool:
    """The value of ISOLATE in a file."""
    plain = {target: value for node in tree.body for target, value in assigned(node)}
    asked = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "ISOLATE" and isinstance(node.ctx, ast.Store):
            value = plain.get(node)
            if not isinstance(value, ast.Constant) or not isinstance(value.value, bool):
                said = "not set at the top level" if value is None else ast.unparse(value)[:40]
                raise PluginError(
                    f"{path}:{node.lineno}: ISOLATE is {said}; write True or False, on a line of its own: it is"
                    " looked up without running the file"
                )
            asked = value.value
    return asked


def assigned(node: ast.stmt) -> list[tuple[ast.expr, ast.expr]]:
    """What one line assigns: (name, value)."""
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    return [(node.target, node.value)] if isinstance(node, ast.AnnAssign) and node.value is not None else []


#: What stands at the beginning of a line, as a function or as a name in capitals that gets a value.
_TOP_LEVEL = re.compile(rb"^(?:def[ \t]+(\w+)|([A-Z][A-Z_0-9]*)[ \t]*[:=])", re.MULTILINE)


def defines_work(content: bytes) -> bool:
    """Whether a file has a function work of its own, or what may be one, at its top level."""
    return _WORK.search(content) is not None


def refuse_misspellings(content: bytes, path: Path) -> None:
    """Refuse a file whose top level has what looks like a name of the contract but is not; it is not run to find out.

    Raises:
        PluginError: it has one; the text has the line and the right name.
    """
    found = {function or constant for function, constant in _TOP_LEVEL.findall(content)}
    if found <= _CONTRACT:
        return  # nothing to be parsed for
    for node in _parse(content).body:
        if isinstance(node, ast.FunctionDef):
            _refuse_misspelling(node.name, FUNCTIONS[:1], path, node.lineno, 0.75)
        for target, _ in assigned(node):
            if isinstance(target, ast.Name) and target.id.isupper():
                _refuse_misspelling(target.id, CONSTANTS, path, node.lineno, 0.8)


def refuse_other_text(content: bytes, path: Path) -> None:
    """Refuse a file that is no text as Python reads it, in UTF-8 where its first lines name nothing else.

    Raises:
        PluginError: it is in another encoding, or damaged.
    """
    if content.startswith(users_file.UTF16) or b"\0" in content:
        raise PluginError(f"{path}: is saved as UTF-16, or is no text (it has NUL bytes); save it as UTF-8")
    if _CODING.match(content) is None:
        try:
            users_file.decode(content)
        except users_file.Unusable as error:
            raise PluginError(f"{path}: {error}") from None


#: A line that names the encoding, one of the first two (PEP 263).
_CODING = re.compile(rb"(?:[^\n]*\n)?[ \t\f]*#.*?coding[:=]")
_WORK = re.compile(rb"^(?:async[ \t]+)?(?:def[ \t]+work\b|work[ \t]*=|.*import\b.*\bwork\b)", re.MULTILINE)
_CONTRACT = frozenset(name.encode() for name in (*CONSTANTS, *FUNCTIONS))


def _refuse_misspelling(name: str, known: tuple[str, ...], path: Path, line: int, cutoff: float) -> None:
    close = name not in known and difflib.get_close_matches(name, known, 1, cutoff)
    if close:
        raise PluginError(f'{path}:{line}: "{name}" looks like a misspelling of {close[0]}; write {close[0]}')


def import_plugin(
    path: Path,
    name: str,
    trust: "Trust | None" = None,
    beside: bool = False,
    old: bool = False,
    original: bool = False,
) -> tuple[ModuleType, object]:
    """Import a file for the agent `name`: its module, and what keeps the module's namespace alive.

    Where `trust` knows the content of files, no other content is run. `beside`: it imports modules that stand beside it
    as if they were installed. `old`: it is a file of P02.2, and with `original` its first run is at its offset.

    Raises:
        PluginError: the import raised anything at all, which is its cause.
    """
    exactly = beside or old or (trust is not None and trust.pinned)
    source = Source(None if exactly else path.parent, f"{name}-{next(_numbers)}")
    if exactly:
        read = trust.read if trust is not None else Path.read_bytes
        import_from(source, path.parent, read, old_file.BESIDE if old else None)
    try:
        module = source.load_plugin(path.stem)
        return (old_file.adapt(module, path, original) if old else module), source
    except WardenError:  # a module beside it is refused
        raise
    except (MemoryError, RecursionError) as error:
        if error.__traceback__ is not None and _went_through(path, error.__traceback__):
            raise PluginError(_why(path, error)) from error
        raise PluginError(f"{path}: is nested too deeply for Python to read; write it in smaller parts") from None
    except BaseException as error:  # a file may raise anything at import, SystemExit too
        python2 = old and isinstance(error, SyntaxError | TabError)
        cure = f"; if it is Python 2, convert it: warden port {path}" if python2 else ""
        raise PluginError(_why(path, error) + cure) from error


def _went_through(path: Path, trace: TracebackType) -> bool:
    """Whether code of the file ran."""
    return any(frame.f_code.co_filename == str(path) for frame, _ in traceback.walk_tb(trace))


def _why(path: Path, error: BaseException) -> str:
    """The sentence about a failed import: file, line, reason, cure."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename or path}:{error.lineno or 1}"
        return f"{where}: not valid Python: {error.msg}; correct the line"
    line = _line(path, error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if any(path.parent.glob(f"{package}.*")) or (path.parent / package).is_dir():
            return f"{path}:{line}: needs {error.name}, which is beside it; write: from . import {package}"
        return f"{path}:{line}: needs the module {error.name}; install it for the hub's Python: pip install {package}"
    if isinstance(error, SystemExit):
        return f"{path}:{line}: calls sys.exit() when it is imported; take that out"
    said = str(error)[:300]
    return f"{path}:{line}: {type(error).__name__} at import{': ' if said else ''}{said}; correct the file"


def _line(path: Path, error: BaseException) -> int:
    """The last line of `path` that the error went through."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
