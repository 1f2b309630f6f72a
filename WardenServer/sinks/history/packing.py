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
#: Sources that are packed in one transaction: the hub, which writes meanwhile, waits for its end.
TOGETHER = 20


def pack(store: Store, part: Part, whole: bool = False) -> None:
    """Pack all of a part of the raw level; `whole`: also blocks that may still grow, since the day is over.

    What is packed is deleted as fresh only when all is packed: until then it is there twice, with the same times.

    Raises:
        Unreachable: the store does not answer, or is full.
    """
    last = 0
    while True:
        with store.read(part) as connection:
            new, last = _read_fresh(connection, part.begin, last)
            grown = [] if new else _grown(connection, part.begin, whole)
        if not new:
            _pack(store, part.begin, dict.fromkeys(grown, ()), whole)
            return
        _pack(store, part.begin, new, whole)
        _forget_fresh(store, part, last)


def _read_fresh(connection: Connection, day: int, last: int) -> tuple[dict[int, list[str]], int]:
    """Fresh rows after the one of this number, in order, by source, and the number of the last one."""
    row = tables.fresh.c
    chosen = select(row.id, row.source, row.data).where(row.day == day, row.id > last).order_by(row.id).limit(MOST_ROWS)
    found: dict[int, list[str]] = {}
    for number, source, data in connection.execute(chosen):
        found.setdefault(source, []).append(data)
        last = number
    return found, last


def _grown(connection: Connection, day: int, whole: bool) -> list[int]:
    """The sources whose small blocks are to be made one."""
    block = tables.times.c
    many = 2 if whole else SMALL
    chosen = select(block.source).where(block.day == day, block.count < FULL).group_by(block.source)
    return list(connection.scalars(chosen.having(func.count() >= many)))


def _pack(store: Store, day: int, found: Mapping[int, Sequence[str]], whole: bool) -> None:
    todo = iter(found.items())
    while some := list(islice(todo, TOGETHER)):
        with store.write(part_of(RAW, day)) as connection:
            packer = _Packer(store, connection, day, whole)
            for source, new in some:
                packer.pack(source, new)
            packer.write()


def _forget_fresh(store: Store, part: Part, last: int) -> None:
    """Delete the rows up to this number, not too many at once: the hub waits meanwhile."""
    row = tables.fresh.c
    for end in range(0, last + MOST_DELETED, MOST_DELETED):
        with store.write(part) as connection:
            connection.execute(delete(tables.fresh).where(row.day == part.begin, row.id <= min(end, last)))


class _Piece(NamedTuple):
    """Samples of a source as they are stored now: their times, and a column of segments for each series."""

    time: Numbers
    columns: list[list[Segment]]


class _Packer:
    """Packs in one transaction."""

    def __init__(self, store: Store, connection: Connection, day: int, whole: bool) -> None:
        self._store, self._connection, self._day, self._whole = store, connection, day, whole
        self._last = connection.scalar(select(func.max(tables.times.c.id)).where(tables.times.c.day == day)) or 0
        self._times: list[dict[str, Any]] = []
        self._blocks: list[dict[str, Any]] = []

    def pack(self, source: int, new: Sequence[str]) -> None:
        """Put fresh rows of a source into blocks, together with small ones where there are enough of them."""
        column = tables.columns.c
        chosen = select(column.series).where(column.source == source).order_by(column.place)
        series = list(self._connection.scalars(chosen))
        pieces = [_piece_of(new, len(series))] if new else []
        small = self._small(source)
        if self._whole or len(small) >= SMALL or sum(count for _, count, _ in small) >= FULL:
            pieces = [*self._of_blocks(small, series), *pieces]
            self._forget(tables.times.c.id, [number for number, _, _ in small])
            self._forget(tables.blocks.c.times, [number for number, _, _ in small])
        if pieces:
            self._cut(source, series, pieces)

    def write(self) -> None:
        """Write what was packed."""
        self._store.put(self._connection, tables.times, self._times)
        self._store.put(self._connection, tables.blocks, self._blocks)

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

    def _forget(self, column: Any, numbers: Sequence[int]) -> None:
        table, left = column.table, iter(numbers)
        while some := list(islice(left, MOST_WORDS)):
            self._connection.execute(delete(table).where(table.c.day == self._day, column.in_(some)))


def _piece_of(new: Sequence[str], width: int) -> _Piece:
    found = [fresh.read(data) for data in new]
    time = np.array([time for times, _ in found for time in times], np.int64)
    columns = [[value for _, each in found for value in each[place]] for place in range(width)]
    return _Piece(time, [list(reading.segments(time, column)) for column in columns])
