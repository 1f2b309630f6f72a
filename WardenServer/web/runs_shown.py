"""Runs and what is known of them, as JSON of the web has them."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from WardenServer.plugins.common.differ import short, shown
from WardenServer.plugins.common.differ.change import Comparison
from WardenServer.plugins.common.differ.page import SHORT
from WardenServer.plugins.common.runs.source import Run

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
    from WardenServer.plugins.common.runs.differences import Difference

#: Most characters of the text of a difference in a list.
_TEXT = 4000
#: JavaScript has all whole numbers up to this one.
_EXACT = 2**53 - 1


def exact(number: int | None) -> int | str | None:
    """The number of a run; as text where JavaScript would round it."""
    return number if number is None or number <= _EXACT else str(number)


def run(said: Run, golden: int | None) -> dict[str, Any]:
    """One run; of its partitions there is a path of its own."""
    is_golden = said.number == golden
    found = {**asdict(said), "number": exact(said.number), "golden": is_golden}
    del found["partitions"]
    return found


def difference(said: "Difference") -> dict[str, Any]:
    """One difference with the beginning of its text."""
    text = shown.cut(said.text, _TEXT)
    return {**asdict(said), "old": exact(said.old), "new": exact(said.new), "text": text}


def acknowledgement(said: "Acknowledgement") -> dict[str, Any]:
    """One acknowledgement."""
    return {**asdict(said), "run": exact(said.run)}


def comparison(found: Comparison, most: int) -> dict[str, Any]:
    """At most so many of each kind, how many are left out, and the short form of them as `text`."""
    parts = {name: getattr(found, name) for name in ("changes", "unavailable", "masked")}
    some = replace(found, **{name: part[:most] for name, part in parts.items()})
    left_out = {name: max(0, len(part) - most) for name, part in parts.items()}
    return {"text": short.text(some, SHORT), **short.as_json(some), "left_out": left_out}
