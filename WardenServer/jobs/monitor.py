"""`warden jobs monitor`: the loops of Socorro's monitor in a program of their own, without a hub."""

import logging
import queue
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from WardenServer.errors import WardenError
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.settings.masking import mask

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.rounds import Report

#: What ends the program.
ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
#: Seconds that the end may take, and between two looks for what was lost.
END, DAY = 10.0, 86400.0
#: Names of the threads, as Socorro had them in its log. There the main thread did the first loop itself; here it waits
#: for signals, so that it can end whatever a loop is at.
STANDARD, PRIORITY, CLEANUP = "MainThread", "priorityLoopingThread", "jobCleanupThread"


@dataclass(frozen=True)
class Delays:
    """Seconds between the end of one round of a loop and the begin of the next."""

    standard: float
    priority: float
    cleanup: float


class Round(Protocol):
    """What a loop does each time."""

    def run(self, stopping: threading.Event) -> "Report":
        """Do it once, or as far as it comes until `stopping` is set."""


class Duty:
    """A round that is due again and again, whatever it raises."""

    def __init__(self, round: Round, delay: float, log: logging.Logger, wait: float = 0.0) -> None:
        """Take note of it.

        Args:
            round: what is done.
            delay: seconds between two rounds.
            log: for what people should know.
            wait: seconds before the first one.
        """
        self._round, self._delay, self._log = round, delay, log
        self.due = time.monotonic() + wait
        self._trouble = ""  # of the round before

    def look(self, stopping: threading.Event) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due and not stopping.is_set():
            self.due = self._once(stopping) + time.monotonic()

    def _once(self, stopping: threading.Event) -> float:
        """Seconds until the next."""
        try:
            report = self._round.run(stopping)
        except WardenError as error:
            self._say(mask(str(error)))
        except Exception as error:  # whatever it is, the next round may do better
            self._say(f"{type(error).__name__}: {mask(str(error))}", error)
        else:
            self._say("")
            self._log.debug("end of a round: %s", report)
            return self._delay if report.again is None else min(self._delay, report.again)
        return self._delay

    def _say(self, trouble: str, error: Exception | None = None) -> None:
        """Log what went wrong, once until it is something else, or well again."""
        if trouble and trouble != self._trouble:
            self._log.error("%s; the next round tries again", trouble, exc_info=error)
        elif self._trouble and not trouble:
            self._log.warning("well again after: %s", self._trouble)
        self._trouble = trouble


class Loop:
    """Duties on a thread of its own."""

    def __init__(self, name: str, duties: Sequence[Duty], log: logging.Logger, stopping: threading.Event) -> None:
        """Put it together. `stopping` ends it."""
        self._duties, self._log, self._stopping = duties, log, stopping
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        self._log.info("loop starting")
        while not self._stopping.wait(min(duty.due for duty in self._duties) - time.monotonic()):
            for duty in self._duties:
                duty.look(self._stopping)
        self._log.info("loop done")


@contextmanager
def running(loops: Sequence[Loop], log: logging.Logger, stopping: threading.Event) -> Iterator[None]:
    """The loops are at work."""
    for loop in loops:
        loop.thread.start()
    try:
        yield
    finally:
        stopping.set()
        until = time.monotonic() + END
        for loop in loops:
            loop.thread.join(max(until - time.monotonic(), 0.0))
            if loop.thread.is_alive():
                log.error("%s has not ended within %g s, and is left behind", loop.thread.name, END)


def run(jobs: Jobs, delays: Delays, log: logging.Logger, signals: "queue.SimpleQueue[int]") -> None:
    """Do the monitor's work until a signal comes. Raises SettingError where the database cannot be one."""
    from WardenServer.plugins.common.jobs.database import Database
    from WardenServer.plugins.common.jobs.rounds import Cleanup, Lost, Priority, Standard

    database, stopping = Database(jobs.url), threading.Event()
    standard, lost, priority, cleanup = (each(jobs, database, log) for each in (Standard, Lost, Priority, Cleanup))
    loops = [
        Loop(STANDARD, [Duty(standard, delays.standard, log), Duty(lost, DAY, log)], log, stopping),
        Loop(PRIORITY, [Duty(priority, delays.priority, log)], log, stopping),
        Loop(CLEANUP, [Duty(cleanup, delays.cleanup, log, delays.cleanup)], log, stopping),
    ]
    with running(loops, log, stopping):
        log.info("%s detected", signal.Signals(signals.get()).name)
    database.close()
    log.info("done")


def take_signals() -> "queue.SimpleQueue[int]":
    """The signals that end the program, as they come. For the main thread."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in ENDS:
        signal.signal(number, lambda came, _: signals.put(came))
    return signals
