"""How soon a thread that computes has to let others have the interpreter.

CPython's 5 ms cost least. But where one agent burns the processor, every wait for the interpreter takes that long, and
a line of agents, each of which waits, takes longer than a tick. A shorter time is no cure for all days: a thousand
agents then cost more than half as much again, and runs are left out. So it is short only while somebody holds up the
line.
"""

import sys

#: Seconds: CPython's own, and while somebody holds up the line.
CALM, HURRIED = 0.005, 0.0001
#: Seconds for which it stays short.
LASTS = 2.0


class Switching:
    """The switch interval of the process; for its scheduler."""

    def __init__(self) -> None:
        self._until: float | None = None

    def hurry(self, now: float) -> None:
        """Somebody holds up the line; `now` on the monotonic clock."""
        if self._until is None:
            sys.setswitchinterval(HURRIED)
        self._until = now + LASTS

    def look(self, now: float) -> None:
        """Be calm again when the time is over."""
        if self._until is not None and now >= self._until:
            self.end()

    def end(self) -> None:
        """Be calm again."""
        if self._until is not None:
            self._until = None
            sys.setswitchinterval(CALM)
