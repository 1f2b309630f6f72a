"""Jobs that have failed since somebody last looked: people are told of each."""

from dataclasses import dataclass

from sqlalchemy import func, select

from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.tables import job_steps
from WardenServer.plugins.common.jobs.times import ago

#: How far back the first look goes, in seconds: what failed while nobody looked is told, too.
BACK = 86_400.0


@dataclass(frozen=True)
class Failure:
    """One job that failed. `number` is that of the step, the same for good."""

    number: int
    id: str
    reason: str


class Failures:
    """Looks again and again. For one thread. `seen` is the number of the last step that was looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seen: int | None = None

    def new(self, most: int) -> tuple[list[Failure], int]:
        """Up to `most` jobs that failed since the last call, and how many more there are, which are passed over.

        Raises:
            Unreachable: the database cannot be used; nothing is passed over.
        """
        with self._database.reading() as connection:
            last = connection.scalar(select(func.max(job_steps.c.id))) or 0
            before = self.seen
            if before is None:
                old = select(job_steps.c.id).where(job_steps.c.at < ago(BACK)).order_by(job_steps.c.id.desc()).limit(1)
                before = connection.scalar(old) or 0
            new = (job_steps.c.id > before, job_steps.c.id <= last, job_steps.c.step == Step.FAILED.value)
            count = connection.scalar(select(func.count()).where(*new)) or 0
            columns = (job_steps.c.id, job_steps.c.uuid, job_steps.c.reason)
            rows = connection.execute(select(*columns).where(*new).order_by(job_steps.c.id).limit(most))
            found = [Failure(*row) for row in rows]
        self.seen = last
        return found, count - len(found)
