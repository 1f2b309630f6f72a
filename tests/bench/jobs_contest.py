"""The same jobs queued, taken and done by one side; all must be there, and each done once, or there is no figure."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.figure import Run
from tests.bench.jobs_sides import ask, side
from tests.bench.servers import free_port
from tests.system.postgresql import PostgreSQL
from WardenServer.errors import WardenError
from WardenServer.machine.child import Child, wait_until

#: Seconds that all workers may take to begin, and to end.
_BEGIN, _END = 30.0, 200.0
#: What `durability` must say: WAL and "normal" of SQLite; of PostgreSQL a log of all tables, for which a commit waits.
_DURABLE = {True: ["wal", 1], False: ["on", "on", 0]}


class Server(PostgreSQL):
    """The PostgreSQL of the tests, but a commit waits for the disk, as Debian sets it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(free_port(), folder)
        self.command.append("--fsync=on")


class Worker(Child):
    """A worker in a process of its own, which begins when the file `go` is there; see `main`."""

    def __init__(self, name: str, url: str, number: int, batch: int, folder: Path) -> None:
        self._said = folder / f"{number}.json"
        given = [name, url, str(number), str(batch), str(folder)]
        command = [sys.executable, "-m", "tests.bench.jobs_contest", *given]
        super().__init__(f"worker {number} of {name}", command, folder / f"{number}.out")

    def answers(self) -> bool:
        """See Child."""
        return self._said.with_suffix(".ready").exists()

    def result(self) -> dict[str, Any]:
        """What it has done. Raises WardenError."""
        if not wait_until(lambda: not self.alive, _END) or self.code != 0:
            raise WardenError(f"{self.name} has not done its work: {self.last_line()}; nothing is compared")
        return dict(json.loads(self._said.read_text(encoding="utf-8")))


def names(number: int) -> list[str]:
    """The ids of so many jobs."""
    return [f"scan{place // 1000:04}/image_{place:06}" for place in range(number)]


def queue(folder: Path, name: str, postgresql: bool, number: int, batch: int) -> Run:
    """Microseconds to queue a job, and of this process's CPU in them."""
    ids = names(number)
    with _place(folder, postgresql) as url, closing(side(name, url)) as queued:
        queued.prepare(1)
        began, cpu = time.perf_counter(), time.process_time()
        queued.queue(ids, batch)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        once(queued.waiting(), ids)
        _durable(queued.durability(), postgresql)
    return {"wall": 1e6 * wall / number, "cpu": 1e6 * cpu / number}


def work(folder: Path, name: str, postgresql: bool, number: int, batch: int, workers: int) -> Run:
    """Microseconds until the next job is taken and done by one of the workers, from the first one's begin to the last
    one's end."""
    ids = names(number)
    with _place(folder, postgresql) as url, closing(side(name, url)) as queued:
        queued.prepare(workers)
        queued.queue(ids, 1000)
        if postgresql:
            ask(url, "VACUUM ANALYZE", "SELECT 1")  # as the server does it itself, some time after so many are queued
        results = _run([Worker(name, url, each, batch, folder) for each in range(workers)], folder)
        once([id for each in results for id in each["done"]], ids)
        once(queued.waiting(), [])
        if queued.ended() not in (number, None):
            raise WardenError(f"{name} has written down {queued.ended()} of {number} jobs as done; nothing is compared")
        _durable(queued.durability(), postgresql)
    began, ended = min(each["began"] for each in results), max(each["ended"] for each in results)
    return {"wall": 1e6 * (ended - began) / number, "cpu": 1e6 * sum(each["cpu"] for each in results) / number}


def _run(workers: Sequence[Worker], folder: Path) -> list[dict[str, Any]]:
    try:
        for each in workers:
            each.launch()
        if not wait_until(lambda: all(each.answers() for each in workers), _BEGIN):
            raise WardenError(f"a worker does not begin: {workers[0].last_line()}; nothing is compared")
        (folder / "go").touch()
        return [each.result() for each in workers]
    finally:
        for each in workers:
            each.stop()


@contextmanager
def _place(folder: Path, postgresql: bool) -> Iterator[str]:
    """The URL of a database without tables."""
    if not postgresql:
        yield f"sqlite:///{folder / 'jobs.db'}"
        return
    with Server(folder) as server:
        yield server.url


def once(found: Sequence[str], ids: Sequence[str]) -> None:
    """Raises WardenError where an id is missing, is there twice, or is not one of these."""
    wrong = Counter(found)
    wrong.subtract(ids)
    if several := [id for id, count in wrong.items() if count]:
        raise WardenError(f"{len(several)} jobs were not there once, such as {several[0]}; nothing is compared")


def _durable(said: Any, postgresql: bool) -> None:
    if said != _DURABLE[not postgresql]:
        raise WardenError(f"a commit outlives less, or more, than that of others ({said}); nothing is compared")


def main(name: str, url: str, number: str, batch: str, folder: str) -> None:
    """Be a worker."""
    said = Path(folder, f"{number}.json")
    with closing(side(name, url)) as queued:
        queued.open(int(number))
        said.with_suffix(".ready").touch()
        if not wait_until(Path(folder, "go").exists, _BEGIN):
            raise WardenError("nobody says go")
        began, cpu = time.perf_counter(), time.process_time()
        done = queued.work(int(batch))
        ended = {"began": began, "ended": time.perf_counter(), "cpu": time.process_time() - cpu}
    said.write_text(json.dumps({**ended, "done": done}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
