"""Who is due, on a fixed tick with absolute deadlines. One thread of its own; it never waits for an agent or a sink."""

import logging
import math
import threading
from collections import deque
from collections.abc import Iterable

from WardenServer.loading.calendar import At
from WardenServer.machine.clock import Clock
from WardenServer.machine.switching import SWITCHING
from WardenServer.running.hand_over import HandOver, Startable

log = logging.getLogger("warden.scheduler")

#: Seconds that a line of runners may stand still before the scheduler wakes the next ones itself.
STANDSTILL = 0.002


def next_due(tick: int, offset: int, interval: int) -> int:
    """The first tick from `tick` on that is due: at the offset, and every interval after it."""
    if tick <= offset:
        return offset
    return offset + -(-(tick - offset) // interval) * interval


#: What agents that are always due together have in common: offset and interval in ticks.
Phase = tuple[int, int]


class Schedule:
    """Who is due at which tick, counted from 0 at Start; without clock or thread."""

    def __init__(self) -> None:
        self.tick = -1
        self._phases: dict[str, Phase] = {}
        self._members: dict[Phase, dict[str, None]] = {}
        self._calendar: dict[int, list[Phase]] = {}  # every phase with members stands in it once

    def add(self, name: str, offset: int, interval: int) -> None:
        """Add an agent, or give it another phase."""
        self.remove(name)
        phase = self._phases[name] = (offset, interval)
        if phase not in self._members:
            self._members[phase] = {}
            self._enter(phase)
        self._members[phase][name] = None

    def remove(self, name: str) -> None:
        """Forget an agent."""
        phase = self._phases.pop(name, None)
        if phase is not None:
            del self._members[phase][name]

    def due_in(self, name: str) -> int | None:
        """Ticks until an agent is due, 1 for the next tick; None when it is not scheduled."""
        phase = self._phases.get(name)
        return None if phase is None else next_due(self.tick + 1, *phase) - self.tick

    def advance(self, tick: int) -> list[str]:
        """Go on to `tick` and return who is due, in no promised order.

        After a gap the ticks between are not replayed: who was due in any of them is due now, once.
        """
        phases = [phase for passed in self._passed(tick) for phase in self._calendar.pop(passed)]
        self.tick = tick
        due: list[str] = []
        for phase in phases:
            if self._members[phase]:
                due.extend(self._members[phase])
                self._enter(phase)
            else:
                del self._members[phase]
        return due

    def _passed(self, tick: int) -> Iterable[int]:
        """The entered ticks up to `tick`, in order."""
        if tick == self.tick + 1:
            return (tick,) if tick in self._calendar else ()
        return sorted(entered for entered in self._calendar if entered <= tick)

    def _enter(self, phase: Phase) -> None:
        self._calendar.setdefault(next_due(self.tick + 1, *phase), []).append(phase)


class Calendar:
    """Who is due by the calendar; without clock or thread. Times in Unix seconds."""

    def __init__(self) -> None:
        self._times: dict[str, tuple[At, float]] = {}

    def __len__(self) -> int:
        return len(self._times)

    def add(self, name: str, at: At, last: float | None, now: float) -> None:
        """Add an agent that ran `last`: what it has missed since then it does at once."""
        self._times[name] = at, at.after(now if last is None else min(last, now))

    def remove(self, name: str) -> None:
        """Forget an agent."""
        self._times.pop(name, None)

    def due(self, now: float) -> list[str]:
        """Who is due, once, however many of its times have passed. Nobody waits longer after a clock was ahead."""
        due = [name for name, (_, then) in self._times.items() if then <= now]
        for name, (at, then) in self._times.items():
            if then <= now or then > now + at.longest:
                self._times[name] = at, at.after(now)
        return due


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
        self._calendar = Calendar()
        self._asked: dict[str, None] = {}  # agents that asked for a run
        self._lines: list[HandOver] = []  # in which runners wait; those of earlier ticks first
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

    def add(self, runner: Startable, overdue: float | None = None) -> None:
        """Schedule a runner, in place of one of the same name; first it starts the run that was due at `overdue`."""
        with self._lock:
            if overdue is not None:
                HandOver().form([runner], overdue)
            self._runners[runner.name] = runner
            self._enter(runner)

    def remove(self, name: str) -> None:
        """Start this runner no more."""
        with self._lock:
            self._runners.pop(name, None)
            self._schedule.remove(name)
            self._calendar.remove(name)
            self._asked.pop(name, None)

    def run_now(self, runner: Startable) -> bool:
        """Start one run outside the schedule; False when one goes on already."""
        with self._lock:
            return HandOver().form([runner], self._clock.monotonic()) == 1

    def due_in(self, name: str) -> float | None:
        """Seconds until an agent is due, to the tick; None when it is not scheduled or nothing runs."""
        with self._lock:
            ticks = self._schedule.due_in(name) if self._began is not None else None
        return None if ticks is None else ticks * self.period

    def soon(self, name: str) -> None:
        """Start an agent at the next tick; while it runs, at the next one after its end. Any thread may call it."""
        with self._lock:
            if name in self._runners:
                self._asked[name] = None

    def _enter(self, runner: Startable) -> None:
        when = runner.when
        if isinstance(when, At):
            self._schedule.remove(runner.name)
            self._calendar.add(runner.name, when, runner.last_at, self._clock.time())
        else:
            self._calendar.remove(runner.name)
            self._schedule.add(runner.name, *when)

    def _due(self, tick: int) -> list[Startable]:
        """Who is due at a tick: by interval, by the calendar, and who asked for it and is idle."""
        names = self._schedule.advance(tick)
        if self._calendar:
            names += self._calendar.due(self._clock.time())
        for name in list(self._asked) if self._asked else ():
            if name in names or not self._runners[name].busy:
                del self._asked[name]
                names += [name] if name not in names else []
        return [self._runners[name] for name in names]

    def _run(self) -> None:
        while not self._closing:
            began = self._began
            SWITCHING.look()
            if began is None:
                self._follow_lines(math.inf)
                self._changed.wait()
            else:
                due = began + (self._schedule.tick + 1) * self.period
                self._follow_lines(due)
                wait = due - self._clock.monotonic()
                if wait <= 0 or not self._clock.wait(self._changed, wait):
                    self.do_tick()
            if self._changed.is_set():
                self._changed.clear()

    def _follow_lines(self, until: float) -> None:
        """See that the lines go on, as long as there are any. The longer they have gone on well, the later they are
        looked at again: each look makes their runners wait."""
        pause = STANDSTILL
        while any(map(len, self._lines)) and (ahead := until - self._clock.monotonic()) > 0:
            if self._clock.wait(self._changed, min(pause, ahead, self.period)):
                return
            SWITCHING.look()
            pause = 2 * pause if self._look_at_lines() else STANDSTILL

    def _look_at_lines(self) -> bool:
        """Whether all lines go on by themselves."""
        self._lines = [line for line in self._lines if len(line)]
        return all([line.look() for line in self._lines])  # noqa: C419 - each is to be looked at

    def do_tick(self) -> None:
        """One tick: start who is due now. Called by the scheduler's thread (and by tests)."""
        with self._lock:
            if self._began is None:
                return
            now = self._clock.monotonic()
            # A deadline that was waited for may read a hair before itself: round, never floor below the next tick.
            tick = max(self._schedule.tick + 1, int((now - self._began) / self.period))
            deadline = self._began + tick * self.period
            missed = tick - self._schedule.tick - 1
            due = self._due(tick)
            self._look_at_lines()
            line = HandOver()
            line.form(due, deadline)
            self._lines.append(line)
            self.ticks = tick + 1
            self.missed += missed
            self.lateness.append(now - deadline)
        if missed:
            log.warning(
                "%d tick(s) missed: for %.1f s the process had no processor, or one thread held the interpreter",
                missed,
                missed * self.period,
            )
