"""Who is due, on a fixed tick with absolute deadlines. One thread of its own; it never waits for an agent or a sink."""

import logging
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from WardenServer.clock import Clock

log = logging.getLogger("warden.scheduler")


def next_due(tick: int, offset: int, interval: int) -> int:
    """The first tick from `tick` on that is due: at the offset, and every interval after it."""
    if tick <= offset:
        return offset
    return offset + -(-(tick - offset) // interval) * interval


class Schedule:
    """Who is due at which tick, counted from 0 at Start; without clock or thread."""

    def __init__(self) -> None:
        self.tick = -1
        self._places: dict[str, tuple[int, int, int]] = {}  # name: offset, interval, next due tick
        self._calendar: dict[int, list[str]] = {}

    def add(self, name: str, offset: int, interval: int) -> None:
        """Add an agent, or give it another phase."""
        self._enter(name, offset, interval, next_due(self.tick + 1, offset, interval))

    def remove(self, name: str) -> None:
        """Forget an agent."""
        self._places.pop(name, None)

    def advance(self, tick: int) -> list[str]:
        """Go on to `tick` and return who is due, in no promised order.

        After a gap the ticks between are not replayed: who was due in any of them is due now, once.
        """
        due = [
            name
            for passed in self._passed(tick)
            for name in self._calendar.pop(passed)
            if name in self._places and self._places[name][2] == passed
        ]
        self.tick = tick
        for name in due:
            offset, interval, _ = self._places[name]
            self._enter(name, offset, interval, next_due(tick + 1, offset, interval))
        return due

    def _passed(self, tick: int) -> Iterable[int]:
        """The entered ticks up to `tick`, in order."""
        if tick == self.tick + 1:
            return (tick,) if tick in self._calendar else ()
        return sorted(entered for entered in self._calendar if entered <= tick)

    def _enter(self, name: str, offset: int, interval: int, due: int) -> None:
        self._places[name] = (offset, interval, due)
        self._calendar.setdefault(due, []).append(name)


class Startable(Protocol):
    """What the scheduler starts: an agent's runner."""

    name: str
    offset_ticks: int
    interval_ticks: int

    def take_place(self, deadline: float, line: Iterator["Startable"]) -> bool:
        """Take a place in the line of those to be woken; False, and counted, when the last run still goes on."""

    def wake(self) -> None:
        """Wake the thread; it wakes the next in line before its own work."""


class Scheduler:
    """The thread with the tick. Start and Stop only say what is wanted and return at once."""

    def __init__(self, tick: float, clock: Clock | None = None) -> None:
        self.period = tick
        self.ticks = 0
        self.missed = 0
        self.lateness: deque[float] = deque([0.0], maxlen=1000)
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._runners: dict[str, Startable] = {}
        self._schedule = Schedule()
        self._began: float | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    @property
    def running(self) -> bool:
        """Whether agents are started."""
        return self._began is not None

    def open(self) -> None:
        """Start the thread; the tick waits for `start`."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing = True
        self._changed.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin with tick 0; nothing happens when it runs already."""
        with self._lock:
            if self._began is None:
                self._schedule = Schedule()
                for runner in self._runners.values():
                    self._enter(runner)
                self.ticks = self.missed = 0
                self._began = self._clock.monotonic()
        self._changed.set()

    def stop(self) -> None:
        """Start no agent any more; runs that go on are left to end."""
        with self._lock:
            self._began = None
        self._changed.set()

    def add(self, runner: Startable) -> None:
        """Schedule a runner, in place of one of the same name."""
        with self._lock:
            self._runners[runner.name] = runner
            self._enter(runner)

    def remove(self, name: str) -> None:
        """Start this runner no more."""
        with self._lock:
            self._runners.pop(name, None)
            self._schedule.remove(name)

    def run_now(self, runner: Startable) -> bool:
        """Start one run outside the schedule; False when one goes on already."""
        with self._lock:
            return _start([runner], self._clock.monotonic()) == 1

    def _enter(self, runner: Startable) -> None:
        self._schedule.add(runner.name, runner.offset_ticks, runner.interval_ticks)

    def _run(self) -> None:
        while not self._closing:
            began = self._began
            if began is None:
                self._changed.wait()
            else:
                wait = began + (self._schedule.tick + 1) * self.period - self._clock.monotonic()
                if wait <= 0 or not self._clock.wait(self._changed, wait):
                    self.beat()
            if self._changed.is_set():
                self._changed.clear()

    def beat(self) -> None:
        """One tick: start who is due now. Called by the scheduler's thread (and by tests)."""
        with self._lock:
            if self._began is None:
                return
            now = self._clock.monotonic()
            # A deadline that was waited for may read a hair before itself: round, never floor below the next tick.
            tick = max(self._schedule.tick + 1, int((now - self._began) / self.period))
            deadline = self._began + tick * self.period
            missed = tick - self._schedule.tick - 1
            due = [self._runners[name] for name in self._schedule.advance(tick)]
            _start(due, deadline)
            self.ticks = tick + 1
            self.missed += missed
            self.lateness.append(now - deadline)
        if missed:
            log.warning("%d tick(s) missed: the process had no processor for %.1f s", missed, missed * self.period)


def _start(due: list[Startable], deadline: float) -> int:
    """Put the runners in line and wake the first, which wakes the next, and so on: few threads fight for the
    interpreter at a time, and an agent that blocks holds up nobody. Returns how many were idle and so started."""
    idle: list[Startable] = []
    line = iter(idle)
    for runner in due:
        if runner.take_place(deadline, line):
            idle.append(runner)
    for first in line:
        first.wake()
        break
    return len(idle)
