"""What is measured of agents' runs, by the same probe in ours and in the rivals: start times, CPU, memory."""

import itertools
import os
import threading
import time
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil

from tests.bench.figure import Run, quantiles

#: Seconds; the tick of all that is measured here.
TICK = 0.1
#: Ticks until the measurement begins, and those after it in which late runs may come.
WARM_UP, LATE = 6, 3
#: Seconds by which a start may seem to lie before its tick: clocks are read one after the other.
_BLUR = 0.001

#: The probe of this process, for plugin files.
current: "Probe"


class Probe:
    """Start times of the runs of `agents` agents, for a measurement of `seconds`."""

    def __init__(self, agents: int, seconds: float) -> None:
        global current
        current = self
        self._agents = agents
        self._room = round(2 * seconds / TICK) + 200
        self._starts = array("d", bytes(8 * agents * self._room))

    def work(self, number: int) -> Callable[[Any], dict[str, Any]]:
        """The empty work of one agent: notes when it starts, and returns no fields."""
        starts, now = self._starts, time.monotonic
        places = itertools.count(number * self._room)

        def work(agent: Any) -> dict[str, Any]:
            starts[next(places)] = now()
            return {}

        return work

    def watch(self, began: float, seconds: float, memory_before: int) -> Run:
        """Wait for the runs of `seconds`, and say how they went; `began` is the time of tick 0."""
        _sleep_until(began + WARM_UP * TICK)
        before, first = time.process_time(), int((time.monotonic() - began) / TICK) + 1
        last = first + round(seconds / TICK)
        _sleep_until(began + last * TICK)
        cpu, memory = time.process_time() - before, resident() - memory_before
        time.sleep(LATE * TICK)
        late = self._lateness(began, first, last) * 1e3
        due = self._agents * (last - first)
        return {
            **quantiles(late.tolist()),
            "cpu": cpu * 1e6 / len(late),
            "memory": memory / 1e3 / self._agents,
            "missed": 100 * max(0.0, 1 - len(late) / due),
        }

    def _lateness(self, began: float, first: int, last: int) -> "np.ndarray[Any, Any]":
        """Seconds from tick to start, of the runs due in the ticks from `first` to before `last`.

        A run is due at the first tick after the start of the one before.
        """
        starts = np.array(self._starts).reshape(self._agents, self._room)
        before, start = starts[:, :-1], starts[:, 1:]
        due = np.floor((before - began + _BLUR) / TICK) + 1
        return (start - began - due * TICK)[(start > 0) & (due >= first) & (due < last)]


def _sleep_until(moment: float) -> None:
    """Until just before this moment on the monotonic clock."""
    time.sleep(max(0.0, moment - 0.005 - time.monotonic()))


def resident() -> int:
    """Bytes of memory this process has."""
    return int(psutil.Process(os.getpid()).memory_info().rss)


def beat(began: float, action: Callable[[], None]) -> None:
    """Call `action` at absolute deadlines on a thread of its own; a tick that comes too late is left out."""

    def run() -> None:
        tick = 0
        while True:
            wait = began + tick * TICK - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            action()
            tick = max(tick + 1, int((time.monotonic() - began) / TICK))

    threading.Thread(target=run, name="beat", daemon=True).start()
