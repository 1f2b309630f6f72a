"""Agents: N of them with empty work, every one due on every tick of 0.1 s.

Ours is loader, scheduler, runners and board as the hub uses them; no sink listens to the board, as sinks have rows of
their own. The bare hand-over is the limit: threads that each wake the next in line and then work, with nothing else.
"""

import datetime
import logging
import operator
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.probe import TICK, Probe, beat, resident

NUMBERS = (10, 100, 1000)
#: Threads of the pool of APScheduler: from 5 to 500 it made no difference here.
POOL = 20

_PLUGIN = """from tests.bench import probe
INTERVAL = {tick}
OFFSET = 0
work = probe.current.work({number})
"""


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    rivals = ("ours", "hand_over", "thread_per_run", "apscheduler")
    alone = [
        Contender(f"{rival} {agents}", rival, {"agents": agents, "seconds": _seconds(agents, quick)})
        for agents in (NUMBERS[1:] if quick else NUMBERS)
        for rival in rivals
    ]
    most, seconds = max(NUMBERS), _seconds(max(NUMBERS), quick)
    beside = [
        Contender(f"{how} {busy}", "beside", {"agents": most, "seconds": seconds, "busy": busy, "bound": how == "ours"})
        for busy in (_busy()[-1:] if quick else _busy())
        for how in ("ours", "unbound")
    ]
    return alone + beside


def _busy() -> list[list[int]]:
    """The sets of cores that busy loops of other programs use: each of the two that count, and all."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return [cores[:1], cores[-1:], cores] if len(cores) > 1 else []


def _seconds(agents: int, quick: bool) -> float:
    return (2.0 if agents == 1000 else 1.0) if quick else 10.0


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    measured = [agents for agents in NUMBERS if f"ours {agents}" in runs]
    alone = [figure for agents in measured for figure in _figures(runs, agents, agents == max(NUMBERS))]
    return alone + [figure for busy in _busy() if f"ours {busy}" in runs for figure in _beside(runs, busy)]


def _beside(runs: Runs, busy: list[int]) -> Iterator[Figure]:
    where = "all cores" if len(busy) > 1 else f"core {busy[0]}"
    name, rival = f"{max(NUMBERS)} agents beside a busy loop on {where}", "threads that go where they like"
    bound, unbound = (runs[f"{how} {busy}"] for how in ("ours", "unbound"))
    yield against(f"{name}: CPU per run", bound, unbound, "cpu", "µs", rival)
    yield against(f"{name}: start lateness p50", bound, unbound, "p50", "ms", rival)
    yield against(f"{name}: start lateness p99", bound, unbound, "p99", "ms", rival, 1.0)
    yield against(f"{name}: runs left out", bound, unbound, "missed", "%", rival)


def _figures(runs: Runs, agents: int, judged: bool) -> Iterator[Figure]:
    ours = runs[f"ours {agents}"]
    name = f"{agents} agents"
    bare, threads, other = (runs[f"{rival} {agents}"] for rival in ("hand_over", "thread_per_run", "apscheduler"))
    yield against(f"{name}: start lateness p50", ours, bare, "p50", "ms", "bare hand-over")
    yield against(f"{name}: start lateness p99", ours, bare, "p99", "ms", "bare hand-over", 1.0 if judged else None)
    yield against(f"{name}: start lateness max", ours, bare, "max", "ms", "bare hand-over")
    yield against(f"{name}: CPU per run", ours, bare, "cpu", "µs", "bare hand-over", 1.25 if judged else None)
    yield against(f"{name}: CPU per run", ours, threads, "cpu", "µs", "a thread per run", 0.25 if judged else None)
    yield against(f"{name}: start lateness p99", ours, threads, "p99", "ms", "a thread per run")
    yield against(f"{name}: CPU per run", ours, other, "cpu", "µs", "APScheduler", 1.0 if agents > 10 else None)
    for quantile in ("p50", "p99", "max"):
        target = 1.0 if judged and quantile != "max" else None
        yield against(f"{name}: start lateness {quantile}", ours, other, quantile, "ms", "APScheduler", target)
    yield against(f"{name}: runs left out", ours, threads, "missed", "%", "a thread per run")
    yield against(f"{name}: runs left out", ours, other, "missed", "%", "APScheduler")
    if judged:
        yield limit("memory per waiting agent", ours, "memory", "kB", 60.0)


# -- the measured things, each in a process of its own


def ours(folder: Path, agents: int, seconds: float) -> Run:
    """Agents from plugin files, on our scheduler."""
    from WardenServer.machine.one_core import CORE

    CORE.open()
    return _ours(folder, agents, seconds)


def _ours(folder: Path, agents: int, seconds: float) -> Run:
    from WardenServer.loading import loader
    from WardenServer.machine import garbage, switching
    from WardenServer.results.board import Board
    from WardenServer.running.runner import Runner
    from WardenServer.running.scheduler import Scheduler
    from WardenServer.settings import config

    switching.take_exact_timers()
    switching.SWITCHING.open()
    probe = Probe(agents, seconds)
    for number in range(agents):
        text = _PLUGIN.format(tick=TICK, number=number)
        (folder / f"agent{number}.py").write_text(text, encoding="utf-8")
    settings = config.load(environment={}, options={"plugin_folders": [str(folder)], "shipped": False})
    before = resident()
    contracts = loader.load(settings).contracts.values()
    board, scheduler = Board(), Scheduler(TICK)
    runners = [Runner(contract, board) for contract in contracts]
    for runner in runners:
        runner.open()
    scheduler.open()
    garbage.set_aside()
    began = time.monotonic()  # with no runner yet: what `start` does first takes microseconds
    scheduler.start()
    for runner in runners:
        scheduler.add(runner)
    return probe.watch(began, seconds, before)


def beside(folder: Path, agents: int, seconds: float, busy: list[int], bound: bool) -> Run:
    """The same, from 2 s after other programs began to burn these cores; `bound` as in the hub, or not."""
    from WardenServer.machine.one_core import CORE

    loops = [subprocess.Popen([sys.executable, "-c", _LOOP, str(core)], stdin=subprocess.PIPE) for core in busy]
    try:
        if bound:
            CORE.open()
            threading.Thread(target=_look, daemon=True).start()
        time.sleep(2)
        return _ours(folder, agents, seconds)
    finally:
        for loop in loops:
            loop.kill()


#: Burns one core, until whoever has started it ends.
_LOOP = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    pass
"""


