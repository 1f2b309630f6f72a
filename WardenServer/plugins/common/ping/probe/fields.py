"""The document of a host, from the samples of its newest round.

For each size S of its pings: loss_S (%), rtt_min_S, rtt_avg_S, rtt_max_S and jitter_S (ms); None where nothing came.
Of several sets of one size all pings count together in the loss, and averages are means over the sets.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe.round import Outcome, Target
from WardenServer.plugins.common.ping.probe.sample import Measured

Document = dict[str, Any]

#: What a host can be, as its field `state` says it.
ANSWERS, SILENT, NO_NAME, NOT_MEASURED = "answers", "silent", "no name", "not measured"

_MS = {"unit": "ms", "format": "%.3f"}
_PERCENT = {"unit": "%", "format": "%.1f"}
_PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "loss": _PERCENT, "gateway_loss": _PERCENT, "rtt_min": _MS, "rtt_avg": _MS, "rtt_max": _MS, "jitter": _MS,
    "measured": {"unit": "s", "format": "%.0f"},
}  # fmt: skip
#: The fewest replies that have a jitter: two differences.
_FEWEST = 3


def properties(name: str) -> Mapping[str, str]:
    """Unit and format of a field of a document."""
    return _PROPERTIES.get(name, _PROPERTIES.get(name.rpartition("_")[0], {}))


def before(host: Host) -> Document:
    """The document of a host that was not measured yet."""
    return document(Outcome(Target(host)))


def document(outcome: Outcome) -> Document:
    """The document of a host. `trouble` is why it has no address, or could not be measured."""
    samples = outcome.samples
    sizes = dict.fromkeys(pings.size for pings in outcome.target.host.pings)
    values = [_of_size(size, [sample.measured for sample in samples if sample.size == size]) for size in sizes]
    gateway = loss([sample.gateway for sample in samples if sample.gateway is not None])
    return {
        **{name: value for each in values for name, value in each.items()},
        "state": _state(outcome),
        "address": outcome.target.address,
        "method": samples[-1].method if samples else "",
        "marks": " ".join(sorted({mark for sample in samples for mark in sample.measured.marks})),
        "measured": max((sample.measured.time for sample in samples), default=None),
        "gateway_loss": gateway,
        "fault": _fault(loss([sample.measured for sample in samples]), gateway),
        "trouble": outcome.trouble,
    }


def loss(sets: Sequence[Measured]) -> float | None:
    """% of the pings of these sets that had no reply, at least 0; None where there are none."""
    sent = sum(each.sent for each in sets)
    return max(0.0, 100 * (sent - sum(each.received for each in sets)) / sent) if sent else None


def jitter(times: Sequence[float]) -> float | None:
    """The inter-packet delay variation: the distance of the quartiles of the signed differences of successive times, in
    the order of sending; None for fewer than three. Source: PingER's ipdv, numpy's linear quartiles."""
    if len(times) < _FEWEST:
        return None
    low, high = np.percentile(np.diff(times), (25, 75))
    return float(high - low)


def _of_size(size: int, sets: Sequence[Measured]) -> dict[str, float | None]:
    times = [found for found in map(_times, sets) if found]
    return {
        f"loss_{size}": loss(sets),
        f"rtt_min_{size}": min(map(min, times), default=None),
        f"rtt_avg_{size}": _mean(sum(each) / len(each) for each in times),
        f"rtt_max_{size}": max(map(max, times), default=None),
        f"jitter_{size}": _mean(map(jitter, times)),
    }


def _times(measured: Measured) -> list[float]:
    """The time of each ping's first reply, in the order of sending."""
    first: dict[int, float] = {}
    for reply in measured.replies:
        first.setdefault(reply.sequence, reply.rtt)
    return [first[sequence] for sequence in sorted(first)]


def _mean(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _state(outcome: Outcome) -> str:
    if outcome.samples:
        return ANSWERS if any(sample.measured.received for sample in outcome.samples) else SILENT
    return NO_NAME if outcome.trouble and not outcome.target.address else NOT_MEASURED


def _fault(lost: float | None, gateway: float | None) -> str:
    """Whose fault the loss is: "ours" where the host on the way lost packets, too."""
    if not lost or gateway is None:
        return ""
    return "ours" if gateway else "theirs"
