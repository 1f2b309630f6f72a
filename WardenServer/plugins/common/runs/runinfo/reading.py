"""Runs and values, as a connection to the run database gives them. All that asks raises DBAPIError."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.exc import DataError, DBAPIError

from WardenServer.plugins.common.differ.change import Pair, Unavailable
from WardenServer.plugins.common.runs.runinfo import rules
from WardenServer.plugins.common.runs.runinfo.careful import Careful, parts
from WardenServer.plugins.common.runs.runinfo.tables import MOST, Tables
from WardenServer.plugins.common.runs.source import Run

#: More parameters than these are not asked for by name: all of a run are read.
FEW = 2 * MOST


def rows(connection: Connection, statement: Select[Any]) -> Sequence[Any]:
    """What a statement finds. It comes from the driver itself: SQLAlchemy would take a third as long again."""
    with connection.execute(statement) as result:
        try:
            return result.cursor.fetchall()
        except (connection.dialect.loaded_dbapi.Error, UnicodeError) as error:  # the second of PostgreSQL
            raise DataError(None, None, error) from error


def column(connection: Connection, statement: Select[Any]) -> list[Any]:
    """The first column of what a statement finds."""
    return [row[0] for row in rows(connection, statement)]


def text(value: Any) -> Any:
    """A value as text; SQLite has values of any type in a column of text. `Unavailable` stays what it is."""
    if isinstance(value, str | Unavailable):
        return value
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def runs(connection: Connection, tables: Tables, numbers: Sequence[int], partitions: Sequence[str]) -> list[Run]:
    """These runs, in this order. Of one that cannot be read nobody takes part, and its note says why."""

    def read(some: Sequence[int]) -> dict[int, Run]:
        found: dict[int, dict[str, list[str]]] = {number: {} for number in some}
        for names in parts(rules.names(partitions), MOST):
            for name, value, _, number in reversed(_ranked(connection, tables.values(some, names))):
                found[int(number)].setdefault(name, []).append(text(value))
        return {number: rules.run(number, values, partitions) for number, values in found.items()}

    known = Careful().read(numbers, read, MOST)
    return [_or_note(number, known[number]) for number in numbers]


def values(connection: Connection, tables: Tables, run: int, names: Mapping[str, object]) -> dict[str, Any]:
    """What a run has, by name: of these names, or of more. `text` makes text of it."""

    def read(some: Sequence[str] | None) -> dict[str, Any]:
        found = rows(connection, tables.texts(run, some))
        known = dict(found)
        if len(known) < len(found):
            several = [name for name, times in Counter(row[0] for row in found).items() if times > 1 and name in names]
            known |= careful.read(several, counting, MOST)
        return known

    def counting(some: Sequence[str]) -> dict[str, Any]:
        return {row[0]: row[1] for row in _ranked(connection, tables.values([run], some))}

    careful = Careful()
    if len(names) > FEW:
        try:
            return read(None)
        except DBAPIError as error:
            careful.bear(error)
    return careful.read(list(names), read, MOST)


def partitions(connection: Connection, tables: Tables, run: int, names: Mapping[str, tuple[str, str]]) -> set[str]:
    """The partitions of which a run has one of these names, which are by parameter: the first of them tell it soon."""
    ours = list(names)
    found = column(connection, tables.names(run, ours[:MOST]))
    if len({names[each][0] for each in found}) < len({each for each, _ in names.values()}):
        for some in [None] if len(ours) > FEW else parts(ours[MOST:], MOST):
            found += column(connection, tables.names(run, some))
    return {names[each][0] for each in found if each in names}


def past(connection: Connection, tables: Tables, name: str, most: int) -> dict[int, Any]:
    """The values of a parameter, by run: of the newest runs that have it."""

    def read(some: Sequence[int]) -> dict[int, Any]:
        return {int(row[3]): row[1] for row in _ranked(connection, tables.values(some, [name]))}

    careful = Careful()
    try:
        return {int(row[3]): row[1] for row in _ranked(connection, tables.past(name, most))}
    except DBAPIError as error:
        careful.bear(error)
    numbers = [int(each) for each in column(connection, tables.newest_of(name, most))]
    return careful.read(numbers, read, MOST)


def differing(
    which: Mapping[str, tuple[str, str]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Pair]:
    """The names whose values differ, or cannot be read."""
    for name, (partition, parameter) in which.items():
        old, new = before.get(name), after.get(name)
        if old != new or type(old) is Unavailable:
            old, new = text(old), text(new)
            if old != new or type(old) is Unavailable:
                yield Pair(partition, parameter, old, new)


def _ranked(connection: Connection, statement: Select[Any]) -> list[Any]:
    """Rows of name, value, id and run; of those that compete the one that counts comes last, which is the one with the
    smallest id. Where a parameter has two texts, it is the smaller one, so that it is the same each time."""
    return sorted(rows(connection, statement), key=lambda row: (row[2], text(row[1])), reverse=True)


def _or_note(number: int, known: Run | Unavailable) -> Run:
    if isinstance(known, Run):
        return known
    return Run(number, is_ready=False, note=f"cannot be read ({known.reason})")
