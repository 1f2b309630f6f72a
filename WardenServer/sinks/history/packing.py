"""Packs what is fresh into blocks, and small blocks into large ones."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, delete, func, select

from WardenServer.sinks.history import form, fresh, reading, tables
from WardenServer.sinks.history.form import Numbers
from WardenServer.sinks.history.parts import RAW, Part, part_of
from WardenServer.sinks.history.reading import Segment
from WardenServer.sinks.history.store import Store

#: Values in a block that is not made larger.
FULL = 3600
#: Blocks that are not full which a source may have before they are made one.
SMALL = 8
#: Fresh rows that are packed in one go, and most that are deleted in one transaction.
MOST_ROWS, MOST_DELETED = 200_000, 20_000
#: Most numbers in one statement.
MOST_WORDS = 500
#: Sources that are written in one transaction: the hub, which writes meanwhile, waits for its end.
TOGETHER = 20


def pack(store: Store, part: Part, whole: bool = False) -> None:
    """Pack what is there of a part of the raw level; `whole`: also blocks that may still grow, since the day is over.

    What is packed is deleted as fresh only when all is packed: until then it is there twice, with the same times. What
    comes meanwhile is for the next time.

    Raises:
        Unreachable: the store does not answer, or is full.
    """
    for numbers in _waiting(store, part):
        with store.read(part) as connection:
            new = _read_fresh(connection, part.begin, numbers)
        _pack(store, part.begin, new, whole)
        _forget_fresh(store, part, numbers)
    with store.read(part) as connection:
        grown = _grown(connection, part.begin, whole)
    _pack(store, part.begin, dict.fromkeys(grown, ()), whole)


def _waiting(store: Store, part: Part) -> list[range]:
    """The numbers of all fresh rows, as many together as are packed in one go."""
    number, day = tables.fresh.c.id, tables.fresh.c.day
    with store.read(part) as connection:
        first, last = connection.execute(select(func.min(number), func.max(number)).where(day == part.begin)).one()
    return [] if last is None else _cut(range(first, last + 1), MOST_ROWS)


def _cut(numbers: range, most: int) -> list[range]:
    return [numbers[begin : begin + most] for begin in range(0, len(numbers), most)]


def _read_fresh(connection: Connection, day: int, numbers: range) -> dict[int, list[str]]:
    """The fresh rows of these numbers, in order, by source."""
    row = tables.fresh.c
    found: dict[int, list[str]] = {}
    chosen = select(row.source, row.data).where(row.day == day, row.id.between(numbers[0], numbers[-1]))
    for source, data in connection.execute(chosen.order_by(row.id)):
        found.setdefault(source, []).append(data)
    return found


def _grown(connection: Connection, day: int, whole: bool) -> list[int]:
    """The sources whose small blocks are to be made one."""
    block = tables.times.c
    many = 2 if whole else SMALL
    chosen = select(block.source).where(block.day == day, block.count < FULL).group_by(block.source)
    return list(connection.scalars(chosen.having(func.count() >= many)))


def _pack(store: Store, day: int, found: Mapping[int, Sequence[str]], whole: bool) -> None:
    """Read and compute first, then write: the hub waits for what is written only, not for the computing."""
    todo, part = iter(found.items()), part_of(RAW, day)
    while some := list(islice(todo, TOGETHER)):
        with store.read(part) as connection:
            packer = _Packer(connection, day, whole)
            for source, new in some:
                packer.pack(source, new)
        with store.write(part) as connection:
            packer.write(store, connection)


def _forget_fresh(store: Store, part: Part, numbers: range) -> None:
    """Delete the rows of these numbers, not too many at once: the hub waits meanwhile."""
    row = tables.fresh.c
    for some in _cut(numbers, MOST_DELETED):
        with store.write(part) as connection:
            connection.execute(delete(tables.fresh).where(row.day == part.begin, row.id.between(some[0], some[-1])))


class _Piece(NamedTuple):
    """Samples of a source as they are stored now: their times, and a column of segments for each series."""

    time: Numbers
    columns: list[list[Segment]]


class _Packer:
    """Packs what it reads by one connection, and writes it by another; nobody else packs meanwhile."""

    def __init__(self, connection: Connection, day: int, whole: bool) -> None:
        self._connection, self._day, self._whole = connection, day, whole
        self._last = connection.scalar(select(func.max(tables.times.c.id)).where(tables.times.c.day == day)) or 0
        self._times: list[dict[str, Any]] = []
        self._blocks: list[dict[str, Any]] = []
        self._outdated: list[int] = []

    def pack(self, source: int, new: Sequence[str]) -> None:
        """Put fresh rows of a source into blocks, together with small ones where there are enough of them."""
        column = tables.columns.c
        chosen = select(column.series).where(column.source == source).order_by(column.place)
        series = list(self._connection.scalars(chosen))
        pieces = [_piece_of(new, len(series))] if new else []
        small = self._small(source)
        if self._whole or len(small) >= SMALL or sum(count for _, count, _ in small) >= FULL:
            pieces = [*self._of_blocks(small, series), *pieces]
            self._outdated += [number for number, _, _ in small]
        if pieces:
            self._cut(source, series, pieces)

    def write(self, store: Store, connection: Connection) -> None:
        """Write what was packed, in place of the small blocks that it is made of."""
        for column in (tables.times.c.id, tables.blocks.c.times):
            self._forget(connection, column)
        store.put(connection, tables.times, self._times)
        store.put(connection, tables.blocks, self._blocks)

    def _small(self, source: int) -> list[tuple[int, int, bytes]]:
        """Number, count and times of the blocks of a source that are not full."""
        block = tables.times.c
        chosen = (
            select(block.id, block.count, block.data)
            .where(block.day == self._day, block.source == source, block.count < FULL)
            .order_by(block.id)
        )
        return [tuple(row) for row in self._connection.execute(chosen)]

    def _of_blocks(self, small: Sequence[tuple[int, int, bytes]], series: Sequence[int]) -> Iterator[_Piece]:
        block = tables.blocks.c
        for number, _, packed in small:
            time = form.unpack_numbers(packed)
            chosen = select(block.series, block.begin, block.kind, block.data).where(
                block.day == self._day, block.times == number, block.series.in_(series)
            )
            columns: dict[int, list[Segment]] = {each: [] for each in series}
            for each, begin, kind, data in self._connection.execute(chosen.order_by(block.begin)):
                values = form.unpack(kind, data)
                columns[each].append(Segment(time[begin : begin + len(values)], kind, values))
            yield _Piece(time, [columns[each] for each in series])

    def _cut(self, source: int, series: Sequence[int], pieces: Sequence[_Piece]) -> None:
        """Make blocks of at most FULL values of the pieces."""
        time = np.concatenate([piece.time for piece in pieces])
        order = reading.in_order(time)
        time = time if order is None else time[order]
        columns = []
        for place in range(len(series)):
            values = reading.together([segment for piece in pieces for segment in piece.columns[place]])
            columns.append(values if order is None else reading.take(values, order))
        for begin in range(0, len(time), FULL):
            self._add(source, time[begin : begin + FULL])
            for number, column in zip(series, columns, strict=True):
                self._add_values(number, column[begin : begin + FULL])

    def _add(self, source: int, time: Numbers) -> None:
        self._last += 1
        self._times.append({
            "day": self._day, "id": self._last, "source": source, "first": int(time[0]), "last": int(time[-1]),
            "count": len(time), "data": form.numbers(time),
        })  # fmt: skip

    def _add_values(self, series: int, values: Any) -> None:
        for kind, begin, end in form.runs(values):
            self._blocks.append({
                "day": self._day, "series": series, "times": self._last, "begin": begin, "kind": kind,
                "data": form.pack(kind, values[begin:end]),
            })  # fmt: skip

    def _forget(self, connection: Connection, column: Any) -> None:
        table, left = column.table, iter(self._outdated)
        while some := list(islice(left, MOST_WORDS)):
            connection.execute(delete(table).where(table.c.day == self._day, column.in_(some)))


def _piece_of(new: Sequence[str], width: int) -> _Piece:
    found = [fresh.read(data) for data in new]
    time = np.array([time for times, _ in found for time in times], np.int64)
    columns = [[value for _, each in found for value in each[place]] for place in range(width)]
    return _Piece(time, [list(reading.segments(time, column)) for column in columns])
