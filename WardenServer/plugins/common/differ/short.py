"""A comparison as text: the form of CMS HCAL's RunInfoDiffer, for terminals, messages and programs."""

import math
from collections.abc import Sequence
from typing import Any

from WardenServer.plugins.common.differ import shown
from WardenServer.plugins.common.differ.change import MISSING, Change, Comparison, Spared

EMPTY = "Diff was empty, all queried parameters are unchanged"
TRUNCATED = "diff truncated for clarity"
COARSE = "(large blocks of lines were not compared with each other)"
#: Most characters of a line, where only so many lines of a parameter are wanted.
WIDEST = 500
#: Most levels of a value for programs; what is deeper stands as text.
_DEEPEST = 50
#: The largest whole number for programs: Python writes none with more than 4300 digits.
_LARGEST = 10**4000


def text(comparison: Comparison, most: int | None = None) -> str:
    """All changes, of each parameter at most so many lines. What was not compared, and what masks hide, follows.

    Characters that act on a terminal are escaped.
    """
    blocks = [_block(change, most) for change in comparison.changes] or [EMPTY]
    blocks += _spared(comparison.unavailable, "could not be read", most)
    blocks += _spared(comparison.masked, "is masked", most)
    return "\n\n".join(blocks)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """For programs. NaN and infinite numbers are text; a value that is missing is left out."""
    return {
        "changes": [_change(change) for change in comparison.changes],
        "unavailable": [_of_spared(each) for each in comparison.unavailable],
        "masked": [_of_spared(each) for each in comparison.masked],
    }


# -- as text


def _block(change: Change, most: int | None) -> str:
    since = "" if change.since is None else f" since run {change.since}"
    head = shown.printable(f"{change.parameter} in {', '.join(change.partitions)} has changed{since}:")
    return "\n".join([head, *_cut(change.lines, most, TRUNCATED), *([COARSE] if change.coarse else [])])


def _spared(spared: Sequence[Spared], what: str, most: int | None) -> list[str]:
    """A block, where there are any."""
    lines = [f"{each.parameter} in {each.partition} {what}: {each.reason}" for each in spared]
    more = f"and {len(lines) - (most or 0)} more"
    return ["\n".join(_cut(lines, most, more))] if lines else []


def _cut(lines: Sequence[str], most: int | None, otherwise: str) -> list[str]:
    """At most so many lines, of bounded width; then what is said of the others."""
    if most is None:
        return [shown.printable(line) for line in lines]
    found = [shown.printable(shown.cut(line, WIDEST)) for line in lines[:most]]
    return [*found, otherwise] if len(lines) > most else found


# -- for programs


def _change(change: Change) -> dict[str, Any]:
    values = {"old": change.old, "new": change.new}
    return {
        "parameter": _text(change.parameter),
        "partitions": [_text(partition) for partition in change.partitions],
        "kind": str(change.kind),
        **{side: _plain(value) for side, value in values.items() if value is not MISSING},
        "lines": [_text(line) for line in change.lines],
        "coarse": change.coarse,
        **({} if change.since is None else {"since": change.since}),
    }


def _of_spared(spared: Spared) -> dict[str, str]:
    return {
        "partition": _text(spared.partition),
        "parameter": _text(spared.parameter),
        "reason": _text(spared.reason),
    }


def _text(said: str) -> str:
    """What UTF-8 can hold: half of a surrogate pair stands escaped."""
    return said.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as strict JSON has it."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else shown.value(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else shown.value(value)
    if depth < _DEEPEST and isinstance(value, dict):
        return {_text(str(key)): _plain(each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    return _text(shown.value(value))
