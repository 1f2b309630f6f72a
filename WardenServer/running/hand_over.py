"""Hands over from runner to runner where many are due together, so that a thousand start within milliseconds.

Measured on two cores: threads that want the interpreter at the same time cost each other far more than they do
themselves. So they stand in line, each wakes the next when its own run has ended, and the reports wait for the end of
the line, where one thread makes them all. A runner whose runs are long wakes the next before its own, and where the
line stands still nevertheless, the scheduler wakes the next. A line that is longer than a tick goes on beside the next
one.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import length_hint
from typing import Protocol

from WardenServer.loading.calendar import At

#: Most runners that one look wakes: hundreds that want the interpreter at once would keep it from each other.
MOST = 32


class Startable(Protocol):
    """What the scheduler starts: an agent's runner."""

    when: At | tuple[int, int]  # by the calendar, or offset and interval in ticks

    @property
    def name(self) -> str:
        """The agent's name."""

    @property
    def last_at(self) -> float | None:
        """When it ran last by the calendar, in Unix seconds, if that is known."""

    @property
    def busy(self) -> bool:
        """Whether a run goes on, or is to begin."""

    def take_place(self, deadline: float, hand_over: "HandOver") -> bool:
        """Take a place in the line of those to be woken; False, and counted, when the last run still goes on."""

    def wake(self) -> None:
        """Wake the thread; after its run it lets the line go on."""

    def report(self) -> None:
        """Publish what the run brought. Any thread may call it, once per run."""


class HandOver:
    """Runners to be woken one after the other. Any thread may use it. `last` is the one at the end."""

    def __init__(self) -> None:
        self.last: Startable | None = None
        self._waiting: Iterator[Startable] = iter(())
        self._ended: deque[Startable] = deque()
        self._left = self._push = 1  # at the last look: who waited; how many will be woken where it stands still

    def __len__(self) -> int:
        """How many still wait to be woken."""
        return length_hint(self._waiting)

    def form(self, due: Iterable[Startable], deadline: float) -> int:
        """Put those that are idle in line and wake the first. Returns how many that were."""
        idle: list[Startable] = []
        self._waiting = iter(idle)
        idle += [runner for runner in due if runner.take_place(deadline, self)]
        self.last = idle[-1] if idle else None
        self.wake(1)
        self._left = len(self)
        return len(idle)

    def look(self) -> bool:
        """Wake the next where nobody was woken since the last look: twice as many each time, until the line goes on by
        itself. Returns whether it does."""
        goes_on = len(self) < self._left
        if not goes_on:
            self.wake(self._push)
        self._push = 1 if goes_on else min(2 * self._push, MOST)
        self._left = len(self)
        return goes_on

    def wake(self, count: int) -> None:
        """Wake the next ones, whatever those before them do."""
        for runner in islice(self._waiting, count):
            runner.wake()

    def leave(self, runner: Startable, went_on: bool = False) -> None:
        """Take note that a runner's run has ended and is to be reported, and let the line go on, where the runner has
        not done so before its run."""
        self._ended.append(runner)
        if not went_on:  # as `go_on`, without the cost of a call
            for following in self._waiting:
                following.wake()
                return
        if not len(self):
            self.report()

    def go_on(self) -> None:
        """Wake the next; where nobody waits any more, make the reports of those whose runs have ended."""
        for runner in self._waiting:
            runner.wake()
            return
        self.report()

    def report(self) -> None:
        """Make the reports of those whose runs have ended."""
        while self._ended:
            try:
                runner = self._ended.popleft()
            except IndexError:  # another thread was quicker
                return
            runner.report()
