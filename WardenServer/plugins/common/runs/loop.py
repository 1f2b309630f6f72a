"""The work of the agent run_differ: it looks at new runs in their order, writes down what changed, and tells people."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from WardenServer.errors import NoData, Unreachable
from WardenServer.plugins.common.runs import comparing, configuration, differences, finding, golden, progress, url_log
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.finding import Found
from WardenServer.plugins.common.runs.opening import open_source, open_store
from WardenServer.plugins.common.runs.progress import Progress
from WardenServer.plugins.common.runs.source import Run, Side, Source
from WardenServer.plugins.common.runs.store import Store
from WardenServer.plugins.common.runs.telling import Tell, Teller

#: Most runs that are looked at in one round.
MOST = 50
#: Seconds in which an outage keeps the sentence that it began with: one line in the log.
STEADY = 600.0


@dataclass(frozen=True)
class Seen:
    """What a round has seen.

    Args:
        run: the newest one, whether it was looked at or not.
        difference: the newest one.
        golden: the run that others are measured by.
        distance: how many parameters of the newest run that was looked at differ from the golden one.
        unreadable: how many parameters could not be read in the one compared last; None: none was since the start.
        problem: what people should put right, else "".
        more: whether there is more to do at once.
    """

    run: Run | None
    difference: Difference | None
    golden: int | None
    distance: int | NoData
    unreadable: int | None
    problem: str
    more: bool


class Loop:
    """Round after round, for one thread. What it has done is in the store: a restart goes on there."""

    def __init__(
        self,
        runs: Runs,
        store: Store,
        source: Source,
        log: logging.Logger,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runs, self.store, self.source = runs, store, source
        self._log, self._clock, self._monotonic = log, clock, monotonic
        self._teller = Teller(store, source.name, runs.link, monotonic)
        self._progress: Progress | None = None  # None: it is to be read
        self._newest: Difference | None = None
        self._unreadable: int | None = None
        self._distance: tuple[tuple[int, int], int | NoData] | None = None
        self._is_logged = False  # the file of addresses has all that there are
        self._problem = ""
        self._outage: tuple[str, float] | None = None

    def run(self, stopping: threading.Event, tell: Tell) -> Seen:
        """One round; it ends early when `stopping` is set.

        Raises:
            Unreachable: a database cannot be used. The next round goes on where this one ended.
        """
        try:
            seen = self._run(stopping, tell)
        except Unreachable as error:
            self._progress = None
            raise Unreachable(self._steady(str(error))) from None
        except BaseException:
            self._progress = None
            raise
        self._outage = None
        return seen

    def close(self) -> None:
        """Let go of the databases."""
        self.source.close()
        self.store.close()

    def _run(self, stopping: threading.Event, tell: Tell) -> Seen:
        if self._progress is None:
            self._progress, self._is_logged = progress.read(self.store, self.source.name), False
        newest = next(iter(self.source.newest(1)), None)
        more_runs = self._look(self._progress, newest, stopping)
        if not self._is_logged:
            self._note_newest()
        more = self._teller.tell(tell) or more_runs
        best = golden.golden(self.store, self.source.name)
        return Seen(newest, self._newest, best, self._measure(best), self._unreadable, self._problem, more)

    # -- new runs

    def _look(self, now: Progress, newest: Run | None, stopping: threading.Event) -> bool:
        """Look at those that are due; whether there may be more."""
        if newest is None or (now.looked is not None and newest.number <= now.looked):
            return False
        if now.looked is None:
            ready = next((run for run in self.source.newest(MOST) if run.is_ready), None)
            if ready is not None:
                self._keep(finding.begin(self.source, ready))
            return False
        runs = self.source.after(now.looked, MOST)
        last = max([newest.number, *(run.number for run in runs)])
        for run in runs:
            if stopping.is_set() or not (run.is_ready or run.number < last):  # the newest may still become ready
                return False
            assert self._progress is not None
            self._keep(finding.find(self.source, self.runs.rules, self._progress, run, self._clock()))
        return len(runs) == MOST

    def _keep(self, found: Found) -> None:
        with self.store.writing() as connection:
            for each in found.differences:
                differences.record(connection, self.source.name, each)
            progress.write(connection, self.source.name, found.progress)
        self._progress = found.progress
        self._unreadable = self._unreadable if found.unreadable is None else found.unreadable
        if found.differences:
            self._is_logged = False
        for base in found.gone:
            self._log.warning("run %d is gone; run %s takes its place", base, found.progress.looked)

    # -- what is said of it

    def _note_newest(self) -> None:
        """Keep the newest difference, and bring the file of addresses up to date."""
        newest = differences.newest(self.store, self.source.name, url_log.DIFFERENCES)
        self._newest = newest[0] if newest else None
        problem = ""
        if (path := self.runs.log) is not None:
            try:
                url_log.add(path, url_log.lines(newest, self.runs.link))
            except OSError as error:
                cure = "correct its rights, make room, or correct log in [runs]"
                problem = f"the log of addresses {path} cannot be written ({error.strerror}); {cure}"
        if problem and problem != self._problem:
            self._log.warning("%s", problem)
        self._problem, self._is_logged = problem, not problem

    def _measure(self, best: int | None) -> int | NoData:
        """The distance of the run that was looked at last to the golden one."""
        looked = self._progress.looked if self._progress is not None else None
        if best is None or looked is None:
            return NoData("no run was declared golden" if best is None else "there is no run yet")
        if self._distance is None or self._distance[0] != (best, looked):
            self._distance = (best, looked), self._compare(best, looked)
        return self._distance[1]

    def _compare(self, best: int, looked: int) -> int | NoData:
        try:
            found = comparing.compare(self.source, self.runs.rules, Side(best), Side(looked))
        except comparing.NotComparable as error:
            return NoData(str(error))
        return sum(len(change.partitions) for change in found.changes)

    def _steady(self, sentence: str) -> str:
        """The sentence on an outage: a server that comes back refuses in several ways."""
        now = self._monotonic()
        if self._outage is None or now - self._outage[1] > STEADY:
            self._outage = sentence, now
        return self._outage[0]


def open_loop(table: Mapping[str, Any], log: logging.Logger) -> Loop:
    """The loop for a table [runs]. Nothing is connected to yet. Raises SettingError, and ImportError without a
    library."""
    runs = configuration.read(table)
    store = open_store(runs)
    return Loop(runs, store, open_source(runs, store), log)
