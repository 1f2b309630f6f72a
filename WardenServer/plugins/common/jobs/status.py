"""How the queue is, in numbers: Socorro's server status, and what people ask besides."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float

from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import has_left, is_dead, is_live
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.tables import job_steps, jobs, late_results, processors
from WardenServer.plugins.common.jobs.tables import server_status as written
from WardenServer.plugins.common.jobs.times import ago

#: Seconds back that rates and means are taken over, and the least: a single job says nothing of an hour.
WINDOW, LEAST = 3600.0, 60.0
#: Means are taken over so many jobs at most, the newest: it must not cost more when more is done.
MOST = 5000
_HOUR = 3600.0
#: Of all latencies so many are below `latency_p95`.
_SHARE = 0.95


@dataclass(frozen=True)
class Status:
    """The queue at a time. Means are taken over the newest jobs of the window, as far as cleanup has left their rows.

    Args:
        now: the database's time, in Unix seconds.
        waiting: jobs that nobody has begun.
        running: jobs that a processor has begun.
        done: jobs that have ended within the window, whether well or not.
        failed: those of them that have failed.
        late: results within the window that came when the job was somebody else's.
        processors: how many are alive.
        dead: how many are taken for dead, and not swept yet; one that has left counts as long as it has jobs.
        rate: jobs that end in an hour, measured over the window, or since the first of them that ended in it.
        finish: when all jobs of now will have ended at this rate, in Unix seconds; None where none has ended.
        latency: mean seconds from when a pair was first seen to its result; None where there is none, as below.
        latency_max: the longest.
        latency_p95: 95 of 100 are below.
        process_time: mean seconds from a job's start to its end; 0 where none has ended.
        wait_time: mean seconds from when it was queued to its end; 0 where none has ended.
        recently_completed: when a job ended last, in Unix seconds.
        oldest_queued: when the job was queued that waits or runs for longest, in Unix seconds.
    """

    now: float
    waiting: int
    running: int
    done: int
    failed: int
    late: int
    processors: int
    dead: int
    rate: float
    finish: float | None
    latency: float | None
    latency_max: float | None
    latency_p95: float | None
    process_time: float
    wait_time: float
    recently_completed: float | None
    oldest_queued: float | None


def server_status(database: Database, settings: Jobs, window: float = WINDOW) -> Status:
    """Look at the queue. `window`: seconds back that rates and means are taken over.

    Raises:
        Unreachable: the database cannot be used.
    """
    with database.reading() as connection:
        now = connection.scalars(select(ago())).one()
        counts = {**_queue(connection), **_processors(connection, settings.check_in), **_ended(connection, window, now)}
        left = counts["waiting"] + counts["running"]
        finish = now + left / counts["rate"] * _HOUR if counts["rate"] else None
        return Status(now=now, finish=finish, **counts, **_times(connection, window))


def write(database: Database, status: Status) -> None:
    """Add a row to Socorro's table.

    Raises:
        Unreachable: the database cannot be used.
    """
    values = {
        "date_recently_completed": status.recently_completed, "date_oldest_job_queued": status.oldest_queued,
        "avg_process_sec": status.process_time, "avg_wait_sec": status.wait_time,
        "waiting_job_count": status.waiting, "processors_count": status.processors, "date_created": status.now,
    }  # fmt: skip
    with database.writing() as connection:
        connection.execute(insert(written).values(values))


class seconds(FunctionElement[float]):
    """The seconds from one time to another in the database; 0 where a clock was set back between them."""

    type = Float()
    inherit_cache = True
    name = "seconds"


@compiles(seconds, "sqlite")
def _in_sqlite(element: seconds, compiler: Any, **options: Any) -> str:
    begin, end = (f"julianday({compiler.process(each, **options)})" for each in element.clauses)
    return f"max(0.0, ({end} - {begin}) * 86400.0)"


@compiles(seconds, "postgresql")
def _in_postgresql(element: seconds, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(each, **options) for each in element.clauses)
    return f"greatest(0.0, extract(epoch from ({end} - {begin})))::float8"


def _queue(connection: Connection) -> dict[str, Any]:
    """Each is one look into an index."""
    open_ones = jobs.c.success.is_(None)
    waiting = connection.scalars(
        select(func.count()).select_from(jobs).where(jobs.c.starteddatetime.is_(None), open_ones)
    ).one()
    left = connection.scalars(select(func.count()).select_from(jobs).where(open_ones)).one()
    newest = select(jobs.c.completeddatetime).where(jobs.c.completeddatetime.is_not(None))
    oldest = select(jobs.c.queueddatetime).where(jobs.c.completeddatetime.is_(None))
    return {
        "waiting": waiting, "running": left - waiting,
        "recently_completed": connection.scalar(newest.order_by(jobs.c.completeddatetime.desc()).limit(1)),
        "oldest_queued": connection.scalar(oldest.order_by(jobs.c.queueddatetime).limit(1)),
    }  # fmt: skip


def _processors(connection: Connection, check_in: float) -> dict[str, int]:
    def number(which: ColumnElement[bool]) -> int:
        return connection.scalars(select(func.count()).select_from(processors).where(which)).one()

    has_work = exists().where(jobs.c.owner == processors.c.id, jobs.c.success.is_(None))
    dead = and_(is_dead(check_in), or_(not_(has_left()), has_work))
    return {"processors": number(is_live(check_in)), "dead": number(dead)}


def _ended(connection: Connection, window: float, now: float) -> dict[str, Any]:
    """What ended, by the steps: they stay when cleanup removes a row."""
    failed = job_steps.c.step == Step.FAILED.value
    results = literal_column("step IN ('succeeded', 'failed')", Boolean)  # the words of the index
    asked = select(func.count(), func.sum(case((failed, 1), else_=0)), func.min(job_steps.c.at)).where(
        job_steps.c.at > ago(window), results
    )
    done, bad, first = connection.execute(asked).one()
    span = min(window, max(LEAST, now - (first or now)))
    late = select(func.count()).select_from(late_results).where(late_results.c.completeddatetime > ago(window))
    return {"done": done, "failed": bad or 0, "rate": done / span * _HOUR, "late": connection.scalars(late).one()}


def _times(connection: Connection, window: float) -> dict[str, Any]:
    ended = select(jobs).where(jobs.c.completeddatetime > ago(window))
    newest = ended.order_by(jobs.c.completeddatetime.desc()).limit(MOST).subquery()
    row, end = newest.c, newest.c.completeddatetime
    latency = seconds(func.coalesce(row.founddatetime, row.queueddatetime), end)  # Socorro's own rows have no first
    times = (latency.label("latency"), seconds(row.starteddatetime, end), seconds(row.queueddatetime, end))
    found = [list(column) for column in zip(*connection.execute(select(*times)), strict=True)]
    latencies, process, wait = ([each for each in column if each is not None] for column in found or ([], [], []))
    latencies.sort()
    return {
        "latency": _mean(latencies), "latency_max": latencies[-1] if latencies else None,
        "latency_p95": latencies[int(len(latencies) * _SHARE)] if latencies else None,
        "process_time": _mean(process) or 0.0, "wait_time": _mean(wait) or 0.0,
    }  # fmt: skip


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
