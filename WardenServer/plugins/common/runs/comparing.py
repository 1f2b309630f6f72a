"""Two runs of a source compared: what `warden diff`, the page and the agent all ask."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence

from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common.differ import compare as differ
from WardenServer.plugins.common.differ.change import MISSING, Comparison, Pair
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Side, Source

#: Most partitions that a sentence names.
_NAMED = 20
_SIDE = re.compile(r"([0-9]{1,19})(:end)?")


class NotComparable(WardenError):
    """A run is not there, or has no values."""


class UnknownPartition(WardenError):
    """Neither run has this partition."""


def side(text: str) -> Side:
    """What people write for one side of a comparison: the number of a run, such as "1001", or "1001:end" for what was
    set at its end. Raises SettingError."""
    found = _SIDE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= LARGEST:
        cure = f"write a number from 1 to {LARGEST}, with :end behind it for what was set at the end of the run"
        raise SettingError(f"{text[:40]!r} is no run; {cure}")
    return Side(int(found[1]), Phase.END if found[2] else Phase.START)


def compare(source: Source, rules: Rules, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Comparison:
    """What changed from one run to another, in these partitions; in all where none are given.

    Raises:
        NotComparable: a run is not there or has no values; the text names the nearest that are.
        UnknownPartition: the text names those that there are.
        Unreachable: the database cannot be used.
    """
    known = sorted({partition for each in (old, new) for partition in _partitions(source, each)})
    for partition in partitions or ():
        if partition not in known:
            raise UnknownPartition(_unknown(partition, old, new, known))
    if old == new:
        return Comparison()
    seen: set[Side] = set()
    found = differ.compare(_watched(source.pairs(old, new, partitions or None), old, new, seen), rules)
    for each in (old, new):
        if each not in seen and _is_empty(source, each, bool(seen)):
            raise NotComparable(f"run {each} has no values{_nearest(source, each.run)}")
    return found


def _partitions(source: Source, side: Side) -> list[str]:
    """Of a run, which has to be there and to have values."""
    if source.run(side.run) is None:
        raise NotComparable(f"run {side.run} is not there{_nearest(source, side.run)}")
    if not (found := source.partitions([side.run])):
        raise NotComparable(f"run {side.run} has no values{_nearest(source, side.run)}")
    return found


def _watched(pairs: Iterable[Pair], old: Side, new: Side, seen: set[Side]) -> Iterator[Pair]:
    """The pairs; `seen` gets the sides that had a value in any of them."""
    for pair in pairs:
        if pair.old is not MISSING:
            seen.add(old)
        if pair.new is not MISSING:
            seen.add(new)
        yield pair


def _is_empty(source: Source, side: Side, is_other_seen: bool) -> bool:
    """Whether a side that had no value in any pair has none at all, such as the end of a run that goes on. To look
    costs as much as to compare: of two starts where no pair came, it is known that they have values."""
    return (is_other_seen or side.phase is Phase.END) and not source.values(side)


def _unknown(partition: str, old: Side, new: Side, known: Sequence[str]) -> str:
    """The sentence about it, which names the most similar ones."""
    near = difflib.get_close_matches(partition[:100], known, _NAMED, 0.0)
    more = f" and {len(known) - len(near)} more" if len(known) > len(near) else ""
    where = f"run {old} has no" if old == new else f"neither run {old} nor run {new} has a"
    return f"{where} partition {partition[:60]!r}; there are: {', '.join(near)}{more}"


def _nearest(source: Source, number: int) -> str:
    """The nearest runs, to be put behind a sentence."""
    near = [str(run.number) for run in (*source.newest(1, before=number), *source.after(number, 1))]
    return f"; the nearest: {' and '.join(near)}" if near else "; there are no others"
