"""The look for dead processors: others get their jobs.

After an outage of the database, a sleep of the machine or a step of a clock all processors look dead. Those that live
say so within `check_in`; so a look that comes after such a thing waits that long before it takes anybody for dead.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, delete, func, not_, select, update

from WardenServer.plugins.common.jobs import processors, steps
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.tables import jobs
from WardenServer.plugins.common.jobs.tables import processors as table
from WardenServer.plugins.common.jobs.times import ago

#: After how many `check_in` the next look comes too late to be trusted, and by how many two clocks may differ. A live
#: processor checks in at a fifth, and is taken for dead at 2: the sum of the three stays below.
_GAP, _DRIFT = 1.25, 0.5
#: Most processors that one look buries.
_MOST = 1000


@dataclass(frozen=True)
class Swept:
    """What a look has done.

    Args:
        dead: names of processors that are removed.
        reassigned: how many of their jobs, which were not done, others got.
        failed: how many had been begun too often.
        waits: why somebody who looks dead still keeps his jobs, if so.
        again: in how many seconds to look once more; None where the usual time will do.
    """

    dead: tuple[str, ...] = ()
    reassigned: int = 0
    failed: int = 0
    waits: str = ""
    again: float | None = None


class Sweeper:
    """Looks for dead processors again and again. For one thread."""

    def __init__(self, database: Database, jobs: Jobs, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database, self._jobs, self._monotonic = database, jobs, monotonic
        self._last: tuple[float, float] | None = None  # the database's time and ours, at the last look
        self._until = 0.0  # by our time; before that nobody is taken for dead

    def sweep(self) -> Swept:
        """Look once, in one transaction. Raises Unreachable where the database cannot be used."""
        is_dead = processors.is_dead(self._jobs.check_in)
        with self._database.writing() as connection:
            self._database.alone(connection, "sweep")
            wait = self._wait(connection)
            others = _those(connection, not_(is_dead))
            dead = _those(connection, processors.has_left() if wait else is_dead)
            done = _give_away(connection, dead, others, self._jobs.attempts) if dead and others else Swept()
            left = _those(connection, is_dead)
        return Swept(done.dead, done.reassigned, done.failed, *self._why(left, others, wait)) if left else done

    def _wait(self, connection: Connection) -> float:
        """Seconds before anybody is taken for dead.

        The first look after a start trusts the database's times if some processor is alive by them, so that a new
        monitor need not wait.
        """
        now, theirs = self._monotonic(), connection.scalar(select(ago())) or 0.0
        if self._last is None:
            trusted = bool(processors.live(connection, self._jobs.check_in))
        else:
            passed = now - self._last[1]
            drift = abs(theirs - self._last[0] - passed)
            trusted = passed < _GAP * self._jobs.check_in and drift < _DRIFT * self._jobs.check_in
        if not trusted:
            self._until = now + self._jobs.check_in
        self._last = theirs, now
        return max(0.0, self._until - now)

    def _why(self, left: Sequence[Processor], others: Sequence[Processor], wait: float) -> tuple[str, float | None]:
        names = _names(left)
        if wait:
            seconds = f"{self._jobs.check_in:g} s"
            return f"{names}: not seen for long, but neither are we sure of the time; this waits {seconds}", wait
        if not others:
            return f"{names}: dead, and no processor is there to take over; start one with: warden jobs work", None
        return "", 0.0  # more than _MOST are dead


def parts(first: float, last: float, count: int) -> list[float]:
    """Where a time from `first` to `last` is cut into `count` equal parts: one less than there are parts."""
    return [first + (last - first) * number / count for number in range(1, count)]


def _those(connection: Connection, which: ColumnElement[bool]) -> list[Processor]:
    """Some processors, in the order of their numbers; in PostgreSQL nobody changes them before the transaction ends."""
    query = select(table.c.id, table.c.name).where(which).order_by(table.c.id).limit(_MOST).with_for_update()
    return [Processor(number, name) for number, name in connection.execute(query)]


def _names(several: Sequence[Processor]) -> str:
    more = f" and {len(several) - 5} more" if len(several) > 5 else ""
    return ", ".join(each.name for each in several[:5]) + more


def _give_away(connection: Connection, dead: Sequence[Processor], others: Sequence[Processor], attempts: int) -> Swept:
    numbers = [each.id for each in dead]
    theirs = jobs.c.owner.in_(numbers)
    unfinished = and_(theirs, jobs.c.success.is_(None))
    connection.execute(
        select(func.count()).select_from(select(jobs.c.id).where(unfinished).with_for_update().subquery())
    )
    failed = _fail(connection, and_(unfinished, jobs.c.starteddatetime.is_not(None), jobs.c.attempts >= attempts))
    reassigned = _share_out(connection, theirs, others)
    connection.execute(delete(table).where(table.c.id.in_(numbers)))
    return Swept(tuple(each.name for each in dead), reassigned, failed)


def _fail(connection: Connection, which: ColumnElement[bool]) -> int:
    """End jobs that were begun too often, with the last that was heard of them."""
    last = case((func.coalesce(jobs.c.message, "") == "", ""), else_=": " + jobs.c.message)
    message = "its processor vanished " + cast(jobs.c.attempts, String) + " times" + last
    steps.note_where(connection, Step.FAILED, which, message, _owner())
    values = {"completeddatetime": ago(), "success": False, "message": message}
    return connection.execute(update(jobs).where(which).values(values)).rowcount


def _share_out(connection: Connection, theirs: ColumnElement[bool], others: Sequence[Processor]) -> int:
    """Give each of the others the jobs of one part of the time in which they were queued.

    Each takes what is left up to the end of its part, and the last one takes the rest: no job falls between.
    """
    queued = jobs.c.queueddatetime
    first, last = connection.execute(select(func.min(queued), func.max(queued)).where(theirs)).one()
    ends = [] if first is None else parts(first, last, len(others))
    count = 0
    for new, end in zip(others, [*ends, None], strict=False):
        part = theirs if end is None else and_(theirs, queued <= end)
        unfinished = and_(part, jobs.c.success.is_(None))
        steps.note_where(connection, Step.REASSIGNED, unfinished, _owner() + f" is dead -> {new.name}", new.name)
        again: dict[str, Any] = {"starteddatetime": None, "token": None, "owner": new.id}
        count += connection.execute(update(jobs).where(unfinished).values(again)).rowcount
        connection.execute(update(jobs).where(part).values(owner=new.id))
    return count


def _owner() -> ColumnElement[str]:
    """The name of the processor that a job has."""
    return select(table.c.name).where(table.c.id == jobs.c.owner).scalar_subquery()
