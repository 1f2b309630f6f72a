"""pgqueuer: lists of jobs are queued, taken and written down in one statement each. Its jobs have no id of ours to be
unique, and its log keeps each step of a job, as ours does. What its QueueManager does around these calls is left out.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from pgqueuer.queries import EntrypointExecutionParameter, Queries
from pgqueuer.types import QueueEntrypoint, QueueManagerId

from tests.bench import jobs_sides
from tests.bench.jobs_sides import ask, batches, postgresql_durability

_NAME = QueueEntrypoint("process")


class Side(jobs_sides.Side):
    """See jobs_sides."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._runner = asyncio.Runner()
        self._connection = self._runner.run(psycopg.AsyncConnection.connect(url, autocommit=True))
        self._queries = Queries.from_psycopg_connection(self._connection)

    def prepare(self, workers: int) -> None:
        """See Side."""
        self._runner.run(self._queries.install())

    def queue(self, ids: Sequence[str], batch: int) -> None:
        """See Side."""
        self._runner.run(self._queue(ids, batch))

    async def _queue(self, ids: Sequence[str], batch: int) -> None:
        for each in batches(ids, batch):
            await self._queries.enqueue([_NAME] * len(each), [id.encode() for id in each], [0] * len(each))

    def work(self, batch: int) -> list[str]:
        """See Side."""
        return self._runner.run(self._work(batch))

    async def _work(self, batch: int) -> list[str]:
        done: list[str] = []
        limits = {_NAME: EntrypointExecutionParameter(concurrency_limit=0)}
        stale = timedelta(seconds=30)
        me = QueueManagerId(uuid4())
        while taken := await self._queries.dequeue(batch, limits, me, None, stale):
            await self._queries.log_jobs([(job, "successful", None) for job in taken])
            done += [(job.payload or b"").decode() for job in taken]
        return done

    def waiting(self) -> list[str]:
        """See Side."""
        return [bytes(each).decode() for each in ask(self.url, "SELECT payload FROM pgqueuer")]

    def ended(self) -> int:
        """See Side."""
        return int(ask(self.url, "SELECT count(DISTINCT job_id) FROM pgqueuer_log WHERE status = 'successful'")[0])

    def durability(self) -> Any:
        """See Side."""
        return postgresql_durability(self.url)

    def close(self) -> None:
        """See Side."""
        self._runner.run(self._connection.close())
        self._runner.close()
