"""Values as people read them: as JSON, in one line, of bounded length."""

import json
from typing import Any

from WardenServer.plugins.common.differ import numeric

#: Most characters of a value.
LONGEST = 200
#: Of long texts that begin with the same: so many of these characters are shown.
_BEFORE = 20

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def value(said: Any) -> str:
    """A value as JSON has it, cut where it is long."""
    try:
        if isinstance(said, dict | list | tuple):
            return _some(said)
        if isinstance(said, str) and len(said) > LONGEST:
            return f"{_ENCODER.encode(said[:LONGEST])}… ({len(said)} characters)"
        text = _ENCODER.encode(said)
    except ValueError:  # a whole number of thousands of digits
        text = f"{said:#x}" if isinstance(said, int) else "…"
    return text if isinstance(said, str) else cut(text)


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of at most so many characters, and a sign where it was longer."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def _some(said: Any) -> str:
    """The beginning of a value: never all of a large or deep one."""
    text = ""
    for piece in _ENCODER.iterencode(said):
        text += piece
        if len(text) > LONGEST:
            break
    return cut(text)


def between(old: Any, new: Any) -> str:
    """`old → new`; of numbers also how far it went."""
    if isinstance(old, str) and isinstance(new, str):
        return _texts(old, new)
    arrow = f"{value(old)} → {value(new)}"
    part = numeric.relative(old, new) if numeric.is_number(old) and numeric.is_number(new) else ""
    return f"{arrow} ({part})" if part else arrow


def printable(text: str) -> str:
    """A line in which what acts on a terminal, or what nobody would see, stands as Python writes it, such as \\x1b."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\t" else _escaped(each) for each in text)


def _texts(old: str, new: str) -> str:
    """Long ones from shortly before where they differ."""
    shorter = min(len(old), len(new))
    same = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    if same <= _BEFORE or max(len(old), len(new)) <= LONGEST:
        return f"{value(old)} → {value(new)}"
    return f"…{value(old[same - _BEFORE :])} → …{value(new[same - _BEFORE :])}"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
