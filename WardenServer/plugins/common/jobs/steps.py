"""What happened to jobs, step by step: people ask why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, insert, literal, select, text

from WardenServer.plugins.common.jobs.tables import job_steps, jobs
from WardenServer.plugins.common.jobs.times import ago
from WardenServer.servers import sql

#: Most characters of a reason or message.
LONGEST = 4000


class Step(StrEnum):
    """What can happen to a job."""

    QUEUED = "queued"
    URGENT = "urgent"  # its priority was raised
    REFUSED = "refused"  # a request that cannot be met
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"  # its processor has handed it back
    REASSIGNED = "reassigned"  # its processor is dead
    CHANGED = "changed"  # its files are others than those that were queued
    LATE = "late"  # a result came when the job was no longer that processor's
    RETRIED = "retried"
    MOVED = "moved"
    DELETED = "deleted"
    MISSING = "missing"  # its files are gone


@dataclass(frozen=True)
class Noted:
    """A step of one job. `processor` is its name."""

    id: str
    step: Step
    reason: str = ""
    processor: str | None = None


def note(
    connection: Connection, step: Step, ids: Sequence[str], reason: str = "", processor: str | None = None
) -> None:
    """Write the same step of several jobs, in the caller's transaction."""
    _write(connection, [(each, step.value, short(reason), processor) for each in ids])


def note_all(connection: Connection, several: Sequence[Noted]) -> None:
    """Write steps that differ, in the caller's transaction."""
    _write(connection, [(each.id, each.step.value, short(each.reason), each.processor) for each in several])


def _write(connection: Connection, rows: Sequence[tuple[str, str, str, str | None]]) -> None:
    if connection.dialect.name == "sqlite":
        driver = sql.driver(connection)
        ((now,),) = driver.execute("SELECT ago(0)")
        driver.executemany(_NOTE_IN_SQLITE, [(*row, now) for row in rows])
    elif rows:
        connection.execute(_NOTE, dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))


def note_where(
    connection: Connection,
    step: Step,
    which: ColumnElement[bool],
    reason: ColumnElement[str],
    processor: ColumnElement[str] | str,
) -> None:
    """Write the same step of all jobs of which something is true, in the caller's transaction.

    Args:
        connection: of the transaction.
        step: what happens to them.
        which: of a row of `jobs`; look before the row is changed.
        reason: for people; it may be made of the row.
        processor: its name.
    """
    whose = literal(processor) if isinstance(processor, str) else processor
    said = select(jobs.c.uuid, ago(), literal(step.value), reason, whose).where(which)
    connection.execute(insert(job_steps).from_select(["uuid", "at", "step", "reason", "processor"], said))


def short(text: str) -> str:
    """A text that the tables take: its end, where it is too long; databases do not hold NUL and half characters."""
    plain = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return plain if len(plain) <= LONGEST else f"... {plain[4 - LONGEST :]}"


_COLUMNS = ("ids", "steps", "reasons", "processors")
#: Many at once: PostgreSQL makes rows of arrays.
_NOTE = text("""
INSERT INTO job_steps (uuid, step, reason, processor, at) SELECT id, step, reason, processor, now()
FROM unnest(CAST(:ids AS text[]), CAST(:steps AS text[]), CAST(:reasons AS text[]), CAST(:processors AS text[]))
AS noted (id, step, reason, processor)""")
_NOTE_IN_SQLITE = "INSERT INTO job_steps (uuid, step, reason, processor, at) VALUES (?, ?, ?, ?, ?)"
