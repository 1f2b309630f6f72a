"""Cleanup: the files of jobs that have ended go where they belong, and the rows go."""

import logging
import threading
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select

from WardenServer.plugins.common.jobs import steps
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.only_one import only_one
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.storage import make, moving
from WardenServer.plugins.common.jobs.storage.base import Storage
from WardenServer.plugins.common.jobs.tables import jobs
from WardenServer.plugins.common.problems import Problems

#: Rows that go in one transaction.
BATCH = 100
#: So many errors of one kind in a row end a round: a full disk is not tried for each job.
ENOUGH = 10


@dataclass
class Cleaned:
    """How many jobs went: their files were moved, were deleted, or were gone already."""

    moved: int = 0
    deleted: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Ended:
    """A job that has ended, as its row says."""

    number: int
    id: str
    pathname: str


class Cleaner:
    """Cleans up, round by round. For one thread; of several monitors one cleans at a time.

    Files first, then rows: after a crash between the two the files are found where they went. What cannot be moved
    stays, with its row, and the next round goes on behind it.
    """

    def __init__(self, jobs: Jobs, database: Database, problems: Problems) -> None:
        self._jobs, self._database, self._problems = jobs, database, problems
        self._storages = [each for each in (make.standard(jobs), make.deferred(jobs)) if each is not None]
        self._behind = {True: 0, False: 0}  # the number of the last row that was tried, by success
        self._errors: list[int | None] = []  # the last ones in a row, all of one kind

    def clean(self, stopping: threading.Event) -> Cleaned:
        """One round. Raises Unreachable where the database cannot be used."""
        cleaned = Cleaned()
        with only_one(self._database, "cleanup") as is_ours:
            for success in (True, False) if is_ours else ():
                self._errors.clear()
                self._clean(success, cleaned, stopping)
        return cleaned

    def _clean(self, success: bool, cleaned: Cleaned, stopping: threading.Event) -> None:
        to = make.store(self._jobs, success) if self._jobs.after == "move" else None
        while rows := ended(self._database, jobs.c.success == success, self._behind[success], BATCH):
            done: dict[str, Step] = {}
            for row in rows:
                if stopping.is_set() or len(self._errors) >= ENOUGH:
                    break
                self._behind[success] = row.number
                if step := self._try(row, success, to):
                    done[row.id] = step
            self._end(done, to, cleaned)
            if stopping.is_set() or len(self._errors) >= ENOUGH:
                return
        self._behind[success] = 0

    def _try(self, row: Ended, success: bool, to: Storage | None) -> Step | None:
        """What has become of the files of a job; None where they could not be moved."""
        try:
            step = self._tidy(row, success, to)
        except (OSError, ValueError) as error:
            self._keep(row.id, error)
            return None
        self._errors.clear()
        return step

    def _keep(self, id: str, error: Exception) -> None:
        kind = error.errno if isinstance(error, OSError) else None
        if self._errors and self._errors[-1] != kind:
            self._errors.clear()
        self._errors.append(kind)
        self._problems.add(f"the files of {id!r} cannot be cleaned up, and stay with their job: {error}", logging.ERROR)
        if len(self._errors) == ENOUGH:
            self._problems.add(f"cleanup stops after {ENOUGH} errors in a row, and goes on behind them next time")

    def _tidy(self, row: Ended, success: bool, to: Storage | None) -> Step:
        found = make.locate(self._jobs, row.id, row.pathname)
        found = found or make.cut_short(self._jobs, row.id, row.pathname, success)
        if found is None:
            self._problems.log.warning("%s wasn't found for cleanup", row.id if row.id.isprintable() else ascii(row.id))
            return Step.MISSING
        if to is None:
            moving.delete(found)
        else:
            moving.move(found, to, self._jobs)
        for storage in self._storages:
            if found.paths[0].is_relative_to(storage.root):
                storage.gone(row.id)
        return Step.DELETED if to is None else Step.MOVED

    def _end(self, done: dict[str, Step], to: Storage | None, cleaned: Cleaned) -> None:
        """Remove rows. One that somebody has begun anew meanwhile stays."""
        went = remove(self._database, done, f"to {to.root}" if to is not None else "")
        cleaned.moved += sum(done[id] is Step.MOVED for id in went)
        cleaned.deleted += sum(done[id] is Step.DELETED for id in went)
        cleaned.missing += sum(done[id] is Step.MISSING for id in went)
        for id in done.keys() - went:
            self._problems.add(f"{id!r} was begun again while its files were cleaned up ({done[id]})")


def ended(database: Database, which: ColumnElement[bool], behind: int, most: int) -> list[Ended]:
    """Some jobs that have ended, in the order of their numbers, from behind one on. `which`: of a row of `jobs`."""
    query = select(jobs.c.id, jobs.c.uuid, jobs.c.pathname).where(which, jobs.c.id > behind)
    with database.reading() as connection:
        return [Ended(*row) for row in connection.execute(query.order_by(jobs.c.id).limit(most))]


def remove(database: Database, ids: dict[str, Step], reason: str = "") -> set[str]:
    """Remove the rows of jobs that have ended, with the step that is the cause; the ids of those that went."""
    if not ids:
        return set()
    with database.writing() as connection:
        gone = delete(jobs).where(jobs.c.uuid.in_(list(ids)), jobs.c.success.is_not(None)).returning(jobs.c.uuid)
        went = set(connection.scalars(gone))
        for step in set(ids.values()):
            those = [id for id in ids if id in went and ids[id] is step]
            steps.note(connection, step, those, _REASONS.get(step, reason))
    return went


_REASONS = {Step.MISSING: "its files are gone", Step.DELETED: "the job has ended"}
