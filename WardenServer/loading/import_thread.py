"""Imports plugin files on a thread of its own, so that one that hangs costs only itself.

One thread takes one file after the other; when an import does not end it is left behind, and another thread goes on
with the next file. Whoever waits only looks now and then: handing every file from thread to thread would cost more than
the import.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from WardenServer.errors import PluginError

T = TypeVar("T")

#: Seconds between looks whether an import takes too long.
LOOK = 0.05


def run(jobs: Sequence[tuple[Path, Callable[[], T]]], limit: float) -> list[T | Exception]:
    """What each job, which imports the file beside it, returns or raises, in the same order.

    For one that takes longer than `limit` seconds that is a PluginError.
    """
    waiting = deque(enumerate(jobs))
    outcomes: dict[int, T | Exception] = {}
    while len(outcomes) < len(jobs):
        _Import(waiting, outcomes).follow(limit)
    return [outcomes[number] for number in range(len(jobs))]


def attempt(job: Callable[[], T]) -> T | Exception:
    """What a job returns or raises."""
    try:
        return job()
    except Exception as error:  # whoever asked for it judges it
        return error


class _Import(Generic[T]):
    """A thread that takes the files that wait, as long as each import ends in time."""

    def __init__(
        self, waiting: deque[tuple[int, tuple[Path, Callable[[], T]]]], outcomes: dict[int, T | Exception]
    ) -> None:
        self._waiting, self._outcomes = waiting, outcomes
        self._now: tuple[int, Path, float] | None = None  # what is imported, and since when
        self._lock = threading.Lock()
        self._given_up = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="import", daemon=True)

    def follow(self, limit: float) -> None:
        """Start, and return when no file waits any more or one takes too long."""
        self._thread.start()
        while not self._ended.wait(LOOK):
            with self._lock:
                if self._now is not None and time.monotonic() - self._now[2] > limit:
                    number, path, _ = self._now
                    self._given_up = True
                    self._outcomes[number] = PluginError(
                        f"{path}: still importing after {limit:g} s; move slow work from the top of the file into"
                        " setup, or set ISOLATE = True"
                    )
                    return

    def _run(self) -> None:
        while (job := self._next()) is not None:
            self._end(attempt(job))
        self._ended.set()

    def _next(self) -> Callable[[], T] | None:
        with self._lock:
            if self._given_up or not self._waiting:
                return None
            number, (path, job) = self._waiting.popleft()
            self._now = (number, path, time.monotonic())
            return job

    def _end(self, outcome: T | Exception) -> None:
        with self._lock:
            if self._now is not None and not self._given_up:
                self._outcomes[self._now[0]] = outcome
                self._now = None
