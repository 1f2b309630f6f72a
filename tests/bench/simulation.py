"""Simulated values for the history: the same in every run, for ours and for the rivals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from WardenServer.sinks.history import form, fresh, rolling, tables
from WardenServer.sinks.history.files import Files
from WardenServer.sinks.history.names import SourceBook
from WardenServer.sinks.history.packing import FULL
from WardenServer.sinks.history.parts import DAY, RAW, part_of
from WardenServer.sinks.history.samples import MICRO, Sample, Source

DOCUMENTS = 1000
FIELDS = ("Position", "Temperature", "Pressure", "Counts", "Voltage")
#: The one field of the long time.
KEY, FIELD = "Petra", "BeamCurrent"
#: Of the long time every value is kept for so many days, as in the hub by default.
KEPT = 14
#: Seconds of values that the hub writes together.
TOGETHER = 3

#: A numpy array of numbers.
Numbers = Any


def documents(seconds: int, number: int = DOCUMENTS) -> Numbers:
    """The fields of all documents in each second, as an array of (second, document, field).

    Readings with the digits that devices give. In each second half of the documents, others each time, have new ones.
    """
    chance = np.random.default_rng(1)
    shape = (seconds, number)
    values = np.stack(
        [
            np.round(np.cumsum(chance.normal(0, 0.01, shape), axis=0), 4),
            np.round(20 + np.cumsum(chance.normal(0, 0.005, shape), axis=0), 2),
            np.round(1e-7 * np.exp(chance.normal(0, 0.1, shape)), 9),
            chance.poisson(1000, shape).astype(float),
            np.round(chance.normal(5, 0.01, shape), 3),
        ],
        axis=2,
    )
    changed = np.where(chance.random(shape) < 0.5, np.arange(seconds)[:, None], 0)
    newest = np.maximum.accumulate(changed, axis=0)
    return np.take_along_axis(values, newest[:, :, None], axis=0)


def fields(values: Numbers) -> dict[str, Any]:
    """The fields of one document, as an agent returns them."""
    position, temperature, pressure, counts, voltage = values.tolist()
    return dict(zip(FIELDS, (position, temperature, pressure, int(counts), voltage), strict=True))


def day(number: int) -> Numbers:
    """The value of each second of a day, given as days since 1970: it goes up and down, with peaks of one second."""
    chance = np.random.default_rng(number)
    second = np.arange(DAY)
    values = 100 + 5 * np.sin(2 * np.pi * second / DAY) + np.cumsum(chance.normal(0, 0.01, DAY))
    values[chance.integers(0, DAY, 20)] += chance.normal(0, 50, 20)
    return np.round(values, 3)


def write_days(folder: Path, first: int, days: int) -> None:
    """A history of so many days from the first on, given as days since 1970: points of all, values of the last ones."""
    if folder.exists():
        return
    store = Files(folder)
    for number in range(first, first + days):
        part = part_of(RAW, number)
        _write_blocks(store, number)
        rolling.roll(store, part)
        if number < first + days - KEPT:
            store.drop(part)
    store.close()


def _write_blocks(store: Files, number: int) -> None:
    """A day as the upkeep packs it, without the way there."""
    with store.write(part_of(RAW, number)) as connection:
        sources = SourceBook(connection)
        source = sources.number(Source("petra", KEY, (FIELD,)))
        sources.write(store, connection)
        times, blocks = zip(*_blocks(number, source), strict=True)
        store.put(connection, tables.times, times)
        store.put(connection, tables.blocks, blocks)


def _blocks(number: int, source: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The times and the values of each block; the source has one series, whose number is 1."""
    time, values = (number * DAY + np.arange(DAY)) * MICRO, day(number)
    for block, begin in enumerate(range(0, DAY, FULL), 1):
        its = time[begin : begin + FULL]
        shared = {"day": number, "data": form.numbers(its)}
        yield (
            {**shared, "id": block, "source": source, "first": int(its[0]), "last": int(its[-1]), "count": len(its)},
            {**shared, "series": 1, "times": block, "begin": 0, "kind": form.FLOAT,
             "data": form.pack(form.FLOAT, values[begin : begin + FULL])},
        )  # fmt: skip


def write_fresh(folder: Path, number: int, seconds: int, keys: int) -> None:
    """So many seconds of a day, of so many documents, as the hub leaves them for the upkeep."""
    if folder.exists():
        return
    values = documents(seconds, keys)
    sources = [Source(f"agent{key}", f"agent{key}", FIELDS) for key in range(keys)]
    store = Files(folder)
    with store.write(part_of(RAW, number)) as connection:
        writer = fresh.Writer(connection, number)
        for begin in range(0, seconds, TOGETHER):
            writer.write(store, connection, _samples(sources, number * DAY + begin, values[begin : begin + TOGETHER]))
    store.close()


def _samples(sources: list[Source], begin: int, values: Numbers) -> Iterator[Sample]:
    for second, together in enumerate(values.tolist(), begin):
        for source, each in zip(sources, together, strict=True):
            yield Sample(source, second * MICRO, tuple(each))
