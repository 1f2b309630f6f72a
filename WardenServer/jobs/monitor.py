"""`warden jobs monitor`: the loops of Socorro's monitor in a program of their own, without a hub."""

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from WardenServer.errors import WardenError
from WardenServer.plugins.common.jobs.configuration import Jobs

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


class StandardAndLost:
    """The standard round, and once a day after it the look for what was lost.

    That look waits until some processor is alive: without one it can queue nothing.
    """

    def __init__(self, standard: Round, lost: Round, clock: Callable[[], float] = time.monotonic) -> None:
        """Take note of both rounds; `clock` gives seconds."""
        self._standard, self._lost, self._clock = standard, lost, clock
        self._next = clock()

    def run(self, stopping: threading.Event) -> "Report":
        """See Round."""
        from WardenServer.plugins.common.jobs.arriving import NOBODY

        report = self._standard.run(stopping)
        if self._clock() >= self._next and NOBODY not in report.problems and not stopping.is_set():
            found = self._lost.run(stopping)
            self._next = self._clock() + (DAY if found.again is None else found.again)
            times = [each.again for each in (report, found) if each.again is not None]
            report = replace(report, lost=found.lost, missing=found.missing, again=min(times, default=None))
        return report


class Loop:
    """A round again and again, on a thread of its own, whatever the round raises."""

    def __init__(self, name: str, round: Round, delay: float, log: logging.Logger, wait: float = 0.0) -> None:
        """Put it together.

        Args:
            name: of the thread.
            round: what is done.
            delay: seconds between two rounds.
            log: for what people should know.
            wait: seconds before the first one.
        """
        self._round, self._delay, self._log, self._wait = round, delay, log, wait
        self._trouble: type[Exception] | None = None  # of the round before
        self._stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def open(self, stopping: threading.Event) -> None:
        """Begin; `stopping` ends it."""
        self._stopping = stopping
        self.thread.start()

    def _run(self) -> None:
        self._log.info("loop starting")
        wait = self._wait
        while not self._stopping.wait(wait):
            wait = self._once()
        self._log.info("loop done")

    def _once(self) -> float:
        """One round; seconds until the next."""
        try:
            report = self._round.run(self._stopping)
        except Exception as error:  # whatever it is, the next round may do better
            self._say(error)
            return self._delay
        if self._trouble is not None:
            self._log.warning("well again")
        self._trouble = None
        self._log.debug("end of a round: %s", report)
        return self._delay if report.again is None else min(self._delay, report.again)

    def _say(self, error: Exception) -> None:
        """Log what went wrong: as an error once until it is of another kind, or well again."""
        level = logging.DEBUG if type(error) is self._trouble else logging.ERROR
        self._trouble = type(error)
        if isinstance(error, WardenError):
            self._log.log(level, "%s; the next round tries again", error)
        else:
            said = f"{type(error).__name__}: {error}"
            self._log.log(level, "%s; the next round tries again", said, exc_info=error)


@contextmanager
def running(loops: Sequence[Loop], log: logging.Logger, stopping: threading.Event) -> Iterator[None]:
    """The loops are at work."""
    for loop in loops:
        loop.open(stopping)
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
        Loop(STANDARD, StandardAndLost(standard, lost), delays.standard, log),
        Loop(PRIORITY, priority, delays.priority, log),
        Loop(CLEANUP, cleanup, delays.cleanup, log, wait=delays.cleanup),
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
