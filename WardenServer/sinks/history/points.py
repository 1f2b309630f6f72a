"""Points: how many values there were in a span of time, their sum, the smallest and the largest. Of numbers and flags.

The points of a level are those of a finer one put together, by sum and count. All spans begin at midnight UTC.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from WardenServer.sinks.history import form
from WardenServer.sinks.history.form import Numbers
from WardenServer.sinks.history.parts import DAY
from WardenServer.sinks.history.reading import Values
from WardenServer.sinks.history.samples import MICRO


class Points(NamedTuple):
    """Points in order of time. `begin` is where the span of each begins, in Unix seconds."""

    begin: Numbers
    n: Numbers
    sum: Numbers
    min: Numbers
    max: Numbers


EMPTY = Points(*(np.empty(0, kind) for kind in (np.int64, np.int64, float, float, float)))


def of_values(found: Values, seconds: int) -> Points:
    """Points of so many seconds. NaN and infinities do not count, nor does what is no number."""
    if not isinstance(found.values, np.ndarray):
        found = _numbers_of(found)
    values = found.values.astype(float)
    good = np.isfinite(values)
    time, values = found.time[good] // MICRO, values[good]
    return _gather(time, np.ones(len(time), np.int64), values, values, values, seconds)


def coarser(found: Points, seconds: int) -> Points:
    """Points of so many seconds, of finer ones."""
    return _gather(found.begin, found.n, found.sum, found.min, found.max, seconds)


def _numbers_of(found: Values) -> Values:
    """Of a mixture, the numbers and flags."""
    places = [place for place, value in enumerate(found.values) if isinstance(value, bool | int | float)]
    return Values(found.time[places], np.array([float(found.values[place]) for place in places]))


def _gather(time: Numbers, n: Numbers, total: Numbers, low: Numbers, high: Numbers, seconds: int) -> Points:
    if not len(time):
        return EMPTY
    begin = time // seconds * seconds
    first = np.flatnonzero(np.diff(begin, prepend=begin[0] - 1))
    return Points(
        begin[first], np.add.reduceat(n, first), np.add.reduceat(total, first),
        np.minimum.reduceat(low, first), np.maximum.reduceat(high, first),
    )  # fmt: skip


def join(found: Sequence[Points]) -> Points:
    """Points of several times, one after the other."""
    return Points(*map(np.concatenate, zip(*found, strict=True))) if found else EMPTY


def merge(one: Points, other: Points, seconds: int) -> Points:
    """Points of two series of the same time in one."""
    both = join([one, other])
    order = np.argsort(both.begin, kind="stable")
    return coarser(Points(*(column[order] for column in both)), seconds)


def within(found: Points, begin: float, end: float) -> Points:
    """Those whose span begins in this range, in Unix seconds."""
    first, last = np.searchsorted(found.begin, begin, "left"), np.searchsorted(found.begin, end, "right")
    return Points(*(column[first:last] for column in found))


def pack(found: Points, seconds: int) -> bytes:
    """The points of one day as bytes: the number of each in the day, and what it has."""
    number = (found.begin % DAY // seconds).astype(np.uint16)
    return form.table([number, found.n.astype(np.uint32), found.sum, found.min, found.max])


def unpack(data: bytes, day: int, seconds: int) -> Points:
    """They again; raises form.Damaged."""
    columns: list[Any] = form.unpack_table(data, len(Points._fields))
    begin = day * DAY + columns[0].astype(np.int64) * seconds
    return Points(begin, columns[1].astype(np.int64), *columns[2:])
