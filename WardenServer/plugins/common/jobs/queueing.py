"""Files become jobs: who gets the next one, and the rows."""

import heapq
import itertools
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, text
from sqlalchemy.exc import IntegrityError

from WardenServer.errors import WardenError
from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.tables import jobs
from WardenServer.servers import sql


@dataclass(frozen=True)
class Pair:
    """Files that make one job together.

    Args:
        id: by which the job is known.
        pathname: where the files are: their path without suffix; "" in the storage of Socorro, which finds them by id.
        signature: their sizes and times, by which a change is seen.
        age: seconds since they were first seen.
        file: one of them, which must still be there when the job is; "" is not looked at.
    """

    id: str
    pathname: str = ""
    signature: str = ""
    age: float = 0.0
    file: str = ""


class ProcessorGone(WardenError):
    """A processor was removed since it was chosen; choose again."""


def balanced(loads: Mapping[int, int]) -> Iterator[int]:
    """The processor of each next job: the one with the fewest, of equal ones the first. Endless, unless `loads` is
    empty."""
    heap = [(count, number) for number, count in loads.items()]
    heapq.heapify(heap)
    while heap:
        count, number = heap[0]
        yield number
        heapq.heapreplace(heap, (count + 1, number))


def in_turn(live: Sequence[int]) -> Iterator[int]:
    """The processor of each next urgent job: one after the other, whatever they have to do."""
    return itertools.cycle(live)


def queue(
    database: Database, pairs: Sequence[Pair], owners: Iterator[int], priority: int = 0, reason: str = ""
) -> list[str]:
    """Make jobs in one transaction; the ids of those that are new. Others are there already.

    Args:
        database: where.
        pairs: the files.
        owners: who gets the next job.
        priority: theirs.
        reason: why they are queued, for people.

    Raises:
        ProcessorGone: one of the owners is not there any more; nothing was queued.
        Unreachable: the database cannot be used; nothing was queued.
    """
    with database.writing() as connection:
        return queue_in(connection, pairs, owners, priority, reason)


def queue_in(
    connection: Connection, pairs: Sequence[Pair], owners: Iterator[int], priority: int = 0, reason: str = ""
) -> list[str]:
    """As `queue`, in the caller's transaction."""
    chosen = list(itertools.islice(owners, len(pairs)))
    insert = _insert_in_sqlite if connection.dialect.name == "sqlite" else _insert
    try:
        new = insert(connection, pairs, chosen, priority)
    except (IntegrityError, sqlite3.IntegrityError):  # ids that are there already are none: this is about the owner
        raise ProcessorGone("a processor is gone that was to get jobs; choose again") from None
    new = _there(connection, pairs, new)
    steps.note(connection, Step.QUEUED, new, reason)
    return new


def _there(connection: Connection, pairs: Sequence[Pair], new: list[str]) -> list[str]:
    """Those of the new jobs whose files are there; the others are none. Since somebody looked at the files, another
    monitor may have queued them, and cleaned up after the job: first the files went, then the row."""
    gone = {pair.id for pair in pairs if pair.file and not os.path.lexists(pair.file)}.intersection(new)
    if gone:
        connection.execute(delete(jobs).where(jobs.c.uuid.in_(gone)))
    return [id for id in new if id not in gone]


def _insert(connection: Connection, pairs: Sequence[Pair], owners: Sequence[int], priority: int) -> list[str]:
    columns = {
        "uuids": [pair.id for pair in pairs], "pathnames": [pair.pathname for pair in pairs],
        "signatures": [pair.signature for pair in pairs], "ages": [pair.age for pair in pairs], "owners": owners,
    }  # fmt: skip
    return list(connection.scalars(_INSERT, {**columns, "priority": priority}))


def _insert_in_sqlite(
    connection: Connection, pairs: Sequence[Pair], owners: Sequence[int], priority: int
) -> list[str]:
    driver = sql.driver(connection)
    # The database's clock is a function of ours: it is asked for each tenth of a second, not for each row.
    ages = [round(pair.age, 1) for pair in pairs]
    moments = {age: driver.execute("SELECT ago(?)", [age]).fetchone()[0] for age in {0.0, *ages}}
    rows = [
        (pair.id, pair.pathname, pair.signature, moments[age], owner, moments[0.0], priority)
        for pair, age, owner in zip(pairs, ages, owners, strict=True)
    ]
    (last,), before = driver.execute(_LAST_IN_SQLITE).fetchone(), driver.total_changes
    driver.executemany(_INSERT_IN_SQLITE, rows)
    new = driver.total_changes - before
    if new == len(rows):
        return [pair.id for pair in pairs]
    return [id for (id,) in driver.execute(_BEHIND_IN_SQLITE, [last])] if new else []


#: Many at once: PostgreSQL makes rows of arrays.
_INSERT = text("""
INSERT INTO jobs (uuid, pathname, signature, founddatetime, owner, queueddatetime, priority)
SELECT uuid, pathname, signature, now() - age * interval '1 second', owner, now(), :priority
FROM unnest(CAST(:uuids AS text[]), CAST(:pathnames AS text[]), CAST(:signatures AS text[]),
            CAST(:ages AS float8[]), CAST(:owners AS integer[])) AS pairs (uuid, pathname, signature, age, owner)
ON CONFLICT DO NOTHING RETURNING uuid""")
_INSERT_IN_SQLITE = """
INSERT INTO jobs (uuid, pathname, signature, founddatetime, owner, queueddatetime, priority)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_LAST_IN_SQLITE = "SELECT coalesce(max(id), 0) FROM jobs"
#: Nobody else writes before the transaction ends, so the new ones are behind the last one from before. Their numbers
#: have gaps: each job that was there already costs one, too.
_BEHIND_IN_SQLITE = "SELECT uuid FROM jobs WHERE id > ? ORDER BY id"
