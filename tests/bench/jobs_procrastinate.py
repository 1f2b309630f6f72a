"""procrastinate: lists of jobs are queued in one statement; they are taken and written down one by one. What its worker
does around these calls is left out.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from tests.bench import jobs_sides
from tests.bench.jobs_sides import ask, batches, postgresql_durability


class Side(jobs_sides.Side):
    """See jobs_sides."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._runner = asyncio.Runner()
        self._app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=1))
        self._task: Any = self._app.task(name="process")(_process)
        self._runner.run(self._open())

    async def _open(self) -> None:
        await self._app.open_async()

    def prepare(self, workers: int) -> None:
        """See Side."""
        self._runner.run(self._app.schema_manager.apply_schema_async())

    def queue(self, ids: Sequence[str], batch: int) -> None:
        """See Side."""
        self._runner.run(self._queue(ids, batch))

    async def _queue(self, ids: Sequence[str], batch: int) -> None:
        for each in batches(ids, batch):
            await self._task.batch_defer_async(*({"id": id} for id in each))

    def work(self, batch: int) -> list[str]:
        """See Side."""
        if batch != 1:
            raise NotImplementedError
        return self._runner.run(self._work())

    async def _work(self) -> list[str]:
        done: list[str] = []
        manager = self._app.job_manager
        me = await manager.register_worker()
        while (job := await manager.fetch_job(queues=None, worker_id=me)) is not None:
            await manager.finish_job(job, Status.SUCCEEDED, delete_job=False)
            done.append(str(job.task_kwargs["id"]))
        return done

    def waiting(self) -> list[str]:
        """See Side."""
        return ask(self.url, "SELECT args ->> 'id' FROM procrastinate_jobs WHERE status = 'todo'")

    def ended(self) -> int:
        """See Side."""
        return int(ask(self.url, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'")[0])

    def durability(self) -> Any:
        """See Side."""
        return postgresql_durability(self.url)

    def close(self) -> None:
        """See Side."""
        self._runner.run(self._app.close_async())
        self._runner.close()


def _process(id: str) -> None:
    """Nothing."""
