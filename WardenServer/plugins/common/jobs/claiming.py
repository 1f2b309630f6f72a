"""What a processor does with its jobs: claims them, ends them, hands them back."""

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, insert, select, text, update
from sqlalchemy.dialects import sqlite

from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.steps import Noted, Step, short
from WardenServer.plugins.common.jobs.tables import jobs, late_results
from WardenServer.plugins.common.jobs.times import ago
from WardenServer.servers import sql


@dataclass(frozen=True)
class Claim:
    """A job that a processor has begun. `token` says which beginning it was, `attempt` the how manieth."""

    number: int
    id: str
    pathname: str
    signature: str
    attempt: int
    token: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    claim: Claim
    success: bool
    message: str = ""


def claim(database: Database, processor: Processor, most: int) -> list[Claim]:
    """Begin up to `most` jobs of a processor: the most urgent first, of equal ones the one that waits longest."""
    with database.writing() as connection:
        token = os.urandom(8).hex()
        found = _execute(connection, _CLAIM, {"whose": processor.id, "most": most, "claimed": token})
        rows = sorted(found, key=lambda row: (-(row[5] or 0), row[6] is not None, row[6], row[0]))
        claims = [
            Claim(number, id, pathname, was or "", attempt, token) for number, id, pathname, was, attempt, *_ in rows
        ]
        steps.note(connection, Step.STARTED, [each.id for each in claims], "", processor.name)
        return claims


def finish(database: Database, processor: Processor, outcomes: Sequence[Outcome]) -> list[str]:
    """Write how jobs ended, in one transaction. The ids of those that are no longer this processor's: what it says of
    them is kept apart, and changes nothing. What is written already may be said again: the answer to it was lost."""
    with database.writing() as connection:
        ended = _finish(connection, processor, outcomes)
        steps.note_all(connection, [
            Noted(each.claim.id, Step.SUCCEEDED if each.success else Step.FAILED, each.message, processor.name)
            for each in outcomes if each.claim.number in ended
        ])  # fmt: skip
        others = [each for each in outcomes if each.claim.number not in ended]
        late = [each for each in others if not _is_written(connection, processor, each.claim)]
        for each in late:
            _keep_apart(connection, processor, each)
        return [each.claim.id for each in late]


def hand_back(database: Database, processor: Processor, claims: Sequence[Claim], reason: str) -> None:
    """Have jobs wait again as if they had not been begun."""
    with database.writing() as connection:
        for each in claims:
            values = {"starteddatetime": None, "token": None, "attempts": jobs.c.attempts - 1}
            if connection.execute(update(jobs).where(_is(processor, each)).values(values)).rowcount:
                steps.note(connection, Step.RETURNED, [each.id], reason, processor.name)


def put_again(database: Database, processor: Processor, claim: Claim, signature: str, reason: str) -> None:
    """Have a job wait again whose files have changed. The attempt counts."""
    with database.writing() as connection:
        values = {"starteddatetime": None, "token": None, "signature": signature, "queueddatetime": ago()}
        if connection.execute(update(jobs).where(_is(processor, claim)).values(values)).rowcount:
            steps.note(connection, Step.CHANGED, [claim.id], reason, processor.name)


def note_output(database: Database, claim: Claim, text: str) -> None:
    """Keep what a running job has printed, so that it is known if its processor vanishes. Whoever ran it may tell, as
    long as nobody else has begun it."""
    with database.writing() as connection:
        running = and_(jobs.c.id == claim.number, jobs.c.token == claim.token, jobs.c.success.is_(None))
        connection.execute(update(jobs).where(running).values(message=short(text)))


def _is(processor: Processor, claim: Claim) -> ColumnElement[bool]:
    """Whether a row is still the job that this processor has claimed."""
    mine = and_(jobs.c.owner == processor.id, jobs.c.token == claim.token)
    return and_(jobs.c.id == claim.number, mine, jobs.c.success.is_(None))


def _execute(connection: Connection, statement: Update, values: dict[str, Any]) -> Any:
    """Run one of the statements of which there are thousands a second; its rows are tuples."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values)
    words, always = _in_sqlite(statement)
    return sql.driver(connection).execute(words, {**always, **values})


@functools.cache
def _in_sqlite(statement: Update) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    return str(compiled), dict(compiled.params)


def _finish(connection: Connection, processor: Processor, outcomes: Sequence[Outcome]) -> set[int]:
    """Write outcomes; the numbers of the jobs that were still this processor's."""
    values: list[dict[str, Any]] = [
        {"number": each.claim.number, "whose": processor.id, "claimed": each.claim.token, "ended": each.success,
         "said": short(each.message)}
        for each in outcomes
    ]  # fmt: skip
    if connection.dialect.name == "sqlite":
        return {each["number"] for each in values if _execute(connection, _FINISH, each).rowcount}
    return set(connection.scalars(_FINISH_ALL, {
        "whose": processor.id, **{f"{name}s": [each[name] for each in values] for name in _COLUMNS},
    }))  # fmt: skip


def _is_written(connection: Connection, processor: Processor, claim: Claim) -> bool:
    """Whether the outcome of this very claim is there."""
    mine = and_(jobs.c.id == claim.number, jobs.c.owner == processor.id, jobs.c.token == claim.token)
    return connection.scalar(select(jobs.c.success).where(mine)) is not None


def _keep_apart(connection: Connection, processor: Processor, late: Outcome) -> None:
    kept = {"uuid": late.claim.id, "owner": processor.id, "token": late.claim.token, "success": late.success}
    values = {**kept, "message": short(late.message), "completeddatetime": ago()}
    connection.execute(insert(late_results).values(values))
    how = "success" if late.success else "failure"
    reason = f"{how}, but the job had been given to another processor; nothing is changed"
    steps.note(connection, Step.LATE, [late.claim.id], reason, processor.name)


_FIRST = (
    select(jobs.c.id)
    .where(jobs.c.owner == bindparam("whose"), jobs.c.starteddatetime.is_(None), jobs.c.success.is_(None))
    .order_by(jobs.c.priority.desc(), jobs.c.queueddatetime, jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("first")
)
_CLAIM = (
    update(jobs)
    .where(jobs.c.id == _FIRST.c.id)
    .values(starteddatetime=ago(), attempts=jobs.c.attempts + 1, token=bindparam("claimed"))
    .returning(jobs.c.id, jobs.c.uuid, jobs.c.pathname, jobs.c.signature, jobs.c.attempts, jobs.c.priority,
               jobs.c.queueddatetime)
)  # fmt: skip
_COLUMNS = ("number", "claimed", "ended", "said")
#: Many at once: PostgreSQL makes rows of arrays.
_FINISH_ALL = text("""
UPDATE jobs SET completeddatetime = now(), success = ended, message = said
FROM unnest(CAST(:numbers AS integer[]), CAST(:claimeds AS text[]), CAST(:endeds AS boolean[]), CAST(:saids AS text[]))
AS outcomes (number, claimed, ended, said)
WHERE id = number AND owner = :whose AND token = claimed AND success IS NULL
RETURNING id""")
_FINISH = (
    update(jobs)
    .where(jobs.c.id == bindparam("number"), jobs.c.owner == bindparam("whose"), jobs.c.token == bindparam("claimed"))
    .where(jobs.c.success.is_(None))
    .values(completeddatetime=ago(), success=bindparam("ended"), message=bindparam("said"))
)
