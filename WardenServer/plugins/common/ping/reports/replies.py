"""What the lists of replies say, those of all samples at once: samples with lists of the same length are one matrix, so
that numpy does the sums. Each sample is a column, because sums over many short rows take numpy several times as long.

A list has sequence numbers in its first half, in the order in which replies came, and their RTTs in ms in its second.
One that is no such list, because its length is odd or something in it is no number that it could be, gives no values.
"""

import math
from collections.abc import Iterator

import numpy
import polars
from numpy.typing import NDArray

from WardenServer.plugins.common.ping.reports.parsing import LONGEST

Numbers = NDArray[numpy.float64]
Counts = NDArray[numpy.int64]

#: What a list gives, of one sample.
METRICS = ("iqr", "ipdv", "conditional_loss_probability", "duplicate_packets", "out_of_order_packets")
#: Above this, a float is no count.
_MOST = 2.0**53
#: Numbers in a matrix.
_PORTION = 100_000


def measured(samples: polars.DataFrame) -> polars.DataFrame:
    """The samples with their METRICS in place of their lists, null where a list does not give them.

    * iqr: Q75 - Q25 of all RTTs in the list, quartiles by numpy's linear method; 0 for a single reply.
    * ipdv: Q75 - Q25 of the signed differences between RTTs in the order of sequence numbers (equal numbers as they
      came), also across pings that were lost; needs two replies.
    * conditional_loss_probability: % of the lost pings whose predecessor was lost, too.
    * duplicate_packets: 1 where a sequence number is there twice, else 0.
    * out_of_order_packets: 1 where a sequence number is smaller than the one before, else 0.
    """
    lists = samples["list"].str.split(" ").cast(polars.List(polars.Float64), strict=False)
    lengths = lists.list.len().fill_null(0).to_numpy().astype(numpy.int64)
    flat = lists.drop_nulls().explode().to_numpy()
    counts = samples.select("sent", "received").to_numpy().astype(numpy.int64)
    begins = numpy.cumsum(lengths) - lengths
    values = numpy.full((len(samples), len(METRICS)), numpy.nan)
    for rows in _portions(lengths):
        columns = flat[begins[rows] + numpy.arange(lengths[rows[0]])[:, None]]
        sequences, times = numpy.split(columns, 2)
        good = _are_sequences(sequences) & _are_times(times)
        values[rows[good]] = _of_matrix(sequences[:, good], times[:, good], counts[rows[good]])
    return samples.drop("list").hstack(polars.from_numpy(values, schema=METRICS).fill_nan(None))


def _portions(lengths: Counts) -> Iterator[NDArray[numpy.intp]]:
    """The rows of lists of the same length, never many at once: what stays in the processor's cache is faster."""
    for length in numpy.unique(lengths[(lengths > 0) & (lengths % 2 == 0)]):
        rows = numpy.flatnonzero(lengths == length)
        most = max(1, _PORTION // int(length))
        yield from (rows[at : at + most] for at in range(0, len(rows), most))


def _are_sequences(numbers: Numbers) -> NDArray[numpy.bool_]:
    return numpy.asarray(((numbers >= 0) & (numbers <= _MOST) & (numpy.floor(numbers) == numbers)).all(axis=0))


def _are_times(numbers: Numbers) -> NDArray[numpy.bool_]:
    return numpy.asarray(((numbers >= 0) & (numbers <= LONGEST)).all(axis=0))


def _of_matrix(sequences: Numbers, times: Numbers, counts: Counts) -> Numbers:
    """The METRICS, a row a sample, of samples that have equally many replies; `counts` are what was sent and
    received."""
    is_late = (numpy.diff(sequences, axis=0) < 0).any(axis=0)
    if is_late.any():
        order = numpy.argsort(sequences, axis=0, kind="stable")
        sequences = numpy.take_along_axis(sequences, order, axis=0)
        times = numpy.take_along_axis(times, order, axis=0)
    is_double = (numpy.diff(sequences, axis=0) == 0).any(axis=0)
    lost = _conditional_loss(sequences, counts[:, 0], counts[:, 1])
    return numpy.column_stack([_iqr(times), _iqr(numpy.diff(times, axis=0)), lost, is_double, is_late])


def _iqr(numbers: Numbers) -> Numbers:
    """Q75 - Q25 of each column. Written out since numpy.quantile takes four times as long for columns so short."""
    if not numbers.size:
        return numpy.full(numbers.shape[1], numpy.nan)
    ordered = numpy.sort(numbers, axis=0)
    return _quantile(ordered, 0.75) - _quantile(ordered, 0.25)


def _quantile(ordered: Numbers, part: float) -> Numbers:
    place = part * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return numpy.asarray(low + (high - low) * (place % 1))


def _conditional_loss(sequences: Numbers, sent: Counts, received: Counts) -> Numbers:
    """% of the lost pings whose predecessor was lost, too, of sorted sequence numbers; 0 where at most one was lost.

    Numbers begin at 1 where there is no 0 and one as great as `sent`, else at 0. NaN where the list has another length
    than was received, or numbers that were not sent.
    """
    first, last = sequences[0], sequences[-1]
    base = ((first > 0) & (last >= sent)).astype(numpy.int64)
    steps = numpy.diff(sequences, axis=0)
    lost = sent - 1 - (steps > 0).sum(axis=0)
    # Lost pings stand in runs, and of each run all but the first have a predecessor that was lost.
    runs = (steps > 1).sum(axis=0) + (first > base) + (last < base + sent - 1)
    part = numpy.where(lost > 1, 100.0 * (lost - runs) / numpy.maximum(lost, 1), 0.0)
    return numpy.where((len(sequences) == received) & (last < base + sent), part, numpy.nan)
