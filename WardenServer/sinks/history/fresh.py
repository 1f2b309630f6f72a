"""What came last, as rows of a part: written by the hub every few seconds, and packed by the upkeep later."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from WardenServer.sinks.history import tables
from WardenServer.sinks.history.names import SourceBook
from WardenServer.sinks.history.samples import MICRO, Sample, Source
from WardenServer.sinks.history.store import Store


def rows(samples: Iterable[Sample]) -> Iterator[tuple[Source, int, int, str]]:
    """The samples of each source in one: (source, first time, last time, JSON), times in microseconds."""
    gathered: dict[Source, list[Sample]] = {}
    for sample in samples:
        gathered.setdefault(sample.source, []).append(sample)
    for source, each in gathered.items():
        times = [sample.time for sample in each]
        columns = zip(*(sample.values for sample in each), strict=True)
        yield source, min(times), max(times), json.dumps([times, *columns], separators=(",", ":"))


def read(data: str) -> tuple[list[int], list[list[Any]]]:
    """The times and the columns of a row."""
    times, *columns = json.loads(data)
    return times, columns


class Writer:
    """Adds rows to a day. One thread uses it, and makes it anew when a transaction has failed."""

    def __init__(self, connection: Connection, day: int) -> None:
        self._day = day
        self._sources = SourceBook(connection)
        self._last = 0

    def fits(self, connection: Connection) -> bool:
        """Whether the part is still the one that this knows."""
        return self._sources.fits(connection)

    def write(self, store: Store, connection: Connection, samples: Iterable[Sample]) -> None:
        """Write samples, all of this day."""
        newest = connection.scalar(select(func.max(tables.fresh.c.id)).where(tables.fresh.c.day == self._day))
        self._last = max(self._last, newest or 0)  # another hub may write here too
        made = []
        for source, first, last, data in rows(samples):
            self._last += 1
            number = self._sources.number(source)
            made.append(
                {"day": self._day, "id": self._last, "source": number, "first": first, "last": last, "data": data}
            )
        self._sources.write(store, connection)
        store.put(connection, tables.fresh, made)


def day(sample: Sample) -> int:
    """The day of a sample, as days since 1970."""
    return sample.time // (86400 * MICRO)
