"""A round over the requests: jobs that wait get a higher priority, files that are there become urgent jobs."""

import errno
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Row, delete, func, select, update

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.jobs import processors, queueing, requests, steps
from WardenServer.plugins.common.jobs.arriving import NOBODY
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair, ProcessorGone
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.storage import make
from WardenServer.plugins.common.jobs.storage.base import Found, Storage, found_at, is_there
from WardenServer.plugins.common.jobs.storage.steady import Steady, settling
from WardenServer.plugins.common.jobs.tables import jobs, priorityjobs
from WardenServer.plugins.common.jobs.times import text_of
from WardenServer.plugins.common.problems import Problems


@dataclass
class Served:
    """How many requests were met by a job that waits, or by files; were refused; wait for files that settle."""

    raised: int = 0
    queued: int = 0
    refused: int = 0
    unsettled: int = 0


class Serving:
    """Serves requests, round by round. For one thread."""

    def __init__(
        self, jobs: Jobs, database: Database, problems: Problems, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._database, self._problems, self._monotonic = jobs, database, problems, monotonic
        self._storages = [each for each in (make.standard(jobs), make.deferred(jobs)) if each is not None]
        self._steady = Steady(settling(jobs.storage))
        self._live: list[int] = []
        self._owners: Iterator[int] = iter(())
        self._served = Served()

    @property
    def settle(self) -> float:
        """In how many seconds what has not settled may have done so."""
        return self._steady.settle

    def serve(self, stopping: threading.Event) -> Served:
        """Serve each request, in a transaction of its own. Raises Unreachable where the database cannot be used."""
        self._served = Served()
        self._steady.begin_walk()
        if asked := requests.asked(self._database):
            self._look_for_processors()
        for id in asked:
            if stopping.is_set():
                return self._served
            self._try(id)
        self._steady.end_walk()
        return self._served

    def _look_for_processors(self) -> None:
        with self._database.reading() as connection:
            live = processors.live(connection, self._jobs.check_in)
        if live != self._live:
            self._live, self._owners = live, queueing.in_turn(live)

    def _try(self, id: str) -> None:
        """Serve one. Whatever is wrong with it does not keep the others waiting."""
        try:
            if not self._in_jobs(id):
                self._in_storages(id)
        except ProcessorGone:  # the next round chooses among those that are there then
            pass
        except (OSError, ValueError) as error:
            with self._database.writing():  # the database itself is well, or this is the end
                pass
            self._problems.add(f"the request for {id[:100]!r} cannot be served, and stays: {error}", logging.ERROR)

    # -- first place: the jobs

    def _in_jobs(self, id: str) -> bool:
        """Serve it if there is such a job."""
        with self._database.writing() as connection:
            row = connection.execute(select(jobs).where(jobs.c.uuid == id).with_for_update()).one_or_none()
            if row is not None and _remove(connection, id):
                self._raise(connection, row)
        return row is not None

    def _raise(self, connection: Connection, row: Row[tuple[object, ...]]) -> None:
        if why := _too_late(row):
            steps.note(connection, Step.REFUSED, [row.uuid], f"asked for, but {why}")
            self._served.refused += 1
            return
        priority = func.coalesce(jobs.c.priority, 0) + 1
        connection.execute(update(jobs).where(jobs.c.id == row.id).values(priority=priority))
        steps.note(connection, Step.URGENT, [row.uuid], f"asked for; its priority is {(row.priority or 0) + 1}")
        self._served.raised += 1

    # -- second and third place: the files

    def _in_storages(self, id: str) -> None:
        if not self._live:
            self._problems.add(NOBODY, logging.CRITICAL)
            return
        for storage in self._storages:
            paths = _paths(storage, id)
            there = [_is_there(path) for path in paths]
            if there and there[0]:
                self._queue(storage, found_at(id, paths), all(there))
                return
            _check_root(storage)
        self._refuse(id)

    def _queue(self, storage: Storage, found: Found, is_complete: bool) -> None:
        if not is_complete:
            self._problems.add(f"{found.id!r} is asked for, but not all of its files are there; the request stays")
            return
        pair = self._steady.settled(found, storage.pathname(found.id), self._monotonic())
        if pair is None:
            self._served.unsettled += 1
        elif self._queue_one(pair, f"asked for; its files are in {storage.root}"):
            storage.taken(found.id)

    def _queue_one(self, pair: Pair, reason: str) -> bool:
        """Whether it is a job now; if somebody has made it one meanwhile the next round raises that."""
        with self._database.writing() as connection:
            if not queueing.queue_in(connection, [pair], self._owners, 1, reason):
                return False
            _remove(connection, pair.id)
        self._served.queued += 1
        return True

    def _refuse(self, id: str) -> None:
        with self._database.writing() as connection:
            if not _remove(connection, id):
                return
            steps.note(connection, Step.REFUSED, [id], "asked for, but there is no such job, and there are no files")
        self._served.refused += 1
        self._problems.log.error("priority uuid %s was never found", id if id.isprintable() else ascii(id))


def _remove(connection: Connection, id: str) -> bool:
    """Whether the request was still there."""
    return connection.execute(delete(priorityjobs).where(priorityjobs.c.uuid == id)).rowcount == 1


def _too_late(row: Row[tuple[object, ...]]) -> str:
    if row.success is not None:
        how = "done" if row.success else "failed"
        return f"it has {how} at {_at(row.completeddatetime)}"
    return f"it runs since {_at(row.starteddatetime)}" if row.starteddatetime is not None else ""


def _at(unix: float | None) -> str:
    return "an unknown time" if unix is None else f"{text_of(unix)[:19]} UTC"


def _paths(storage: Storage, id: str) -> tuple[Path, ...]:
    try:
        return storage.paths(id)
    except ValueError:  # it can be no id of this storage
        return ()


def _is_there(path: Path) -> bool:
    try:
        return is_there(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def _check_root(storage: Storage) -> None:
    """Nobody can say that files are nowhere while a file system is away."""
    if not storage.root.is_dir():
        raise Unreachable(f"the folder {storage.root} is not there; mount it, or correct [jobs]")
