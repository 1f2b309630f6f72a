"""What people see of processors."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import has_left, is_dead, is_live
from WardenServer.plugins.common.jobs.tables import jobs, processors


@dataclass(frozen=True)
class Worker:
    """A processor as it is: `state` is live, quiet (not heard of for a while), dead or left; times in Unix seconds."""

    name: str
    state: str
    started: float
    seen: float | None
    waiting: int
    running: int


def workers(database: Database, check_in: float) -> list[Worker]:
    """All processors, the eldest first. Raises Unreachable."""
    waiting = func.count().filter(jobs.c.starteddatetime.is_(None))
    loads = select(jobs.c.owner, waiting, func.count()).where(jobs.c.success.is_(None)).group_by(jobs.c.owner)
    state = case(
        (is_live(check_in), "live"), (has_left(), "left"), (is_dead(check_in), "dead"), else_="quiet",
    )  # fmt: skip
    columns = (processors.c.name, state, processors.c.startdatetime, processors.c.lastseendatetime, processors.c.id)
    with database.reading() as connection:
        found = {owner: (waits, all_of_it - waits) for owner, waits, all_of_it in connection.execute(loads)}
        rows = connection.execute(select(*columns).order_by(processors.c.id))
        return [Worker(*row[:4], *found.get(row[4], (0, 0))) for row in rows]
