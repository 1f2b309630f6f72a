"""The rows of a jobs' database as tests make and read them, and files that belong to them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update

from WardenServer.plugins.common.jobs import processors, queueing
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.tables import METADATA, job_steps, priorityjobs
from WardenServer.plugins.common.jobs.tables import jobs as table
from WardenServer.plugins.common.jobs.tables import processors as processors_table
from WardenServer.plugins.common.jobs.times import ago


class Rows:
    def __init__(self, database: Database) -> None:
        self.database = database

    def processor(self, name: str, age: float = 0.0) -> Processor:
        """One that was seen `age` seconds ago."""
        made = processors.register(self.database, name)
        self.seen(made, age)
        return made

    def seen(self, processor: Processor, age: float) -> None:
        with self.database.writing() as connection:
            of = update(processors_table).where(processors_table.c.id == processor.id)
            connection.execute(of.values(lastseendatetime=ago(age)))

    def add(self, id: str, owner: Processor, **values: Any) -> None:
        """A job."""
        said = {"uuid": id, "pathname": "", "owner": owner.id, "queueddatetime": 1e9, "priority": 0, **values}
        with self.database.writing() as connection:
            connection.execute(insert(table).values(said))

    def queue(self, owner: Processor, *ids: str) -> list[str]:
        return queueing.queue(self.database, [Pair(id, f"/data/{id}") for id in ids], queueing.in_turn([owner.id]))

    def job(self, id: str) -> Any:
        """The row, or None."""
        with self.database.reading() as connection:
            return connection.execute(select(table).where(table.c.uuid == id)).one_or_none()

    def all(self, of: Any = table) -> Sequence[Any]:
        with self.database.reading() as connection:
            return connection.execute(select(of)).all()

    def steps(self, id: str) -> list[str]:
        return [step.step for step in self._steps(id)]

    def reasons(self, id: str) -> list[str]:
        return [step.reason for step in self._steps(id)]

    def asked(self) -> set[str]:
        with self.database.reading() as connection:
            return set(connection.scalars(select(priorityjobs.c.uuid)))

    def clear(self) -> None:
        with self.database.writing() as connection:
            for each in reversed(METADATA.sorted_tables):
                if each.name != "jobs_schema":
                    connection.execute(delete(each))

    def _steps(self, id: str) -> Sequence[Any]:
        with self.database.reading() as connection:
            of = select(job_steps).where(job_steps.c.uuid == id)
            return connection.execute(of.order_by(job_steps.c.id)).all()


def put(jobs: Jobs, id: str, root: Path | None = None, suffixes: Sequence[str] = ()) -> list[Path]:
    """Write the files of an id, as long ago as it takes to be settled for tests that look twice anyway."""
    made = []
    for suffix in suffixes or jobs.suffixes:
        path = Path(f"{root or jobs.storage}/{id}{suffix}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{id}{suffix}")
        os.utime(path, (1e9, 1e9))
        made.append(path)
    return made


class Monotonic:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
