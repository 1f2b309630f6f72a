"""Agents: N of them with empty work, every one due on every tick of 0.1 s.

Ours is loader, scheduler, runners and board as the hub uses them; no sink listens to the board, as sinks have rows of
their own. The bare hand-over is the limit: threads that each wake the next in line and then work, with nothing else.
"""

import datetime
import logging
import operator
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
    return [
        Contender(f"{rival} {agents}", rival, {"agents": agents, "seconds": _seconds(agents, quick)})
        for agents in (NUMBERS[1:] if quick else NUMBERS)
        for rival in rivals
    ]


def _seconds(agents: int, quick: bool) -> float:
    return (2.0 if agents == 1000 else 1.0) if quick else 10.0


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    measured = [agents for agents in NUMBERS if f"ours {agents}" in runs]
    return [figure for agents in measured for figure in _figures(runs, agents, agents == max(NUMBERS))]


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
    from WardenServer.loading import loader
    from WardenServer.machine import garbage, switching
    from WardenServer.machine.one_core import CORE
    from WardenServer.results.board import Board
    from WardenServer.running.runner import Runner
    from WardenServer.running.scheduler import Scheduler
    from WardenServer.settings import config

    switching.take_exact_timers()
    CORE.open()
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
