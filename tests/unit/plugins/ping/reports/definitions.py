"""The metrics by their definitions, line by line and without any speed: what the package's must equal."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy

from tests.unit.plugins.ping.reports.lines import BEGIN, Line
from WardenServer.plugins.common.ping.archive.nodes import Nodes

#: by, size, src, dst, hour
Key = tuple[str, int, str, str, int]
Values = dict[str, float | None]


def mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return math.fsum(there) / len(there) if there else None


def smallest(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def spread(values: Sequence[float]) -> float | None:
    """Q75 - Q25."""
    return float(numpy.percentile(values, 75) - numpy.percentile(values, 25)) if values else None


class Sample:
    """What one line says."""

    def __init__(self, line: Line, unreachable_is_loss: bool) -> None:
        self.size, self.sent, self.received = max(100, line.size), line.sent, line.count
        self.times = line.times
        if self.times is None:
            self.received = 0
        self.counts = self.received > 0 or unreachable_is_loss
        self.lost = max(0, self.sent - self.received)
        self.replies = line.replies if line.has_list and self.times else None
        if not self.replies:
            self.replies = None

    def time(self, which: int) -> float | None:
        return self.times[which] if self.times else None

    @property
    def loss(self) -> float | None:
        return 100 * self.lost / self.sent if self.counts else None

    @property
    def iqr(self) -> float | None:
        return spread([rtt for _, rtt in self.replies]) if self.replies else None

    @property
    def ipdv(self) -> float | None:
        ordered = [rtt for _, rtt in sorted(self.replies or (), key=lambda reply: reply[0])]
        return spread([later - earlier for earlier, later in pairwise(ordered)])

    @property
    def clp(self) -> float | None:
        if self.received and (self.replies is None or len(self.replies) != self.received):
            return None
        came = {sequence for sequence, _ in self.replies or ()}
        base = 1 if 0 not in came and any(sequence >= self.sent for sequence in came) else 0
        all_sent = range(base, base + self.sent)
        if not came <= set(all_sent):
            return None
        lost = [sequence for sequence in all_sent if sequence not in came]
        if len(lost) <= 1:
            return 0
        if len(lost) == self.sent:
            return 100
        return 100 * sum(sequence - 1 in lost for sequence in lost) / len(lost)

    @property
    def is_double(self) -> float | None:
        if self.replies is None:
            return None
        return float(max(Counter(sequence for sequence, _ in self.replies).values()) > 1)

    @property
    def is_out_of_order(self) -> float | None:
        if self.replies is None:
            return None
        came = [sequence for sequence, _ in self.replies]
        return float(any(later < earlier for earlier, later in pairwise(came)))


def even(values: Sequence[float]) -> float | None:
    """mean / maximum."""
    return math.fsum(values) / len(values) / max(values) if len(values) > 1 and max(values) > 0 else None


def unpredictability(small: Sequence[Sample], large: Sequence[Sample]) -> float | None:
    s = even([1 - sample.lost / sample.sent for sample in small if sample.counts])
    r = even([2000 / average for sample in large if (average := sample.time(1))])
    return None if s is None or r is None else math.hypot(1 - r, 1 - s) / math.sqrt(2)


def mos(rtt: float | None, ipdv: float | None, loss: float | None) -> float | None:
    if rtt is None or ipdv is None or loss is None:
        return None
    effective = rtt + 2 * ipdv + 10
    r = (93.2 - effective / 40 if effective < 160 else 93.2 - (effective - 120) / 10) - 2.5 * loss
    return 1 if r < 0 else 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)


def hour(samples: Sequence[Sample], distance: float | None) -> Values:
    """The values of the samples of one pair, size and hour."""
    counted = [sample for sample in samples if sample.counts]
    lost, sent = sum(sample.lost for sample in counted), sum(sample.sent for sample in counted)
    average, low = mean(sample.time(1) for sample in samples), smallest(sample.time(0) for sample in samples)
    loss = 100 * lost / sent if sent else None
    ipdv = mean(sample.ipdv for sample in samples)
    high = max((sample.times[2] for sample in samples if sample.times), default=None)
    return {
        "samples": len(samples),
        "sent": sum(sample.sent for sample in samples),
        "received": sum(sample.received for sample in samples),
        "average_rtt": average,
        "minimum_rtt": low,
        "maximum_rtt": high,
        "packet_loss": loss,
        "minimum_packet_loss": smallest(sample.loss for sample in samples),
        "throughput": 8 * 1460 / (average * math.sqrt((lost or 0.5) / sent)) if average and sent else None,
        "ipdv": ipdv,
        "iqr": mean(sample.iqr for sample in samples),
        "conditional_loss_probability": mean(sample.clp for sample in samples),
        "duplicate_packets": mean(sample.is_double for sample in samples),
        "out_of_order_packets": mean(sample.is_out_of_order for sample in samples),
        "unreachability": mean(float(sample.received == 0) for sample in samples),
        "zero_packet_loss_frequency": mean(100.0 * (sample.received >= sample.sent) for sample in samples),
        "MOS": mos(average, ipdv, loss),
        "alpha": distance / (low * 100) if distance is not None and low else None,
    }


def hours(lines: Sequence[Line], nodes: Nodes, sizes: Sequence[int], unreachable_is_loss: bool) -> dict[Key, Values]:
    """All values of all lines, which are of one day and known nodes."""
    once = {(line.src.lower(), line.dst.lower(), line.address, max(100, line.size), line.time): line
            for line in reversed(lines)}  # fmt: skip
    groups: Mapping[tuple[int, str, str, int], list[Sample]] = defaultdict(list)
    for (src, dst, _, size, time), line in once.items():
        groups[size, src, dst, (time - BEGIN) // 3600].append(Sample(line, unreachable_is_loss))
    found: dict[Key, Values] = {}
    for (size, src, dst, at), samples in groups.items():
        if size in sizes:
            u = unpredictability(groups.get((100, src, dst, at), ()), groups.get((1000, src, dst, at), ()))
            found["node", size, src, dst, at] = {
                **hour(samples, nodes.distance(src, dst)), "unpredictability": u,
            }  # fmt: skip
    return {**found, **_sites(found, nodes.site)}


def _sites(found: Mapping[Key, Values], site: Callable[[str], str]) -> dict[Key, Values]:
    groups: dict[Key, list[Values]] = defaultdict(list)
    for (_, size, src, dst, at), values in found.items():
        groups["site", size, site(src), site(dst), at].append(values)
    counts = ("samples", "sent", "received")
    return {
        key: {
            name: sum(each[name] or 0 for each in group) if name in counts else mean(each[name] for each in group)
            for name in group[0]
        }
        for key, group in groups.items()
    }
