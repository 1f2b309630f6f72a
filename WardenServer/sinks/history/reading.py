"""The values of a series, or of a source, out of a part: blocks first, then what came since, in order of time."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, and_, select

from WardenServer.sinks.history import form, fresh, tables
from WardenServer.sinks.history.form import Numbers
from WardenServer.sinks.history.parts import DAY
from WardenServer.sinks.history.samples import MICRO

_NUMERIC = {form.FLOAT, form.INT}


class Segment(NamedTuple):
    """Values of one kind, with their times in microseconds."""

    time: Numbers
    kind: str
    values: Any


class Values(NamedTuple):
    """Values in order of time, each time once: of those with the same time the one that came last. `values` is a numpy
    array of float64, int64 or bool, or a list, where there are texts, arrays, or a mixture."""

    time: Numbers
    values: Any


NOTHING = Values(np.empty(0, np.int64), np.empty(0))


def of_series(connection: Connection, series: int, first: int, last: int) -> list[Segment]:
    """The segments of a series that have values from `first` to `last`, in microseconds; they may have others too."""
    new = list(_fresh(connection, series, first, last))  # first: they are packed before they are deleted
    return [*_blocks(connection, series, first, last), *new]


def of_all(connection: Connection, first: int, last: int) -> dict[int, list[Segment]]:
    """As of_series, of all series that have any, by number."""
    found: dict[int, list[Segment]] = {}
    new = list(_fresh_of_all(connection, first, last))
    for series, segment in [*_blocks_of(connection, None, first, last), *new]:
        found.setdefault(series, []).append(segment)
    return found


def _blocks(connection: Connection, series: int, first: int, last: int) -> Iterable[Segment]:
    return (segment for _, segment in _blocks_of(connection, series, first, last))


def _blocks_of(
    connection: Connection, series: int | None, first: int, last: int
) -> Iterable[tuple[int, Segment]]:
    """The blocks of a series, or of all."""
    block, times = tables.blocks.c, tables.times.c
    days = range(first // (DAY * MICRO), last // (DAY * MICRO) + 1)
    chosen = (
        select(times.id, times.data, block.series, block.begin, block.kind, block.data)
        .join(tables.times, and_(times.day == block.day, times.id == block.times))
        .where(block.day >= days.start, block.day < days.stop)
        .where(times.last >= first, times.first <= last)
        .order_by(times.day, times.id, block.series, block.begin)
    )
    before, time = None, NOTHING.time
    for number, packed, each, begin, kind, data in connection.execute(
        chosen if series is None else chosen.where(block.series == series)
    ):
        if number != before:
            before, time = number, form.unpack_numbers(packed)
        values = form.unpack(kind, data)
        yield each, Segment(time[begin : begin + len(values)], kind, values)


def _fresh(connection: Connection, series: int, first: int, last: int) -> Iterable[Segment]:
    column, row = tables.columns.c, tables.fresh.c
    rows = connection.execute(
        select(row.data, column.place)
        .join(tables.columns, column.source == row.source)
        .where(column.series == series, row.last >= first, row.first <= last)
        .order_by(row.id)
    )
    for data, place in rows:
        times, columns = fresh.read(data)
        yield from segments(np.array(times, np.int64), columns[place])


def _fresh_of_all(connection: Connection, first: int, last: int) -> Iterable[tuple[int, Segment]]:
    column, row = tables.columns.c, tables.fresh.c
    series: dict[int, list[int]] = {}
    for source, number in connection.execute(
        select(column.source, column.series).order_by(column.source, column.place)
    ):
        series.setdefault(source, []).append(number)
    chosen = select(row.source, row.data).where(row.last >= first, row.first <= last).order_by(row.id)
    for source, data in connection.execute(chosen):
        times, columns = fresh.read(data)
        for number, values in zip(series[source], columns, strict=True):
            for segment in segments(np.array(times, np.int64), values):
                yield number, segment


def segments(time: Numbers, values: Sequence[Any]) -> Iterable[Segment]:
    """A column of plain values as segments of one kind each."""
    for kind, begin, end in form.runs(values):
        yield Segment(time[begin:end], kind, _column(kind, values[begin:end]))


def _column(kind: str, values: Sequence[Any]) -> Any:
    if kind not in form.TYPES:
        return list(values)
    return np.array(values, bool if kind == form.BOOL else form.TYPES[kind])


def join(found: Sequence[Segment]) -> Values:
    """All segments in one, in order."""
    if not found:
        return NOTHING
    time = np.concatenate([each.time for each in found])
    values = together(found)
    order = in_order(time)
    return Values(time, values) if order is None else Values(time[order], take(values, order))


def together(found: Sequence[Segment]) -> Any:
    """The values of segments one after the other: an array where all are of one kind, or all are numbers."""
    kinds = {each.kind for each in found}
    if kinds <= _NUMERIC or kinds == {form.BOOL}:
        return np.concatenate([each.values for each in found])
    return [value for each in found for value in (each.values.tolist() if each.kind in form.TYPES else each.values)]


def in_order(time: Numbers) -> Numbers | None:
    """The places of the times in order, of equal ones only the last; None where all are in order already."""
    if len(time) < 2 or (np.diff(time) > 0).all():
        return None
    order = np.argsort(time, kind="stable")
    return order[np.append(np.diff(time[order]) > 0, True)]


def take(values: Any, places: Numbers) -> Any:
    """The values at these places."""
    return values[places] if isinstance(values, np.ndarray) else [values[place] for place in places]


def bare(value: Any) -> Any:
    """A value of Values without numpy's type."""
    return value.item() if isinstance(value, np.generic) else value


def within(found: Values, first: int, last: int) -> Values:
    """Those from `first` up to and including `last`, in microseconds."""
    begin, end = np.searchsorted(found.time, first, "left"), np.searchsorted(found.time, last, "right")
    return Values(found.time[begin:end], found.values[begin:end])
