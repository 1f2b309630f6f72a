"""Monitor and worker as programs, and what may happen to their database, their folders and their files meanwhile."""

import itertools
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from tests.conftest import wait_for
from tests.contract.databases import empty
from tests.system.conftest import free_port
from tests.system.jobs.work_place import Place
from tests.system.postgresql import PostgreSQL, is_there
from WardenServer.machine.child import Child
from WardenServer.plugins.common.jobs import claiming, configuration, processors, queueing
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.rounds import Cleanup, Standard
from WardenServer.plugins.common.jobs.storage import steady
from WardenServer.plugins.common.jobs.storage.steady import signature
from WardenServer.plugins.common.jobs.tables import job_steps, jobs, priorityjobs
from WardenServer.servers.database import PATIENCE

#: Seconds within which processors check in, where they are to be silent for longer.
SILENT = 1.5
log = logging.getLogger("test")
MakePlace = Callable[..., "Site"]


class Site(Place):
    """With a monitor, too."""

    def monitor(self) -> Child:
        """It looks each second."""
        delays = [f"--{each}LoopDelay=1" for each in ("standard", "cleanupJobs", "priority")]
        made = Child("monitor", [*self._command("monitor"), *delays, f"--logFilePathname={self.log}",
                                 "--logFileErrorLoggingLevel=20"], self._folder / "monitor.out")  # fmt: skip
        made.patience = 15.0
        self._stack.callback(made.stop)
        made.launch()
        return made

    @property
    def log(self) -> Path:
        return self._folder / "monitor.log"

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def arrive(self, id: str, root: Path | None = None) -> None:
        for suffix in self.jobs.suffixes:
            path = Path(f"{root or self.root}/{id}{suffix}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{id}{suffix}")

    def wait_steps(self, id: str, last: str, limit: float = 30.0) -> list[str]:
        """The steps of a job once this one is there."""
        what = f"for {last} of {id!r}: {self.said()[-3000:]}"
        wait_for(lambda: self.steps(id)[-1:] == [last], limit, what)
        return self.steps(id)

    def prioritize(self, *ids: str) -> "subprocess.CompletedProcess[str]":
        command = [*self._command("prioritize"), "--", *ids]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-P", "-m", "WardenServer", "jobs", name, "-c", str(self._folder / "warden.toml")]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakePlace]:
    with ExitStack() as stack:
        yield lambda **said: Site(tmp_path, stack, **{"pattern": "**", "after": "move", **said})


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """Of a database that is empty; "" for a file."""
    if not server:
        yield ""
        return
    with empty(server, Path("jobs")) as made:
        yield made


@contextmanager
def somebody(site: Site, url: str, in_sqlite: str, in_postgresql: str) -> Iterator[None]:
    """Somebody else, who has run a statement and has not ended the transaction."""
    connection: Any = psycopg.connect(url) if url else sqlite3.connect(site.database.path or "", isolation_level=None)
    with closing(connection):
        for statement in (in_postgresql if url else in_sqlite).split("; "):
            connection.execute(statement)
        yield
        connection.rollback()


def test_a_transaction_that_keeps_all_others_from_writing(url: str, make: MakePlace) -> None:
    """It lasts longer than anybody waits for it, and than processors may be silent."""
    assert PATIENCE > 2 * SILENT
    site = make(url=url, check_in=SILENT)
    monitor, worker = site.monitor(), site.work("--command", "echo {id}", "-n", "2")
    site.arrive("before")
    site.wait_steps("before", "moved")
    with somebody(site, url, "BEGIN IMMEDIATE", "LOCK TABLE jobs, processors IN EXCLUSIVE MODE"):
        site.arrive("meanwhile")
        wait_for(lambda: "cannot be used" in site.said(), 30, site.said())
        worker.wait_log("cannot check in")
    site.arrive("after")
    for id in ("meanwhile", "after"):
        assert site.wait_steps(id, "moved") == ["queued", "started", "succeeded", "moved"]
    assert (monitor.alive, worker.alive) == (True, True)
    assert worker.log().count("cannot check in") == 1
    assert "taken for dead" not in worker.log()
    assert len(site.processors()) == 1


def test_a_transaction_that_is_forgotten_holds_nobody_up(url: str, make: MakePlace) -> None:
    """In SQLite one that reads; in PostgreSQL one that has changed a job, which waits for it as the only one."""
    site = make(url=url)
    site.work("--command", "cat {json}", "-n", "1")
    site.queue("held")
    site.wait("held")
    change = "UPDATE jobs SET message = 'x' WHERE uuid = 'held'"
    with somebody(site, url, "BEGIN; SELECT * FROM jobs", change):
        site.monitor()
        for id in ("one", "two"):
            site.arrive(id)
        for id in ("one", "two"):
            wait_for(lambda id=id: "succeeded" in site.steps(id), 30, site.said())
        if not url:
            site.wait_steps("held", "moved")
    for id in ("held", "one", "two"):
        site.wait_steps(id, "moved")


