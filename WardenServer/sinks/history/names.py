"""The numbers that a part gives to series and sources."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from WardenServer.sinks.history import tables
from WardenServer.sinks.history.samples import Source
from WardenServer.sinks.history.store import Store


class Name(NamedTuple):
    """The name of a series: the same field filled by another agent is another one."""

    key: str
    field: str
    agent: str


class SeriesBook:
    """The series of a part. One thread uses it, and makes it anew when a transaction has failed."""

    def __init__(self, connection: Connection) -> None:
        column = tables.series.c
        found = connection.execute(select(column.id, column.key, column.field, column.agent))
        self._numbers = {Name(*name): int(number) for number, *name in found}
        self._last = max(self._numbers.values(), default=0)
        self._new: list[dict[str, Any]] = []

    def number(self, name: Name) -> int:
        """The number of a series; a new one where it has none."""
        found = self._numbers.get(name)
        if found is None:
            self._last += 1
            found = self._numbers[name] = self._last
            self._new.append({"id": found, **name._asdict()})
        return found

    def write(self, store: Store, connection: Connection) -> None:
        """Write the numbers that are new; before what needs them."""
        store.put(connection, tables.series, self._new)
        self._new = []


class SourceBook:
    """The sources of a part; as SeriesBook."""

    def __init__(self, connection: Connection) -> None:
        self._series = SeriesBook(connection)
        self._numbers = _sources(connection)
        self._last = max(self._numbers.values(), default=0)
        self._new: list[dict[str, Any]] = []
        self._columns: list[dict[str, Any]] = []

    def fits(self, connection: Connection) -> bool:
        """Whether the part is still the one that this knows: somebody may have removed it."""
        return bool((connection.scalar(select(func.max(tables.sources.c.id))) or 0) == self._last)

    def number(self, source: Source) -> int:
        """The number of a source; a new one where it has none."""
        found = self._numbers.get(source)
        if found is None:
            self._last += 1
            found = self._numbers[source] = self._last
            self._new.append({"id": found})
            names = [Name(source.key, field, source.agent) for field in source.fields]
            series = [self._series.number(name) for name in names]
            self._columns += [{"source": found, "place": place, "series": each} for place, each in enumerate(series)]
        return found

    def write(self, store: Store, connection: Connection) -> None:
        """Write the numbers that are new; before what needs them."""
        self._series.write(store, connection)
        store.put(connection, tables.sources, self._new)
        store.put(connection, tables.columns, self._columns)
        self._new, self._columns = [], []


def _sources(connection: Connection) -> dict[Source, int]:
    columns, series = tables.columns.c, tables.series.c
    found = connection.execute(
        select(columns.source, series.agent, series.key, series.field)
        .join(tables.series, series.id == columns.series)
        .order_by(columns.source, columns.place)
    )
    fields: dict[int, list[Sequence[Any]]] = {}
    for number, *entry in found:
        fields.setdefault(number, []).append(entry)
    return {
        Source(entries[0][0], entries[0][1], tuple(entry[2] for entry in entries)): number
        for number, entries in fields.items()
    }
