"""How soon a thread that computes has to let others have the interpreter.

Where one agent burns the processor, every wait for the interpreter takes CPython's switch interval, and each run has
several: at CPython's own 5 ms a few hundred runs per second are all there can be, at 0.05 ms some thousands.

But every thread that waits wakes up after each interval, to ask for its turn. Where hundreds of agents compute at the
same time, that leaves no processor for the one whose turn it is: measured on two cores, 300 runs of 0.2 ms took half a
second in place of 0.07. It shows in how often the threads of the process begin to wait; where that is too often, the
interval grows.

A thread that often lets go of the interpreter for a moment (it reads files) and computes in between can keep it from
another one for tens of milliseconds: the other is woken, comes too late, and waits the interval anew. This ends only
when the computing takes longer than the interval and the timer's slack together, and Linux gives threads 0.05 ms of it.
"""

import ctypes
import resource
import sys
import time
from contextlib import suppress

#: Seconds: the shortest interval, and the longest, which is CPython's own.
SHORT, LONG = 0.00005, 0.005
#: Waits per second that are too often. A thousand agents on a tick of 0.1 s make half as many.
OFTEN = 40_000.0
#: Seconds from one look to the next at least, and what each look leaves of an interval that has grown.
PAUSE, LEFT = 0.02, 0.99
_PR_SET_TIMERSLACK = 29


class Switching:
    """The switch interval of the process. It stays as it is until `open`."""

    def __init__(self) -> None:
        self.interval = sys.getswitchinterval()
        self._looked: float | None = None
        self._waits = 0

    def open(self) -> None:
        """Begin with the shortest interval."""
        self._looked = time.monotonic()
        self._waits = _waits()
        self.take(SHORT)

    def look(self) -> None:
        """Fit the interval to how often threads have waited since the last look. Called by one thread, about as often
        as it likes; most calls do nothing."""
        now = time.monotonic()
        if self._looked is None or now - self._looked < PAUSE:
            return
        waits = _waits()
        often = (waits - self._waits) / (now - self._looked) / OFTEN
        self._looked, self._waits = now, waits
        wanted = min(LONG, max(SHORT, self.interval * (often if often > 1 else LEFT)))
        if wanted != self.interval:
            self.take(wanted)

    def found(self) -> float:
        """What the interval would be but for our looks: another one than SHORT where a plugin has set it."""
        before, found = self.interval, sys.getswitchinterval()
        ours = any(abs(found - each) < 1e-6 for each in (before, self.interval))  # it may change meanwhile
        return SHORT if ours else found

    def take(self, interval: float) -> None:
        """Take another interval, in seconds."""
        self.interval = interval
        sys.setswitchinterval(interval)


def _waits() -> int:
    """How often threads of this process have begun to wait."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw


def take_exact_timers() -> None:
    """Let waits of this thread, and of all that it starts, end when they should. prctl(2): their slack is 1 ns."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)


#: That of this process.
SWITCHING = Switching()