def test_a_postgresql_that_is_away_for_a_while(make: MakePlace, tmp_path: Path) -> None:
    """It is killed, and started again: monitor and worker go on, and what ended meanwhile is not done again."""
    if not is_there():
        pytest.skip("PostgreSQL is not installed")
    go = tmp_path / "go"
    os.mkfifo(go)
    with PostgreSQL(free_port(), tmp_path / "server") as server:
        site = make(url=server.url, check_in=5.0)
        monitor = site.monitor()
        worker = site.work("--command", f"""sh -c 'test "$1" != long || cat {go}' - {{id}}""", "-n", "2")
        site.arrive("long")
        wait_for(lambda: "started" in site.steps("long"), 30, site.said())
        assert server.pid is not None
        os.killpg(server.pid, signal.SIGQUIT)  # as by kill -9, but that its shared memory goes
        wait_for(lambda: not server.alive, 20)
        go.write_text("done while it was away")
        site.arrive("meanwhile")
        worker.wait_log("results wait")
        wait_for(lambda: "cannot be used" in site.said(), 30)
        (tmp_path / "server" / "data" / "postmaster.pid").unlink(missing_ok=True)
        server.start()
        assert site.wait_steps("long", "moved") == ["queued", "started", "succeeded", "moved"]
        assert site.wait_steps("meanwhile", "moved") == ["queued", "started", "succeeded", "moved"]
        assert (monitor.alive, worker.alive) == (True, True)
        assert "well again" in site.said()
        assert worker.end() == 0
        monitor.stop()
        site.database.close()


ODD = ["it's \"quoted\"; DROP TABLE jobs", "new\nline", "deep/er/\u00e9\u4e2d\U0001f600", "%s {id} $HOME", "-rf", " ",
       "x" * 240]  # fmt: skip
TOO_LONG = "/".join(["y" * 100] * 3)


def test_odd_ids_the_whole_way(url: str, make: MakePlace, tmp_path: Path) -> None:
    """From the folder to where they go, half of them deferred until somebody asks; and requests as people make them."""
    deferred = tmp_path / "deferred"
    site = make(url=url, deferred=str(deferred))
    deferred.mkdir()
    for id in (*ODD, TOO_LONG):
        site.arrive(id)
    wanted = [f"{id}later" for id in ODD]
    for id in (*wanted, "not asked for"):
        site.arrive(id, deferred)
    site.work("--command", f"{sys.executable} -I -S -c 'import sys; print(sys.argv[1:])' {{id}} {{json}}", "-n", "2")
    monitor = site.monitor()
    said = site.prioritize(*wanted, *wanted, "unknown", "unknown", TOO_LONG, "../../etc/passwd")
    assert said.returncode == 2
    assert TOO_LONG[:40] in said.stderr
    for id in (*ODD, *wanted):
        site.wait_steps(id, "moved")
        root = deferred if id in wanted else site.root
        with site.database.reading() as connection:
            of = select(job_steps.c.reason).where(job_steps.c.uuid == id, job_steps.c.step == "succeeded")
            assert connection.scalars(of).one() == str([id, f"{root}/{id}.json"])
    for id in ("unknown", "../../etc/passwd"):
        assert site.wait_steps(id, "refused") == ["refused"]
    assert monitor.alive
    moved = {path.relative_to(site.state / "successful") for path in (site.state / "successful").rglob("*.json")}
    assert moved == {Path(f"{id}.json") for id in (*ODD, *wanted)}
    assert {path.name for path in site.root.rglob("*.*")} == {f"{'y' * 100}.json", f"{'y' * 100}.dump"}
    assert {path.name for path in deferred.rglob("*.*")} == {"not asked for.json", "not asked for.dump"}
    with site.database.reading() as connection:
        assert [connection.scalar(select(func.count()).select_from(each)) for each in (jobs, priorityjobs)] == [0, 0]
    assert "is left out: it has more than 255 characters" in site.said()


# -- folders that files go to


