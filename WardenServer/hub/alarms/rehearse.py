"""How often a rule would have raised an alarm on the history. Nobody is told of anything."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from WardenServer.errors import WardenError
from WardenServer.hub.alarms.fault import Fault
from WardenServer.hub.alarms.watch import FieldWatch
from WardenServer.results.event import Event
from WardenServer.results.result import Result
from WardenServer.settings.notify import Rule
from WardenServer.sinks.history.ask import History
from WardenServer.sinks.history.breaks import Gap
from WardenServer.sinks.history.parts import DAY, day_of
from WardenServer.sinks.history.question import Range


class Rehearsal(NamedTuple):
    """What came of it: the events that would have been, how many values were looked at, from when on, and a note where
    these were points of the history, in place of single values."""

    events: list[Event]
    values: int
    begin: float
    note: str


def rehearse(rule: Rule, history: History, begin: float, end: float) -> Rehearsal:
    """Hold all values from `begin` to `end`, in Unix seconds, against a rule for a field.

    Raises:
        WardenError: the rule is not about a field, or there is no history of it.
        Unreachable: the history cannot be read.
    """
    if not rule.field:
        raise WardenError(f"rule {rule.name} is not about a field; only those can be rehearsed")
    key, field = history.named(rule.field)
    watch, fault = FieldWatch(rule), Fault(rule)
    events: list[Event] = []
    values, first, note = 0, end, ""
    for found in _ranges(history, key, field, begin, end):
        values += len(found.time)
        first = min(first, found.begin)
        note = note or _note(rule, found)
        for result in _results(rule, found):
            for verdict in watch.of(result, result.timestamp):
                events += fault.see(verdict, result.timestamp, result.timestamp)
            events += fault.look(result.timestamp)
    return Rehearsal(events, values, first, note)


def _ranges(history: History, key: str, field: str, begin: float, end: float) -> Iterator[Range]:
    """The history day by day: a month of single values would be too much at once."""
    for day in range(day_of(begin), day_of(end) + 1):
        first, last = max(begin, day * DAY), min(end, (day + 1) * DAY - 1e-6)
        found = history.range(key, field, first, last)
        if found.begin < last:
            yield found


def _note(rule: Rule, found: Range) -> str:
    if not found.seconds:
        return ""
    which = "the lowest of each" if rule.below is not None else "the highest of each"
    if rule.above is None and rule.below is None:
        which = "the mean of each"
    return f"older values are thinned away: of these the rule saw {which} {found.seconds} s"


def _results(rule: Rule, found: Range) -> Iterator[Result]:
    """Values and gaps in order of time, as results."""
    column = "value"
    if found.seconds:
        column = "min" if rule.below is not None else "max" if rule.above is not None else "mean"
    values = found.columns[column]
    plain = values.tolist() if hasattr(values, "tolist") else values
    stream: list[tuple[float, Any]] = list(zip(found.time.tolist(), plain, strict=True))
    stream += [(gap.begin, gap) for gap in found.gaps if found.begin <= gap.begin]
    for stamp, value in sorted(stream, key=lambda entry: entry[0]):
        is_gap = isinstance(value, Gap)
        shown = None if is_gap else value
        yield Result("history", found.key, stamp, {found.field: shown}, value.reason if is_gap else None)
