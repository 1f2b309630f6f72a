"""Plugin files in Python 2 as Python 3, for `warden port`: what a machine can change is changed, the rest is listed.

fissix, the kept-up 2to3, rewrites the syntax. What only means something else in Python 3 it leaves alone; those lines
are found here, so that a person can look at each.
"""

import ast
import difflib
import io
import pkgutil
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path

from WardenServer.authoring import to_look_at
from WardenServer.errors import WardenError

_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")


@dataclass(frozen=True)
class Ported:
    """A converted file. `changes` are lines of a difference, `look` are (line in the new text, what to look at)."""

    text: str
    changes: list[str]
    look: list[tuple[int, str]]


def port(path: Path) -> Ported:
    """Convert a file.

    Raises:
        WardenError: it cannot be read or converted; the text has the line.
    """
    old, notes = _read(path)
    text = _refactor(old, path)
    text, spaced = _compiled(text, path)
    changes = [line.rstrip() for line in difflib.unified_diff(old.splitlines(), text.splitlines(), n=0, lineterm="")]
    look = sorted({*notes, *spaced, *to_look_at.find(old, text)})
    return Ported(text, changes[2:], look)


def _read(path: Path) -> tuple[str, list[tuple[int, str]]]:
    """The text of a file, in whatever encoding it says, with UTF-8 as the one that it says from now on."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WardenError(f"{path} cannot be read ({error.strerror}); name a Python file") from None
    if b"\0" in content:
        raise WardenError(f"{path} is no text (it has NUL bytes); name a Python file")
    notes = []
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        encoding = "latin-1"
        text = content.decode(encoding)
        notes.append((1, "the file is not in the encoding that it names, and was read as Latin-1: look at its umlauts"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines[:2] = [_CODING.sub("# -*- coding: utf-8", line) for line in lines[:2]]
    return "\n".join(lines).rstrip("\n") + "\n", notes


def _refactor(text: str, path: Path) -> str:
    try:
        from fissix import fixes
        from fissix.pgen2.parse import ParseError
        from fissix.pgen2.tokenize import TokenError
        from fissix.refactor import RefactoringTool
    except ImportError:
        raise WardenError("`warden port` needs fissix; install it: pip install wardenserver[port]") from None
    # fissix finds its fixers by a call of __import__ that pluginbase, where it is in use, does not take.
    fixers = [f"fissix.fixes.{each.name}" for each in pkgutil.iter_modules(fixes.__path__) if each.name[:4] == "fix_"]
    said = ""
    for options in ({}, {"print_function": True}):  # a file may use print as a function already
        try:
            return str(RefactoringTool(fixers, options).refactor_string(text, str(path)))
        except ParseError as error:
            line = error.context[1][0] if len(error.context) > 1 else 1
            said = said or f"{path}:{line}: {_shown(text, line)} is neither Python 2 nor 3; correct the line"
        except (TokenError, IndentationError) as error:
            line = _line_of(error)
            said = said or f"{path}:{line}: {error.args[0]}; correct the line"
    raise WardenError(said)


def _line_of(error: Exception) -> int:
    where = error.args[1] if len(error.args) > 1 else (1,)
    return next((item for item in where if isinstance(item, int)), 1)


def _shown(text: str, line: int) -> str:
    lines = text.splitlines()
    return repr(lines[line - 1].strip()[:60]) if 0 < line <= len(lines) else "the end"


def _compiled(text: str, path: Path) -> tuple[str, list[tuple[int, str]]]:
    """The text once Python 3 takes it; tabs that it does not take become the 8 blanks that Python 2 took them for."""
    try:
        ast.parse(text)
        return text, []
    except TabError as error:
        spaced = "\n".join(_expanded(line) for line in text.split("\n"))
        note = (error.lineno or 1, "tabs and blanks were mixed here; tabs became 8 blanks as Python 2 read them")
        return _compiled(spaced, path)[0], [note]
    except SyntaxError as error:
        line = error.lineno or 1
        said = f"{_shown(text, line)} cannot be converted ({error.msg}); correct the line"
        raise WardenError(f"{path}:{line}: {said}") from None


def _expanded(line: str) -> str:
    rest = line.lstrip(" \t")
    return line[: len(line) - len(rest)].expandtabs(8) + rest