class Disk:
    """A disk of 300 kB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def full(self) -> None:
        with suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    def read_only(self) -> None:
        self._remount("ro")

    def away(self) -> None:
        subprocess.run(["umount", self.folder], check=True)
        self.folder.rmdir()
        self.folder.touch()

    def well(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True) if os.access(self.folder, os.W_OK) else self._remount("rw")

    def back(self) -> None:
        self.folder.unlink()
        self.folder.mkdir()
        self.mount()

    def mount(self) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", self.folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    made.folder.mkdir()
    if not made.mount():
        pytest.skip("no right to mount a small disk")
    yield made
    subprocess.run(["umount", "-l", made.folder], check=True)


@pytest.mark.parametrize(
    ("break_it", "mend", "said"),
    [(Disk.full, Disk.well, "No space left"), (Disk.read_only, Disk.well, "Read-only"), (Disk.away, Disk.back, "")],
    ids=["full", "read-only", "away"],
)  # fmt: skip
def test_a_disk_that_takes_no_files(
    tmp_path: Path, disk: Disk, break_it: Callable[[Disk], None], mend: Callable[[Disk], None], said: str
) -> None:
    """All files and rows stay, nothing half is left; and all of them go when it is well again."""
    (tmp_path / "in").mkdir()
    table = {"storage": str(tmp_path / "in"), "folder": str(tmp_path / "state"), "after": "move"}
    settings = configuration.read({**table, "successful": str(disk.folder)})
    with closing(Database(settings.url)) as database:
        paths = _done(settings, database, 12)
        cleanup = Cleanup(settings, database, log)
        break_it(disk)
        report = cleanup.run(threading.Event())
        assert report.moved == 0
        assert any(said in problem for problem in report.problems), report.problems
        assert all(path.read_bytes() == 500 * path.name.encode() for path in paths)
        assert _count(database) == 12
        assert disk.folder.is_file() or not [path for path in disk.folder.rglob("*") if "filler" not in path.name]
        mend(disk)
        moved = sum(cleanup.run(threading.Event()).moved for _ in range(2))  # it goes on where it stopped
        assert moved == 12
        assert not any(path.exists() for path in paths)
        assert all((disk.folder / path.name).read_bytes() == 500 * path.name.encode() for path in paths)
        assert _count(database) == 0


def _done(settings: configuration.Jobs, database: Database, count: int) -> list[Path]:
    """Jobs that are done, each with files that do not fit into the last room of a disk."""
    worker, pairs, made = processors.register(database, "worker"), [], []
    for number in range(count):
        paths = [settings.storage / f"{number}{suffix}" for suffix in settings.suffixes]
        for path in paths:
            path.write_bytes(500 * path.name.encode())
        pairs.append(Pair(str(number), f"{settings.storage}/{number}", signature(paths)))
        made += paths
    queueing.queue(database, pairs, itertools.cycle([worker.id]))
    claims = claiming.claim(database, worker, count)
    assert claiming.finish(database, worker, [Outcome(claim, True) for claim in claims]) == []
    return made


def _count(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(jobs)) or 0


# -- the clock


@pytest.mark.parametrize("step", [86_400.0, 400.0, -400.0, -86_400.0])
def test_the_clock_of_the_machine_steps(tmp_path: Path, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a job runs: nobody is taken for dead, its result counts, and new files become jobs once the processor has
    said that it is alive."""
    monkeypatch.setattr(steady, "SETTLE", 0.0)
    (tmp_path / "in").mkdir()
    settings = configuration.read({"storage": str(tmp_path / "in"), "folder": str(tmp_path / "state")})
    clock, ours = [2e9], [1000.0]
    with closing(Database(settings.url, lambda: clock[0])) as database:
        round = Standard(settings, database, log, lambda: ours[0])

        def look() -> int:
            clock[0], ours[0] = clock[0] + 10.0, ours[0] + 10.0
            report = round.run(threading.Event())
            assert (report.dead, report.reassigned, report.failed) == (0, 0, 0)
            return report.queued

        worker, other = processors.register(database, "worker"), processors.register(database, "other")
        _write(settings, "first")
        assert [look(), look()] == [0, 1]
        [claim] = claiming.claim(database, worker, 5)
        clock[0] += step
        _write(settings, "second")
        assert [look(), look()] == [0, 0]
        assert claiming.finish(database, worker, [Outcome(claim, True)]) == []
        assert processors.check_in(database, worker)
        assert processors.check_in(database, other)
        assert sum(look() for _ in range(3)) == 1
        claims = [claim for each in (worker, other) for claim in claiming.claim(database, each, 5)]
        assert [claim.id for claim in claims] == ["second"]


def _write(settings: configuration.Jobs, id: str) -> None:
    for suffix in settings.suffixes:
        (settings.storage / f"{id}{suffix}").write_text(json.dumps(id))
