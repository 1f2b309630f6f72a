"""How long one thing takes when it is done again and again."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.bench.figure import Run

#: The first few are not counted.
_WARM_UP = 3


def repeat(times: int, prepare: Callable[[int], Any], action: Callable[[Any], object]) -> Run:
    """Milliseconds of one `action`, and of CPU in it: medians of several; `prepare` is not measured."""
    took, cpu = [], []
    for turn in range(times + _WARM_UP):
        prepared = prepare(turn)
        before, busy = time.perf_counter(), time.process_time()
        action(prepared)
        took.append(time.perf_counter() - before)
        cpu.append(time.process_time() - busy)
    return {"took": 1e3 * median(took[_WARM_UP:]), "cpu": 1e3 * median(cpu[_WARM_UP:])}
