"""Which fields changed most across a time, such as that of an alarm."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select

from WardenServer.sinks.history import reading, tables
from WardenServer.sinks.history.parts import RAW, Part, day_of
from WardenServer.sinks.history.reading import Values
from WardenServer.sinks.history.samples import MICRO
from WardenServer.sinks.history.store import Store

#: Share of a value below which a change of it does not count, though it did not scatter before.
SMALL = 0.001
#: How large a change is counted from one text or flag to another.
OTHER = 1000.0


class Change(NamedTuple):
    """A field before and after: means of numbers, the last and the next value of all else. `size` is the change, in
    standard deviations of the values before."""

    key: str
    field: str
    before: Any
    after: Any
    size: float


def across(store: Store, time: float, seconds: float, most: int) -> list[Change]:
    """The fields that changed most from so many seconds before a time, in Unix seconds, to so many after it.

    Raises:
        Unreachable: the store does not answer.
    """
    days = range(day_of(time - seconds), day_of(time + seconds) + 1)
    found: dict[tuple[str, str], list[reading.Segment]] = {}
    for part in store.parts():
        if part.level is RAW and part.begin in days:
            for name, segments in _segments(store, part, time - seconds, time + seconds):
                found.setdefault(name, []).extend(segments)
    changes = [_change(name, reading.join(segments), time, seconds) for name, segments in found.items()]
    good = [change for change in changes if change is not None and change.size > 0]
    return sorted(good, key=lambda change: (-change.size, change.key, change.field))[:most]


def _segments(
    store: Store, part: Part, begin: float, end: float
) -> Iterator[tuple[tuple[str, str], list[reading.Segment]]]:
    column = tables.series.c
    with store.read(part) as connection:
        names = {number: (key, field) for number, key, field in
                 connection.execute(select(column.id, column.key, column.field))}  # fmt: skip
        found = reading.of_all(connection, round(begin * MICRO), round(end * MICRO))
    for number, segments in found.items():
        yield names[number], segments


def _change(name: tuple[str, str], found: Values, time: float, seconds: float) -> Change | None:
    first, here, last = (round(each * MICRO) for each in (time - seconds, time, time + seconds))
    before, after = reading.within(found, first, here - 1).values, reading.within(found, here, last).values
    if not len(before) or not len(after):
        return None
    if isinstance(found.values, np.ndarray) and found.values.dtype.kind in "fi":
        return _of_numbers(name, before.astype(float), after.astype(float))
    one, other = reading.bare(before[-1]), reading.bare(after[0])
    return Change(*name, one, other, 0.0 if one == other else OTHER)


def _of_numbers(name: tuple[str, str], before: Any, after: Any) -> Change | None:
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if not len(before) or not len(after):
        return None
    one, other = float(before.mean()), float(after.mean())
    scatter = float(before.std()) + SMALL * max(abs(one), abs(other))
    return Change(*name, one, other, abs(other - one) / scatter if scatter else 0.0)
