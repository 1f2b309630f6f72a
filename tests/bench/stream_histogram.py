"""The shipped histogram, in arrays and in single events, beside the bare library and plain Python."""

import gc
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.figure import Run
from tests.bench.stream_feeding import Clock
from tests.bench.stream_single import events

#: Where the first bin begins and the last ends, and how many there are.
LOW, HIGH, BINS = 0.0, 11.0, 100
#: Arrays that are different.
ARRAYS = 100


def _arrays(number: int, size: int) -> Iterator[Any]:
    """Arrays of this size with so many events in all."""
    random = np.random.default_rng(12)
    kinds = [("number", "i8"), ("energy", "f8"), ("nhit", "i4")]
    made = [np.zeros(size, kinds) for _ in range(ARRAYS)]
    for array in made:
        array["energy"] = random.uniform(LOW, HIGH, size)
    return islice(cycle(made), number // size)


def arrays(folder: Path, number: int, size: int) -> Run:
    """Ours."""
    histogram, given = _ours(), _arrays(number, size)
    clock = Clock()
    for batch in given:
        histogram.events(batch)
    entries = histogram.sample()["entries"]
    return clock.each(number // size * size, entries)


def arrays_bare(folder: Path, number: int, size: int) -> Run:
    """A loop over boost-histogram."""
    import boost_histogram

    axis = boost_histogram.axis.Regular(BINS, LOW, HIGH)
    histogram = boost_histogram.Histogram(axis, storage=boost_histogram.storage.Int64())
    given = _arrays(number, size)
    clock = Clock()
    for batch in given:
        histogram.fill(batch["energy"])
    return clock.each(number // size * size, int(histogram.sum(flow=True)))


def single(folder: Path, number: int) -> Run:
    """Ours."""
    histogram, given = _ours(), events(number)
    clock = Clock()
    for each in given:
        histogram.event(each)
    entries = histogram.sample()["entries"]
    return clock.each(number, entries)


def single_bare(folder: Path, number: int) -> Run:
    """A loop of plain Python, which counts in bins."""
    counts, given = [0] * (BINS + 2), events(number)
    clock = Clock()
    scale = BINS / (HIGH - LOW)
    for each in given:
        value = each["energy"]
        counts[0 if value < LOW else BINS + 1 if value >= HIGH else 1 + int((value - LOW) * scale)] += 1
    return clock.each(number, sum(counts))


def _ours() -> Any:
    from WardenServer.plugins.histogram import Histogram

    gc.collect()
    return Histogram("energy", LOW, HIGH, BINS)
