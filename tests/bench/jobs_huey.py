"""huey on SQLite. A job is gone once it is taken: if its worker is lost, it is not done again. No result is kept.

It queues and takes one job in a transaction. Many in one are put in its table as its `enqueue` does it, with its own
connection and its own form of a job; many cannot be taken at once.
"""

from collections.abc import Sequence
from typing import Any

from huey import SqliteHuey

from tests.bench import jobs_sides
from tests.bench.jobs_sides import batches, path_of

_INSERT = "INSERT INTO task (queue, data, priority) VALUES (?, ?, ?)"


class Side(jobs_sides.Side):
    """See jobs_sides."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._huey = SqliteHuey("bench", filename=path_of(url), results=False)
        self._done: list[str] = []
        self._task: Any = self._huey.task(name="process")(self._done.append)
        self._huey.storage.conn.execute("PRAGMA synchronous = NORMAL")  # ours has that; it knows only FULL and OFF

    def prepare(self, workers: int) -> None:
        """See Side. The tables are there."""

    def queue(self, ids: Sequence[str], batch: int) -> None:
        """See Side."""
        if batch == 1:
            for id in ids:
                self._task(id)
            return
        for each in batches(ids, batch):
            rows = [("bench", self._huey.serialize_task(self._task.s(id)), 0) for id in each]
            with self._huey.storage.db(commit=True) as cursor:
                cursor.executemany(_INSERT, rows)

    def work(self, batch: int) -> list[str]:
        """See Side."""
        if batch != 1:
            raise NotImplementedError
        while (task := self._huey.dequeue()) is not None:
            self._huey.execute(task)
        return self._done

    def waiting(self) -> list[str]:
        """See Side."""
        return [self._huey.deserialize_task(data).args[0] for data in self._huey.storage.enqueued_items()]

    def ended(self) -> None:
        """See Side."""

    def durability(self) -> Any:
        """See Side."""
        asked = (self._huey.storage.conn.execute(f"PRAGMA {name}") for name in ("journal_mode", "synchronous"))
        return [each.fetchone()[0] for each in asked]

    def close(self) -> None:
        """See Side."""
        self._huey.storage.close()
