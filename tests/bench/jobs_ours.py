"""Ours, on SQLite or PostgreSQL. Each worker has jobs of its own, as the monitor gives them out."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from tests.bench import jobs_sides
from tests.bench.jobs_sides import batches, postgresql_durability
from WardenServer.plugins.common.jobs import claiming, processors, queueing
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.tables import jobs
from WardenServer.plugins.common.jobs.tables import processors as rows

_SIGNATURE = "18724 1764350000123456789 4200312 1764350000123456789"
#: A check-in that no benchmark outlasts, in seconds.
_CHECK_IN = 3600.0


class Side(jobs_sides.Side):
    """See jobs_sides."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._database = Database(url)

    def prepare(self, workers: int) -> None:
        """See Side."""
        for number in range(workers):
            processors.register(self._database, f"bench_{number}")

    def queue(self, ids: Sequence[str], batch: int) -> None:
        """See Side."""
        with self._database.reading() as connection:
            owners = queueing.balanced(processors.loads(connection, _CHECK_IN))
        for each in batches(ids, batch):
            pairs = [Pair(id, f"/data/{id}", _SIGNATURE, 1.5) for id in each]
            queueing.queue(self._database, pairs, owners, reason="found in /data")

    def open(self, worker: int) -> None:
        """See Side."""
        name = f"bench_{worker}"
        with self._database.reading() as connection:
            self._processor = Processor(connection.scalars(select(rows.c.id).where(rows.c.name == name)).one(), name)

    def work(self, batch: int) -> list[str]:
        """See Side."""
        done: list[str] = []
        while claims := claiming.claim(self._database, self._processor, batch):
            late = claiming.finish(self._database, self._processor, [Outcome(each, True) for each in claims])
            done += [each.id for each in claims if each.id not in late]
        return done

    def waiting(self) -> list[str]:
        """See Side."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(jobs.c.uuid).where(jobs.c.starteddatetime.is_(None))))

    def ended(self) -> int:
        """See Side."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(jobs.c.success)) or 0

    def durability(self) -> Any:
        """See Side."""
        if not self._database.is_file:
            return postgresql_durability(self.url)
        with self._database.reading() as connection:
            asked = (connection.exec_driver_sql(f"PRAGMA {name}") for name in ("journal_mode", "synchronous"))
            return [each.scalar() for each in asked]

    def close(self) -> None:
        """See Side."""
        self._database.close()
