"""History: what keeping a thousand documents costs the hub, how much room they take, and how soon a month is there.

What is measured is in keeping.py and in days.py, the rivals are in rivals.py.
"""

import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np

from tests.bench.contest import Contender, Runs
from tests.bench.days import AGENTS, DAY, MONTH, PIXELS
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.rivals import PROGRAMS, missing

#: Seconds of values from which on their size is judged.
TEN_MINUTES = 600
_NAMES = {"victoria": "VictoriaMetrics", "rrdcached": "rrdcached", "executemany": "sqlite3.executemany"}
#: Folders for the days of this run; they go when the benchmark ends.
_folders: list[tempfile.TemporaryDirectory[str]] = []


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    away = missing()
    for rival in away:
        program = PROGRAMS[rival]
        print(
            f"bench: history: {program} is missing and left out; install it with: apt install {program}",
            file=sys.stderr,
        )
    writing = {"seconds": 60 if quick else TEN_MINUTES}
    return [
        Contender("ours", "hub", {**writing, "history": True}, "keeping", 900, once=True),
        Contender("without", "hub", {"seconds": 20 if quick else 60, "history": False}, "keeping"),
        *(Contender(rival, rival, writing, "rivals", 300) for rival in _NAMES if rival not in away),
        *(each for each in _with_days(quick) if each.name not in {f"ask_{rival}" for rival in away}),
    ]


def _with_days(quick: bool) -> Iterator[Contender]:
    """The days are in a folder of this run of the benchmark."""
    days, times, seconds, keys = (90, 20, 3.0, 8) if quick else (365, 100, 10.0, 10)
    first = int(time.time() // DAY) - days
    begins = DAY * (first + 1) + np.random.default_rng(2).integers(0, DAY * (days - 1) - MONTH, times)
    _folders.append(tempfile.TemporaryDirectory(prefix="warden-bench-"))
    kept = {"kept": _folders[-1].name}
    asked = {**kept, "days": days, "first": first, "begins": begins.tolist()}
    yield Contender("days", "make", {**kept, "days": days, "first": first, "keys": keys}, "days", 600, once=True)
    yield Contender("ask", "ask", asked, "days")
    yield Contender("ask_victoria", "ask_victoria", {**asked, "seconds": MONTH, "pixels": PIXELS}, "rivals", 600)
    for where in ("nowhere", "thread", "process"):
        packed = {**kept, "day": first + days - 2, "seconds": seconds, "keys": keys, "where": where}
        yield Contender(f"packing {where}", "packing", packed, "days", 300)


# -- what the measurements say


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    return [*_of_writing(runs), *_of_asking(runs), *_of_packing(runs)]


def _of_writing(runs: Runs) -> Iterator[Figure]:
    ours, without = runs["ours"], runs["without"]
    name, rest = f"history of {ours[0]['seconds']:g} s of 1000 documents", "the hub without the history"
    yield against(f"{name}: values given, and kept", ours, _renamed(ours, "kept", "given"), "given", "", "kept", 1.0)
    yield limit(f"{name}: CPU of its thread and its upkeep", ours, "cpu", "%", 15.0)
    if ours[0]["seconds"] >= TEN_MINUTES:  # shorter blocks would be judged by what each block costs
        yield limit(f"{name}: bytes per value", ours, "bytes", "B", 3.0)
    yield against(f"{name}: lateness of the tick p99", ours, without, "p99", "ms", rest, 1.5)
    yield against(f"{name}: lateness of the tick p50", ours, without, "p50", "ms", rest)
    yield against(f"{name}: CPU of the hub and the upkeep", ours, without, "hub", "%", rest)
    for rival in (rival for rival in _NAMES if rival in runs):
        yield against(f"{name}: CPU per value", ours, runs[rival], "cpu_each", "µs", _NAMES[rival])
        yield against(f"{name}: bytes per value", ours, runs[rival], "bytes", "B", _NAMES[rival])


def _of_asking(runs: Runs) -> Iterator[Figure]:
    ours = runs["ask"]
    name = f"a month at {PIXELS} px from {ours[0]['days']:g} days of 1 s"
    right = _renamed(ours, "right", "points")
    yield limit(f"{name}: p50", ours, "p50", "ms", 30.0)
    yield limit(f"{name}: first", ours, "first", "ms", 150.0)
    yield against(
        f"{name}: points, and those with the right minimum and maximum", ours, right, "points", "", "right", 1
    )
    if rival := runs.get("ask_victoria"):
        yield against(f"{name}: p50", ours, rival, "p50", "ms", _NAMES["victoria"], 1.0)
        yield against(f"{name}: first", ours, rival, "first", "ms", _NAMES["victoria"])


def _of_packing(runs: Runs) -> Iterator[Figure]:
    nowhere, thread, process = (runs[f"packing {where}"] for where in ("nowhere", "thread", "process"))
    name = f"{AGENTS} agents while a day of {process[0]['keys']:g} documents is packed"
    rest, other = "the same agents alone", "packing in a thread of the hub"
    yield against(f"{name}: start lateness p50", process, thread, "p50", "ms", other)
    yield against(f"{name}: start lateness p99", process, thread, "p99", "ms", other, 1.0)
    yield against(f"{name}: start lateness p99", process, nowhere, "p99", "ms", rest, 1.5)
    yield against(f"{name}: runs left out", process, thread, "missed", "%", other)
    yield against(f"{name}: seconds that it takes", process, thread, "took", "s", other)


def _renamed(runs: list[Run], value: str, name: str) -> list[Run]:
    return [{name: run[value]} for run in runs]
