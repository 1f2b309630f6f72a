"""What people see of jobs: lists, and one job with its steps. It changes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select, union_all

from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.tables import LONGEST, job_steps, jobs, priorityjobs, processors
from WardenServer.plugins.common.jobs.texts import has
from WardenServer.plugins.common.jobs.times import ago

#: Ids in one question, and steps of one job: the newest.
PORTION, STEPS = 500, 1000


class State(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


#: Which rows are in a state.
WHICH: Mapping[State, ColumnElement[bool]] = {
    State.WAITING: and_(jobs.c.starteddatetime.is_(None), jobs.c.success.is_(None)),
    State.RUNNING: and_(jobs.c.starteddatetime.is_not(None), jobs.c.success.is_(None)),
    State.DONE: jobs.c.success.is_(True),
    State.FAILED: jobs.c.success.is_(False),
}

#: The state of a row.
STATE = case(*((which, state.value) for state, which in WHICH.items()), else_=State.WAITING.value).label("state")


@dataclass(frozen=True)
class Job:
    """A job as it is. Times are Unix seconds, None where it has not come to that."""

    number: int
    id: str
    state: State
    pathname: str
    owner: str | None
    priority: int
    attempts: int
    found: float | None
    queued: float | None
    started: float | None
    completed: float | None
    message: str


@dataclass(frozen=True)
class Told:
    """A step of a job. `step` is one of `Step`, or what a later release says."""

    at: float
    step: str
    reason: str
    processor: str | None


@dataclass(frozen=True)
class Wanted:
    """Which jobs are wanted; what is not said does not matter.

    Args:
        state: only those in it.
        owner: only those of the processor with this name.
        match: only those with this in id or message, in small or large letters.
        since: only those that were queued, begun or ended in the last so many seconds.
        before: only those that are older than the one with this number.
    """

    state: State | None = None
    owner: str = ""
    match: str = ""
    since: float | None = None
    before: int | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """As SQL says it."""
        if self.state is not None:
            yield WHICH[self.state]
        if self.owner:
            yield processors.c.name == steps.short(self.owner)
        if self.match:
            texts = (jobs.c.uuid, jobs.c.message)
            yield or_(*(has(each, steps.short(self.match)) for each in texts))
        if self.since is not None:
            begun = func.coalesce(jobs.c.starteddatetime, jobs.c.queueddatetime) > ago(self.since)
            either = (jobs.c.completeddatetime > ago(self.since), and_(jobs.c.success.is_(None), begun))
            yield jobs.c.id.in_(union_all(*(select(jobs.c.id).where(each) for each in either)))  # each has an index
        if self.before is not None:
            yield jobs.c.id < self.before


def portions(ids: Iterable[str]) -> Iterator[list[str]]:
    """The same, as many at a time as fit into one question."""
    left = iter(ids)
    while some := list(islice(left, PORTION)):
        yield some


def newest(database: Database, wanted: Wanted, most: int) -> list[Job]:
    """The newest jobs that are wanted, up to `most`, the newest first. Raises Unreachable."""
    asked = _JOBS.where(*wanted.conditions()).order_by(jobs.c.id.desc()).limit(most)
    with database.reading() as connection:
        return [_job(row) for row in connection.execute(asked)]


def can_be(id: str) -> bool:
    """Whether the tables can hold an id. Strangers name some that they cannot, and databases refuse to look for."""
    return 0 < len(id) <= LONGEST and steps.short(id) == id


def one(database: Database, id: str) -> Job | None:
    """The job of an id; None where there is none in the database. Raises Unreachable."""
    if not can_be(id):
        return None
    with database.reading() as connection:
        row = connection.execute(_JOBS.where(jobs.c.uuid == id)).one_or_none()
    return None if row is None else _job(row)


def told(database: Database, id: str) -> list[Told]:
    """What happened to a job, the oldest first; also to one that is no longer in the database. Raises Unreachable."""
    if not can_be(id):
        return []
    columns = (job_steps.c.at, job_steps.c.step, job_steps.c.reason, job_steps.c.processor)
    asked = select(*columns).where(job_steps.c.uuid == id).order_by(job_steps.c.id.desc()).limit(STEPS)
    with database.reading() as connection:
        return [Told(*row) for row in connection.execute(asked)][::-1]


def states(database: Database, ids: Iterable[str]) -> dict[str, State]:
    """How far these jobs are; those that are not in the database are left out. Raises Unreachable."""
    with database.reading() as connection:
        return states_in(connection, ids)


def states_in(connection: Connection, ids: Iterable[str]) -> dict[str, State]:
    """As `states`, in the caller's transaction."""
    asked = (select(jobs.c.uuid, STATE).where(jobs.c.uuid.in_(some)) for some in portions(filter(can_be, ids)))
    return {id: State(state) for each in asked for id, state in connection.execute(each)}


def requested(database: Database, id: str) -> bool:
    """Whether somebody asked for an id, and the monitor has not looked yet. Raises Unreachable."""
    if not can_be(id):
        return False
    with database.reading() as connection:
        return connection.scalar(select(priorityjobs.c.uuid).where(priorityjobs.c.uuid == id)) is not None


def before(database: Database, job: Job) -> int:
    """How many jobs its processor begins before this one, which waits. Raises Unreachable."""
    owner = select(jobs.c.owner).where(jobs.c.id == job.number).scalar_subquery()
    mine = and_(jobs.c.owner == owner, WHICH[State.WAITING], jobs.c.priority >= job.priority)  # it has an index
    earlier = or_(
        jobs.c.priority > job.priority,
        jobs.c.queueddatetime < job.queued,
        and_(jobs.c.queueddatetime == job.queued, jobs.c.id < job.number),
    )
    asked = select(func.count()).select_from(jobs).where(mine, earlier)
    with database.reading() as connection:
        return connection.scalars(asked).one()


def _job(row: Row[Any]) -> Job:
    said = dict(row._mapping)
    texts = {"state": State(said["state"]), "message": said["message"] or "", "priority": said["priority"] or 0}
    return Job(**{**said, **texts})


_COLUMNS: Sequence[ColumnElement[Any]] = (
    jobs.c.id.label("number"), jobs.c.uuid.label("id"), STATE, jobs.c.pathname, processors.c.name.label("owner"),
    jobs.c.priority, jobs.c.attempts, jobs.c.founddatetime.label("found"), jobs.c.queueddatetime.label("queued"),
    jobs.c.starteddatetime.label("started"), jobs.c.completeddatetime.label("completed"), jobs.c.message,
)  # fmt: skip
_JOBS: Select[Any] = select(*_COLUMNS).select_from(jobs.outerjoin(processors))
