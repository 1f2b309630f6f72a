"""How soon a thread that computes has to let others have the interpreter.

Where one agent burns the processor, every wait for the interpreter takes CPython's switch interval, and each run has
several: at 5 ms a few hundred runs per second are all there can be, at 0.05 ms some thousands. But a short interval
also breaks into the work of many agents that behave: measured on two cores, it costs 100 agents on a tick of 0.1 s
some percent more processor, 300 a tenth, 500 a fifth, and with 1000 a third. At 0.01 ms they all stand still.

A thread that often lets go of the interpreter for a moment (it reads files) and computes in between can keep it from
another one for tens of milliseconds: the other is woken, comes too late, and waits the interval anew. This ends only
when the computing takes longer than the interval and the timer's slack together, and Linux gives threads 0.05 ms of it.
"""

import ctypes
import sys
from contextlib import suppress

#: Seconds: CPython's own, and the one where there are few runs.
LONG, SHORT = 0.005, 0.00005
#: Runs per second that are few.
FEW = 3000.0
_PR_SET_TIMERSLACK = 29


def interval(runs: float) -> float:
    """The switch interval in seconds, for so many runs per second."""
    return SHORT if runs <= FEW else LONG


def take_exact_timers() -> None:
    """Let waits of this thread, and of all that it starts, end when they should. prctl(2): their slack is 1 ns."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
