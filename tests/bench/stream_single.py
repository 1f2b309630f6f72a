"""Single events to three cheap processors: ours, a bare loop over them, bytewax, and the rule of snoop's loop.

The events are decoded, and in memory, before the clock runs.
"""

import gc
import time
from collections.abc import Sequence
from multiprocessing.pool import AsyncResult, ThreadPool
from pathlib import Path
from typing import Any

from tests.bench.figure import Run
from tests.bench.stream_feeding import Clock, Counting, same, through
from WardenServer.processor import Processor, ProcessorAbort
from WardenServer.streams.batch import MOST, Batch
from WardenServer.streams.readers.base import Reader

#: An event of the dispatcher, about 150 bytes of JSON.
Event = dict[str, Any]
#: Seconds between samples, and threads that take them, in snoop's rule.
PERIOD, THREADS = 1.0, 2


def events(number: int) -> list[Event]:
    """So many events. Nothing of them is garbage, so the collector shall not look at them."""
    made = [event(place) for place in range(number)]
    gc.collect()
    gc.freeze()
    return made


def event(number: int) -> Event:
    """One event."""
    energy = number * 7919 % 10_007 / 1000  # from 0 to 10, in no order
    return {"number": number, "time": 1.7e9 + number / 1e4, "trigger": "nhit_100_low", "nhit": number % 300,
            "energy": energy, "position": [energy, -energy, 2.5], "good": True}  # fmt: skip


class Bins(Processor):
    """Counts the values of a field in bins."""

    name = "bins"

    def __init__(self) -> None:
        self.count = 0
        self.counts = [0] * 100

    def event(self, event: Event) -> None:
        """See Processor."""
        self.counts[int(event["nhit"]) // 3] += 1
        self.count += 1


class Mean(Processor):
    """The mean of a field, as it runs."""

    name = "mean"

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0

    def event(self, event: Event) -> None:
        """See Processor."""
        self.count += 1
        self.mean += (event["energy"] - self.mean) / self.count


def processors() -> list[Any]:
    """The three."""
    return [Counting(), Bins(), Mean()]


class Decoded(Reader):
    """Hands over events that are there."""

    def __init__(self, given: Sequence[Event]) -> None:
        super().__init__()
        self._batches = iter([Batch(list(given[begin : begin + MOST])) for begin in range(0, len(given), MOST)])

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        return next(self._batches, None)


def ours(folder: Path, number: int) -> Run:
    """A stream of ours."""
    return through(Decoded(events(number)), number, *processors())


def bare(folder: Path, number: int) -> Run:
    """A loop."""
    given, fed = events(number), processors()
    first, second, third = (each.event for each in fed)
    clock = Clock()
    for each in given:
        first(each)
        second(each)
        third(each)
    return clock.each(number, min(each.count for each in fed))


def bytewax(folder: Path, number: int) -> Run:
    """Three steps of bytewax side by side. They keep their state themselves, which favours it."""
    import bytewax.operators as steps
    from bytewax.dataflow import Dataflow
    from bytewax.testing import TestingSink, TestingSource, run_main

    given, fed, out = events(number), processors(), list[Any]()
    flow = Dataflow("bench")
    came = steps.input("events", flow, TestingSource(given, MOST))
    for each in fed:
        steps.output(f"out_{each.name}", steps.filter_map(each.name, came, each.event), TestingSink(out))
    clock = Clock()
    run_main(flow)
    return clock.each(number, min(each.count for each in fed))


def snoop(folder: Path, number: int) -> Run:
    """Our own words of snoop's rule: results, the time and one event are looked at in each pass."""
    given, fed = iter(events(number)), processors()
    enabled = dict.fromkeys(fed, True)
    pending: list[AsyncResult[Any]] = []
    written = periods = 0
    clock, start = Clock(), time.time()
    with ThreadPool(THREADS) as pool:
        while True:
            for result in list(pending):
                if result.ready():
                    pending.remove(result)
                    written += len(result.get())
            if time.time() - start > periods * PERIOD:
                periods += 1
                pending.append(pool.map_async(lambda each: (each.name, each.sample()), fed))
            if (event := next(given, None)) is None:
                break
            for each in fed:
                if enabled[each]:
                    _give(each, event, enabled)
        run = clock.each(number, min(each.count for each in fed))
    same(written % len(fed), 0)
    return run


def _give(processor: Any, event: Event, enabled: dict[Any, bool]) -> None:
    try:
        processor.event(event)
    except ProcessorAbort:
        pass
    except Exception:
        enabled[processor] = False
