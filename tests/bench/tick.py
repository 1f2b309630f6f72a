"""Tick: how late each tick of 0.1 s comes, without agents, and how far the last one has drifted from the first."""

import time
from pathlib import Path
from statistics import median

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit, quantiles
from tests.bench.probe import TICK


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    ticks = 30 if quick else 200
    return [Contender(name, name, {"ticks": ticks}) for name in ("ours", "bare_loop", "work_then_sleep")]


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    ours, bare, sleeper = runs["ours"], runs["bare_loop"], runs["work_then_sleep"]
    loop, rule = "a bare loop to absolute deadlines", "work-then-sleep"
    return [
        against("tick: lateness p50", ours, bare, "p50", "ms", loop),
        against("tick: lateness p99", ours, bare, "p99", "ms", loop, 1.5),
        against("tick: lateness max", ours, bare, "max", "ms", loop),
        limit("tick: drift over the run", ours, "drift", "ms", 1.0),
        against("tick: drift over the run", ours, sleeper, "drift", "ms", rule),
        against("tick: lateness p99", ours, sleeper, "p99", "ms", rule),
    ]


def ours(folder: Path, ticks: int) -> Run:
    """Our scheduler, by its own count of each tick's lateness."""
    from WardenServer.running.scheduler import Scheduler

    scheduler = Scheduler(TICK)
    scheduler.open()
    scheduler.start()
    time.sleep((ticks + 1) * TICK)
    scheduler.stop()
    return _summary(list(scheduler.lateness)[-ticks:])


def bare_loop(folder: Path, ticks: int) -> Run:
    """A loop that sleeps to absolute deadlines: the limit on this machine."""
    began, late = time.monotonic(), []
    for tick in range(1, ticks + 1):
        deadline = began + tick * TICK
        time.sleep(max(0.0, deadline - time.monotonic()))
        late.append(time.monotonic() - deadline)
    return _summary(late)


def work_then_sleep(folder: Path, ticks: int) -> Run:
    """A loop that sleeps one tick after its work, which is none here: the original's rule."""
    began, late = time.monotonic(), []
    for tick in range(1, ticks + 1):
        time.sleep(TICK)
        late.append(time.monotonic() - began - tick * TICK)
    return _summary(late)


def _summary(late: list[float]) -> Run:
    """In milliseconds; the drift is that from the first quarter's median to the last quarter's."""
    ms = [1e3 * seconds for seconds in late]
    quarter = len(ms) // 4
    return {**quantiles(ms), "drift": abs(median(ms[-quarter:]) - median(ms[:quarter]))}
