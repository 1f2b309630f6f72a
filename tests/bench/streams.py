"""Event streams: our path from a reader to processors, beside bare loops over the same libraries and decoders.

What is measured is in stream_single.py, stream_readers.py, stream_histogram.py and stream_hub.py. All sides must count
all events; where one does not, there is no figure.
"""

import sys
from collections.abc import Iterator
from typing import Any

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, against, limit
from tests.bench.stream_hub import AGENTS
from tests.bench.stream_readers import EVENTS, redis_missing

#: Events of an array that the histogram takes.
SIZES = (1024, 10_000)


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    number = 300_000 if quick else 1_000_000
    many, frames = {"number": 1_000_000}, {"number": number // 2}
    found = [Contender(name, name, many, "stream_single") for name in ("ours", "bare", "bytewax", "snoop")]
    found += _pair("zeromq", "zeromq", "stream_readers", frames)
    if redis_missing():
        print("bench: streams: redis-server is missing and left out; apt install redis-server", file=sys.stderr)
    else:
        found += _pair("redis", "redis", "stream_readers", many)
    for size in SIZES:
        found += _pair(f"arrays {size}", "arrays", "stream_histogram", {"number": 100_000_000, "size": size})
    found += _pair("single", "single", "stream_histogram", many)
    for name, jagged in (("root", False), ("root jagged", True)):
        found += _pair(name, "root", "stream_readers", {**many, "jagged": jagged})
    seconds = {"seconds": 20.0 if quick else 60.0}  # of 6 s the worst tick alone would be p99
    found += [Contender(name, "hub", {**seconds, "events": name == "fed"}, "stream_hub") for name in ("fed", "idle")]
    return found


def _pair(name: str, function: str, module: str, arguments: dict[str, Any]) -> list[Contender]:
    """Ours, and its bare rival."""
    return [
        Contender(name, function, arguments, module),
        Contender(f"{name} bare", f"{function}_bare", arguments, module),
    ]


# -- what the measurements say


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    return [*_of_single(runs), *_of_readers(runs), *_of_histogram(runs), *_of_hub(runs)]


def _of_single(runs: Runs) -> Iterator[Figure]:
    what = "single events to 3 processors"
    yield from _compared(what, runs, "ours", "bare", "a bare loop over them", 1.5)
    yield from _compared(what, runs, "ours", "bytewax", "bytewax")
    yield from _compared(what, runs, "ours", "snoop", "the rule of snoop's loop")


def _of_readers(runs: Runs) -> Iterator[Figure]:
    yield from _compared("ZeroMQ, frames of JSON", runs, "zeromq", "zeromq bare", "a loop over pyzmq", 1.5)
    sent = runs["zeromq"], [{"wall": run["sent"]} for run in runs["zeromq"]]
    yield against("ZeroMQ, frames of JSON: time per event", *sent, "wall", "ns", "what the publisher takes to send")
    if "redis" in runs:
        what = f"Redis, {EVENTS} events an entry"
        yield from _compared(what, runs, "redis", "redis bare", "a loop over redis-py", 1.5)
    for name, kind in (("root", "4 numbers an entry"), ("root jagged", "and lists")):
        yield from _compared(f"ROOT, {kind}", runs, name, f"{name} bare", "uproot.iterate", 1.2)


def _of_histogram(runs: Runs) -> Iterator[Figure]:
    for size in SIZES:
        name = f"arrays {size}"
        yield from _compared(f"histogram, arrays of {size}", runs, name, f"{name} bare", "fill of boost-histogram", 1.3)
    yield from _compared("histogram, single events", runs, "single", "single bare", "a loop of plain Python", 2.0)


def _of_hub(runs: Runs) -> Iterator[Figure]:
    fed, idle = runs["fed"], runs["idle"]
    what, rival = f"{AGENTS} agents beside a stream at full rate", "the same stream without events"
    yield against(f"{what}: start lateness p50", fed, idle, "p50", "ms", rival)
    yield against(f"{what}: start lateness p99", fed, idle, "p99", "ms", rival, 1.5)
    yield against(f"{what}: runs left out", fed, idle, "missed", "%", rival)
    yield against(f"{what}: thousands of events a second", fed, idle, "rate", "", rival)
    yield limit("a stream without events: CPU of its process", idle, "stream", "%", 1.0)


def _compared(what: str, runs: Runs, ours: str, rival: str, name: str, target: float | None = None) -> Iterator[Figure]:
    """The time, which is judged, and the CPU; of both sides all threads are counted."""
    yield against(f"{what}: time per event", runs[ours], runs[rival], "wall", "ns", name, target)
    yield against(f"{what}: CPU per event", runs[ours], runs[rival], "cpu", "ns", name)
