"""A loop of the monitor as an agent runs it: round after round, and what asks for the next one early."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Protocol

from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.rounds import Report
from WardenServer.plugins.common.jobs.storage.watch import Watch

#: Most seconds between early rounds: files that grow for hours are not looked at each second.
LONGEST = 30.0
#: Counts of a report: all that is a number, but for what is of the moment.
COUNTS = tuple(each.name for each in fields(Report) if each.name not in ("unsettled", "problems", "again"))


class Round(Protocol):
    """One of those in rounds.py."""

    def run(self, stopping: threading.Event) -> Report:
        """See rounds.py."""


class Loop:
    """One loop: `run` from the agent's thread. `totals` are the counts of all its reports."""

    def __init__(
        self,
        kind: Callable[[Jobs, Database, logging.Logger], Round],
        table: Mapping[str, Any],
        log: logging.Logger,
        soon: Callable[[], None],
    ) -> None:
        """Put it together; nothing is connected to yet.

        Args:
            kind: of the round.
            table: [jobs].
            log: for what happens.
            soon: asks for a run.

        Raises:
            SettingError: the table is wrong.
        """
        self.jobs = configuration.read(table)
        self.database = Database(self.jobs.url)
        self.totals: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self._round = kind(self.jobs, self.database, log)
        self._log, self._soon = log, soon
        self._watch: Watch | None = None
        self._later: threading.Timer | None = None
        self._pause = 0.0

    def watch(self) -> None:
        """Ask for a run as soon as files come. Where that cannot be, they are found at the next usual time."""
        roots = [self.jobs.storage]
        self._watch = Watch(roots, self._soon, self._log)
        self._watch.open()

    @property
    def note(self) -> str:
        """Why files are only found at the usual time; "" where that is not so."""
        return self._watch.note if self._watch is not None else ""

    def run(self, stopping: threading.Event) -> Report:
        """One round. Raises Unreachable where the database cannot be used."""
        report = self._round.run(stopping)
        self.totals.update({name: getattr(report, name) for name in COUNTS})
        if report.again is None or report.queued:
            self._pause = 0.0
        if report.again is not None:
            self._pause = max(report.again, min(2 * self._pause, LONGEST))
            self._wake_in(self._pause)
        return report

    def close(self) -> None:
        """End what asks for runs, and let go of the database."""
        self._forget_later()
        if self._watch is not None:
            self._watch.close()
            self._watch.join(2.0)
        self.database.close()

    def _wake_in(self, seconds: float) -> None:
        self._forget_later()
        self._later = threading.Timer(seconds, self._soon)
        self._later.daemon = True
        self._later.start()

    def _forget_later(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later.join(1.0)
            self._later = None
