"""The monitor's loops, round by round: files become jobs, requests are served, ended jobs are cleaned up.

Once a day what was missed is looked for. Each object is for one thread. Several monitors do no harm to each other.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from WardenServer.plugins.common.jobs import forgetting
from WardenServer.plugins.common.jobs.arriving import Arrivals
from WardenServer.plugins.common.jobs.cleaning import Cleaner
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.serving import Serving
from WardenServer.plugins.common.jobs.sweeping import Sweeper, Swept
from WardenServer.plugins.common.problems import Problems

#: Seconds after which files that are no job were missed.
MISSED = 600.0


@dataclass
class Report:
    """What a round has done.

    Args:
        queued: new jobs.
        unsettled: files that may still be written.
        dead: processors that were removed.
        reassigned: jobs that others got.
        failed: jobs whose processors vanished too often.
        raised: requests for jobs that wait.
        refused: requests that cannot be met.
        moved: ended jobs whose files were moved; the row is gone.
        deleted: ended jobs whose files were deleted; the row is gone.
        missing: ended jobs whose files were gone; so is the row.
        lost: new jobs of files whose arrival was missed.
        forgotten: old steps and the like that were removed.
        problems: sentences on what people should put right.
        again: in how many seconds the next round is wanted at the latest; None: at its usual time.
    """

    queued: int = 0
    unsettled: int = 0
    dead: int = 0
    reassigned: int = 0
    failed: int = 0
    raised: int = 0
    refused: int = 0
    moved: int = 0
    deleted: int = 0
    missing: int = 0
    lost: int = 0
    forgotten: int = 0
    problems: list[str] = field(default_factory=list)
    again: float | None = None


class Standard:
    """Jobs of dead processors are given to others, and new files become jobs."""

    def __init__(
        self, jobs: Jobs, database: Database, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._problems = Problems(log)
        self._sweeper = Sweeper(database, jobs, monotonic)
        self._arrivals = Arrivals(jobs, database, self._problems, monotonic)

    def run(self, stopping: threading.Event) -> Report:
        """One round; it ends early when `stopping` is set. Raises Unreachable where the database cannot be used."""
        swept = self._sweeper.sweep()
        self._tell(swept)
        report = Report(dead=len(swept.dead), reassigned=swept.reassigned, failed=swept.failed)
        report.queued = self._arrivals.new(stopping)
        report.unsettled = self._arrivals.unsettled
        times = [swept.again, self._arrivals.settle if report.unsettled else None]
        report.again = min((seconds for seconds in times if seconds is not None), default=None)
        report.problems = self._problems.end()
        return report

    def _tell(self, swept: Swept) -> None:
        if swept.waits:
            self._problems.add(swept.waits)
        if swept.dead:
            given = f"{swept.reassigned} jobs are given to others, {swept.failed} have failed"
            self._problems.log.warning("dead processors: %s; %s", ", ".join(swept.dead), given)


class Priority:
    """What is asked for comes first."""

    def __init__(
        self, jobs: Jobs, database: Database, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._problems = Problems(log)
        self._serving = Serving(jobs, database, self._problems, monotonic)

    def run(self, stopping: threading.Event) -> Report:
        """One round; it ends early when `stopping` is set. Raises Unreachable where the database cannot be used."""
        served = self._serving.serve(stopping)
        again = self._serving.settle if served.unsettled else None
        return Report(
            queued=served.queued, unsettled=served.unsettled, raised=served.raised, refused=served.refused,
            problems=self._problems.end(), again=again,
        )  # fmt: skip


class Cleanup:
    """The files of ended jobs go where they belong; what is old goes."""

    def __init__(
        self, jobs: Jobs, database: Database, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._database, self._problems = jobs, database, Problems(log)
        self._cleaner = Cleaner(jobs, database, self._problems)

    def run(self, stopping: threading.Event) -> Report:
        """One round; it ends early when `stopping` is set. Raises Unreachable where the database cannot be used."""
        report = Report()
        if self._jobs.after != "keep":
            cleaned = self._cleaner.clean(stopping)
            report.moved, report.deleted, report.missing = cleaned.moved, cleaned.deleted, cleaned.missing
        report.forgotten = forgetting.forget_old(self._database, stopping)
        report.problems = self._problems.end()
        return report


class Lost:
    """Once a day: files whose arrival was missed become jobs; where files are kept, rows without files go.

    It takes two rounds, far apart: what is still no job in the second one was missed, and has not just come. `again`
    says when that is wanted. The deferred folder is left alone.
    """

    def __init__(
        self, jobs: Jobs, database: Database, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._database, self._monotonic = jobs, database, monotonic
        self._problems = Problems(log)
        self._arrivals: Arrivals | None = None  # between two rounds; the ids of all jobs are not kept for a day

    def run(self, stopping: threading.Event) -> Report:
        """One round; it ends early when `stopping` is set. Raises Unreachable where the database cannot be used."""
        arrivals = self._arrivals or Arrivals(self._jobs, self._database, self._problems, self._monotonic)
        report = Report(lost=arrivals.missed(stopping), unsettled=arrivals.unsettled)
        if self._jobs.after == "keep" and self._arrivals is None:
            missing = forgetting.forget_vanished(self._jobs, self._database, self._problems, stopping)
            report.missing = missing
        waits = report.unsettled > 0 or arrivals.is_nobody_there
        self._arrivals = arrivals if waits else None
        report.again = MISSED if waits else None
        report.problems = self._problems.end()
        return report
