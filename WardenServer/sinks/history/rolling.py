"""Makes the points of a day that is over, of all levels, out of its values."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, func, select

from WardenServer.sinks.history import points, reading, tables
from WardenServer.sinks.history.names import Name, SeriesBook
from WardenServer.sinks.history.parts import DAY, ROLLUPS, Level, Part, part_of
from WardenServer.sinks.history.points import Points
from WardenServer.sinks.history.samples import MICRO
from WardenServer.sinks.history.store import Store

#: Series whose points are written together.
TOGETHER = 200


def is_rolled(store: Store, part: Part) -> bool:
    """Whether the points of a day are made, and nothing has come since."""
    with store.read(part) as connection:
        done = connection.scalar(select(func.max(tables.rolled.c.times)).where(tables.rolled.c.day == part.begin))
        newest = connection.scalar(select(func.max(tables.times.c.id)).where(tables.times.c.day == part.begin))
        waiting = connection.scalar(select(func.count()).where(tables.fresh.c.day == part.begin))
    return done is not None and done == (newest or 0) and not waiting


def roll(store: Store, part: Part) -> None:
    """Make the points of a day, which has been packed; those of an earlier time are replaced.

    Raises:
        Unreachable: the store does not answer, or is full.
    """
    day = part.begin
    with store.read(part) as connection:
        newest = connection.scalar(select(func.max(tables.times.c.id)).where(tables.times.c.day == day)) or 0
        found = _points(connection, day)
        while some := list(islice(found, TOGETHER)):
            for level in ROLLUPS:
                _write(store, level, day, [(name, each[level.name]) for name, each in some])
    with store.write(part) as connection:
        connection.execute(delete(tables.rolled).where(tables.rolled.c.day == day))
        store.put(connection, tables.rolled, [{"day": day, "times": newest}])


def _points(connection: Connection, day: int) -> Iterator[tuple[Name, dict[str, Points]]]:
    """The points of each series that has numbers, by level."""
    column = tables.series.c
    names = connection.execute(select(column.id, column.key, column.field, column.agent).order_by(column.id)).all()
    for number, *name in names:
        begin = day * DAY * MICRO
        last = begin + DAY * MICRO - 1
        values = reading.join(reading.of_series(connection, number, begin, last))
        made = points.of_values(reading.within(values, begin, last), ROLLUPS[0].seconds)
        if len(made.begin):
            yield Name(*name), _levels(made)


def _levels(finest: Points) -> dict[str, Points]:
    found, made = finest, {}
    for level in ROLLUPS:
        found = points.coarser(found, level.seconds)
        made[level.name] = found
    return made


def _write(store: Store, level: Level, day: int, found: list[tuple[Name, Points]]) -> None:
    with store.write(part_of(level, day)) as connection:
        book = SeriesBook(connection)
        rows: list[dict[str, Any]] = [
            {"day": day, "series": book.number(name), "data": points.pack(each, level.seconds)} for name, each in found
        ]
        book.write(store, connection)
        numbers = [row["series"] for row in rows]
        column = tables.points.c
        connection.execute(delete(tables.points).where(column.day == day, column.series.in_(numbers)))
        store.put(connection, tables.points, rows)
