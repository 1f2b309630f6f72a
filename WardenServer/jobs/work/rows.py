"""What a worker asks of the jobs' table beyond the rules for all."""

from collections.abc import Iterable

from sqlalchemy import and_, exists, select, update

from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.claiming import Claim
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.tables import jobs


def is_any_left(database: Database) -> bool:
    """Whether a job is not done. Raises Unreachable."""
    with database.reading() as connection:
        return bool(connection.scalar(select(exists().where(jobs.c.success.is_(None)))))


def return_others(database: Database, processor: Processor, running: Iterable[Claim]) -> list[str]:
    """Have jobs wait again that run here by the database, but do not: their claim was written, and then the connection
    was cut before its answer came. Their ids. Raises Unreachable."""
    begun = and_(jobs.c.owner == processor.id, jobs.c.starteddatetime.is_not(None), jobs.c.success.is_(None))
    others = and_(begun, jobs.c.id.not_in([claim.number for claim in running]))
    values = {"starteddatetime": None, "token": None, "attempts": jobs.c.attempts - 1}
    with database.writing() as connection:
        ids = list(connection.scalars(update(jobs).where(others).values(values).returning(jobs.c.uuid)))
        steps.note(connection, Step.RETURNED, ids, "the answer to its claim was lost", processor.name)
        return ids
