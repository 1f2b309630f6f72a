"""A folder with files, a database of jobs, and workers on them."""

import itertools
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from tests.conftest import wait_for
from WardenServer.machine.child import Child
from WardenServer.plugins.common.jobs import configuration, queueing
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.storage.steady import signature
from WardenServer.plugins.common.jobs.tables import job_steps, jobs, processors


class Worker(Child):
    """`warden jobs work`."""

    patience = 15.0

    def log(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait_log(self, text: str, limit: float = 20.0) -> None:
        wait_for(lambda: text in self.log(), limit, f"for {text!r} in {self.log()}")

    def end(self, *signals: int) -> int | None:
        """Tell it to end, and wait for that; its exit code."""
        for number in signals or (signal.SIGTERM,):
            self.tell(number)
        wait_for(lambda: not self.alive, 30, f"for its end: {self.log()}")
        return self.code


class Place:
    def __init__(self, folder: Path, stack: ExitStack, url: str = "", **said: Any) -> None:
        self.root, self.state, self._folder = folder / "in", folder / "state", folder
        self.root.mkdir()
        self._stack, self._numbers = stack, itertools.count(1)
        table = {"storage": str(self.root), "folder": str(self.state), "check_in": 60.0, **said}
        table |= {"url": url} if url else {}
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        (folder / "warden.toml").write_text("\n".join(["[jobs]", *lines]))
        self.jobs = configuration.read(table)
        self.database = Database(self.jobs.url)
        stack.callback(self.database.close)

    def work(self, *arguments: str, limit: float = 20.0) -> Worker:
        """A worker that has registered."""
        before, worker = len(self.processors()), self.launch(*arguments)
        wait_for(lambda: len(self.processors()) > before or not worker.alive, limit, worker.log())
        assert worker.alive, worker.log()
        return worker

    def launch(self, *arguments: str) -> Worker:
        command = [sys.executable, "-m", "WardenServer", "jobs", "work", "-c", str(self._folder / "warden.toml")]
        output = self._folder / f"worker{next(self._numbers)}.log"
        worker = Worker("worker", [*command, *arguments], output, {"PYTHONPATH": f"{self._folder}:{_here()}"})
        self._stack.callback(self._end, worker)
        worker.launch()
        return worker

    def _end(self, worker: Worker) -> None:
        if worker.alive:
            worker.tell(signal.SIGCONT)
            worker.tell(signal.SIGTERM)
            worker.tell(signal.SIGTERM)
        worker.stop()

    def queue(self, *ids: str) -> None:
        """Make files, and jobs of them."""
        self.put(self.files(*ids))

    def put(self, pairs: Sequence[Pair]) -> None:
        """Make jobs, of all processors that there are, in turn."""
        queueing.queue(self.database, pairs, itertools.cycle([row.id for row in self.processors()]))

    def files(self, *ids: str) -> list[Pair]:
        pairs = []
        for id in ids:
            paths = [Path(f"{self.root}/{id}{suffix}") for suffix in self.jobs.suffixes]
            paths[0].parent.mkdir(parents=True, exist_ok=True)
            for path in paths:
                path.write_text("{}")
            pairs.append(Pair(id, f"{self.root}/{id}", signature(paths)))
        return pairs

    # -- what is in the database

    def processors(self) -> Sequence[Any]:
        with self.database.reading() as connection:
            return connection.execute(select(processors).order_by(processors.c.id)).all()

    def rows(self, table: Any = jobs) -> Sequence[Any]:
        with self.database.reading() as connection:
            return connection.execute(select(table).order_by(table.c.id)).all()

    def row(self, id: str) -> Any:
        return next(row for row in self.rows() if row.uuid == id)

    def steps(self, id: str) -> list[str]:
        return [row.step for row in self.rows(job_steps) if row.uuid == id]

    def wait(self, id: str, limit: float = 30.0) -> Any:
        """The row of a job once that has ended."""
        wait_for(lambda: self.row(id).success is not None, limit, f"for the end of {id}: {self.row(id)}")
        return self.row(id)

    def wait_all(self, ids: Iterable[str], limit: float = 60.0) -> None:
        for id in ids:
            self.wait(id, limit)

    def wait_started(self, id: str) -> None:
        wait_for(lambda: self.row(id).starteddatetime is not None, 20, f"for the start of {id}")

    def take_away(self, dead: int, heir: int) -> None:
        """What the monitor does with a processor that is dead."""
        with self.database.writing() as connection:
            open_ones = jobs.c.owner == dead
            connection.execute(update(jobs).where(open_ones).values(starteddatetime=None, token=None, owner=heir))
            connection.execute(delete(processors).where(processors.c.id == dead))


def _here() -> Path:
    return Path(__file__).parents[3]