def _look() -> None:
    from WardenServer.machine.one_core import CORE

    while True:
        time.sleep(1)
        CORE.look()


def hand_over(folder: Path, agents: int, seconds: float) -> Run:
    """Threads that wait for a lock each, wake the next in line, and work."""
    probe = Probe(agents, seconds)
    before = resident()
    line = _Line([probe.work(number) for number in range(agents)])
    began = time.monotonic()
    beat(began, line.wake)
    return probe.watch(began, seconds, before)


class _Line:
    def __init__(self, works: list[Callable[[Any], Any]]) -> None:
        self._locks = [threading.Lock() for _ in works]
        self._line = iter(self._locks[:0])
        for lock, work in zip(self._locks, works, strict=True):
            lock.acquire()
            threading.Thread(target=self._run, args=(lock, work), daemon=True).start()

    def wake(self) -> None:
        if operator.length_hint(self._line) == 0:
            self._line = iter(self._locks)
            next(self._line).release()

    def _run(self, lock: threading.Lock, work: Callable[[Any], Any]) -> None:
        while True:
            lock.acquire()
            for following in self._line:
                following.release()
                break
            work(None)


def thread_per_run(folder: Path, agents: int, seconds: float) -> Run:
    """A new thread for each run, as the original did it; at absolute deadlines, which it did not have."""
    probe = Probe(agents, seconds)
    before = resident()
    works = [probe.work(number) for number in range(agents)]
    busy = [False] * agents

    def run(number: int) -> None:
        works[number](None)
        busy[number] = False

    def wake() -> None:
        for number in range(agents):
            if not busy[number]:
                busy[number] = True
                threading.Thread(target=run, args=(number,), daemon=True).start()

    began = time.monotonic()
    beat(began, wake)
    return probe.watch(began, seconds, before)


def apscheduler(folder: Path, agents: int, seconds: float) -> Run:
    """BackgroundScheduler with its thread pool: one run of an agent at a time, late ones rolled into one."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # it logs every run that is left out
    probe = Probe(agents, seconds)
    before = resident()
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(min(agents, POOL))},
        job_defaults={"max_instances": 1, "coalesce": True},
        timezone=datetime.UTC,
    )
    start = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=0.5)
    began = time.monotonic() + start.timestamp() - time.time()
    for number in range(agents):
        scheduler.add_job(probe.work(number), "interval", seconds=TICK, start_date=start, args=(None,))
    scheduler.start()
    return probe.watch(began, seconds, before)
