"""One question about a field: which level answers it, what is stored of it, and when there was nothing."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Connection, func, select

from WardenServer.errors import Unreachable, WardenError
from WardenServer.sinks.history import breaks, form, points, reading, tables
from WardenServer.sinks.history.breaks import Gap, Where
from WardenServer.sinks.history.parts import BREAKS, DAY, RAW, ROLLUPS, Level, Part, day_of
from WardenServer.sinks.history.points import Points
from WardenServer.sinks.history.reading import Segment, Values
from WardenServer.sinks.history.samples import MICRO
from WardenServer.sinks.history.store import Store

T = TypeVar("T")

#: Most values that are given out at once.
MOST = 2_000_000
#: How many parts before a range are searched for the last value before it.
BACK = 400


class Range(NamedTuple):
    """What was asked for. `level` is one of parts.LEVELS, `time` in Unix seconds.

    `columns` has `value` where each value is given, else `n`, `min`, `mean` and `max` of the span of `seconds` that
    begins at each time. `before` is the last value before the range, with its time. `gaps` are in order.
    """

    key: str
    field: str
    level: str
    seconds: int
    begin: float
    end: float
    time: Any
    columns: dict[str, Any]
    before: tuple[float, Any] | None
    gaps: list[Gap]


def nothing(key: str, field: str, begin: float, end: float) -> Range:
    """The range of a field that there is nothing of yet."""
    return Range(key, field, RAW.name, 0, begin, end, np.empty(0), {"value": np.empty(0)}, None, [])


def choose(seconds: float, wanted: int) -> Level:
    """The level that answers best for a range of so many seconds: the coarsest that has as many points as are wanted,
    else every value."""
    fine = [level for level in ROLLUPS if wanted and level.seconds * wanted <= seconds]
    return fine[-1] if fine else RAW


class Question:
    """One question. `series_seen` is whether any part knows the field."""

    def __init__(
        self, store: Store, parts: Sequence[Part], key: str, field: str, begin: float, end: float
    ) -> None:
        self._store, self._key, self._field, self._begin, self._end = store, key, field, begin, end
        self._parts = {(part.level, day): part for part in parts for day in range(part.begin, part.end)}
        self._breaks = [part for part in parts if part.level is BREAKS]
        self._raw = sorted((part for part in parts if part.level is RAW), key=lambda part: -part.begin)
        self._agents: set[str] = set()
        self._gaps: list[Gap] = []

    @property
    def series_seen(self) -> bool:
        """See Question."""
        return bool(self._agents)

    def reaching(self, level: Level) -> Level:
        """The level, or the next coarser one that goes back further, where it does not go back to the begin."""
        first = self._first_day(level)
        for each in ROLLUPS:
            if each.seconds > level.seconds and (first is None or day_of(self._begin) < first):
                other = self._first_day(each)
                if other is not None and (first is None or other < first):
                    level, first = each, other
        return level

    def _first_day(self, level: Level) -> int | None:
        """The first day of a level: of which there may be values, or there are points of the field."""
        column = tables.points.c

        def read(connection: Connection) -> int | None:
            chosen = select(func.min(column.day)).where(column.series.in_(self._series(connection)))
            found = connection.scalar(chosen)
            return None if found is None else int(found)

        parts = sorted({part for (each, _), part in self._parts.items() if each is level}, key=lambda part: part.begin)
        if level is RAW:
            return parts[0].begin if parts else None
        return next((found for part in parts if (found := self._read(part, read)) is not None), None)

    # -- every value

    def values(self, wanted: int) -> Range:
        """Every value; where there are far more than wanted, points made of them."""
        found = self._values(self._begin, self._end)
        if len(found.time) > (4 * wanted if wanted else MOST):
            if not isinstance(found.values, np.ndarray):
                found = _changes(found)
            elif wanted:
                seconds = max(1, math.ceil((self._end - self._begin) / wanted))
                return self._as_points(RAW, points.of_values(found, seconds), seconds)
        if len(found.time) > MOST:
            raise WardenError(f"{len(found.time)} values are too many; ask for a shorter range, or for points")
        values = found.values
        if not isinstance(values, np.ndarray):
            values = [form.array(*value) if isinstance(value, list) else value for value in values]
        return self._range(RAW, 0, found.time / MICRO, {"value": values}, self._before())

    def _values(self, begin: float, end: float) -> Values:
        first, last = math.ceil(begin * MICRO), math.floor(end * MICRO)
        segments: list[Segment] = []
        for day in range(day_of(begin), day_of(end) + 1):
            if (part := self._parts.get((RAW, day))) is not None:
                segments += self._segments(part, first, last)
        return reading.within(reading.join(segments), first, last)

    def _segments(self, part: Part, first: int, last: int) -> list[Segment]:
        def read(connection: Connection) -> list[Segment]:
            series = self._series(connection)
            return [each for number in series for each in reading.of_series(connection, number, first, last)]

        return self._read(part, read) or []

    def _before(self) -> tuple[float, Any] | None:
        """The last value before the range."""
        last = math.ceil(self._begin * MICRO) - 1
        for part in [part for part in self._raw if part.begin <= day_of(self._begin)][:BACK]:
            first = part.begin * DAY * MICRO
            found = reading.within(reading.join(self._segments(part, first, last)), first, last)
            if len(found.time):
                return float(found.time[-1]) / MICRO, reading.bare(found.values[-1])
        return None

    def _point_before(self, level: Level) -> tuple[float, Any] | None:
        """The mean of the last point before the range, where there is no value."""
        column, day = tables.points.c, day_of(self._begin)

        def read(connection: Connection) -> tuple[float, Any] | None:
            chosen = select(column.day, column.data).where(column.series.in_(self._series(connection)))
            rows = connection.execute(chosen.where(column.day <= day).order_by(column.day.desc()).limit(2))
            for each, data in rows:
                found = points.within(points.unpack(data, each, level.seconds), 0, self._begin - level.seconds)
                if len(found.begin):
                    return float(found.begin[-1]), float(found.sum[-1] / found.n[-1])
            return None

        tried = {self._parts.get((level, each)): None for each in (day, day - 31)}
        return next((found for part in tried if part is not None and (found := self._read(part, read))), None)

    # -- points

    def points(self, level: Level, wanted: int) -> Range:
        """Points of a level; of days that have none yet, they are made of the values."""
        found: list[Points] = []
        days = range(day_of(self._begin), day_of(self._end) + 1)
        stored = self._stored(level, days)
        for day in days:
            if day in stored:
                found.append(stored[day])
            elif (RAW, day) in self._parts:
                values = self._values(max(day * DAY, self._begin), min((day + 1) * DAY - 1 / MICRO, self._end))
                found.append(points.of_values(values, level.seconds))
        begin = self._begin // level.seconds * level.seconds
        every = points.within(points.join(found), begin, self._end)
        seconds = level.seconds
        if wanted and len(every.begin) > wanted:
            seconds *= math.ceil((self._end - begin) / level.seconds / wanted)
            every = points.coarser(every, seconds)
        return self._as_points(level, every, seconds)

    def _stored(self, level: Level, days: range) -> dict[int, Points]:
        column = tables.points.c
        found: dict[int, Points] = {}

        def read(connection: Connection) -> None:
            rows = connection.execute(
                select(column.day, column.data)
                .where(column.series.in_(self._series(connection)), column.day >= days.start, column.day < days.stop)
                .order_by(column.day)
            )
            for day, data in rows:
                made = points.unpack(data, day, level.seconds)
                found[day] = points.merge(found[day], made, level.seconds) if day in found else made

        for part in dict.fromkeys(filter(None, (self._parts.get((level, day)) for day in days))):
            self._read(part, read)
        return found

    def _as_points(self, level: Level, found: Points, seconds: int) -> Range:
        columns = {"n": found.n, "min": found.min, "mean": found.sum / np.maximum(found.n, 1), "max": found.max}
        before = self._before() or (None if level is RAW else self._point_before(level))
        return self._range(level, seconds, found.begin.astype(float), columns, before)

    # -- what all have

    def _range(
        self, level: Level, seconds: int, time: Any, columns: dict[str, Any], before: tuple[float, Any] | None
    ) -> Range:
        gaps = sorted({*self._read_gaps(), *self._gaps}, key=lambda gap: gap.begin)
        return Range(
            self._key, self._field, level.name, seconds, self._begin, self._end, time, columns, before, gaps
        )

    def _read_gaps(self) -> Iterator[Gap]:
        def read(connection: Connection) -> list[Gap]:
            wheres = [Where(agent, self._key, self._field) for agent in self._agents or {""}]
            return [gap for where in wheres for gap in breaks.of(connection, where, self._begin, self._end)]

        for part in self._breaks:
            yield from self._read(part, read) or []

    def _series(self, connection: Connection) -> list[int]:
        column = tables.series.c
        rows = connection.execute(
            select(column.id, column.agent).where(column.key == self._key, column.field == self._field)
        )
        found = {int(number): agent for number, agent in rows}
        self._agents.update(found.values())
        return list(found)

    def _read(self, part: Part, read: Callable[[Connection], T]) -> T | None:
        """What is read from a part; None where it is damaged or gone: that costs its own time, not the answer."""
        try:
            with self._store.read(part) as connection:
                return read(connection)
        except (Unreachable, form.Damaged) as error:
            self._gaps.append(Gap(part.begin * DAY, part.end * DAY, str(error)))
            return None


def _changes(found: Values) -> Values:
    """Those values that differ from the one before."""
    kept = [
        place for place, value in enumerate(found.values) if not place or value != found.values[place - 1]
    ]
    return Values(found.time[kept], reading.take(found.values, np.array(kept, np.int64)))
