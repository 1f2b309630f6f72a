"""The sixteen hourly tables of a day by plain Python, line by line: what ours is compared with, and checked by.

Nothing of the package is used; the formulas are written again from their description. Lines are in ping_plain_line.py.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bench.ping_plain_line import Sample, Values, of_sample, read

#: "node" or "site", size, source, target, hour.
Key = tuple[str, int, str, str, int]
Pair = tuple[str, str]


class Place(NamedTuple):
    """The site of a host, and latitude and longitude in degrees."""

    site: str
    position: tuple[float, float] | None


@dataclass
class Hour:
    """What has been seen of a pair and a size in one hour: the values of its samples by metric."""

    sent: int = 0
    lost: int = 0
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, sample: Sample) -> None:
        """One sample more."""
        for metric, value in of_sample(sample).items():
            if value is not None:
                self.values[metric].append(value)
        if sample.received:  # one without any reply is unreachable, not lost
            self.sent += sample.sent
            self.lost += max(0, sample.sent - sample.received)


# -- an hour

_MEANS = (
    "average_rtt", "ipdv", "iqr", "conditional_loss_probability", "duplicate_packets", "out_of_order_packets",
    "unreachability", "zero_packet_loss_frequency",
)  # fmt: skip
METRICS = (
    *_MEANS, "minimum_rtt", "maximum_rtt", "packet_loss", "minimum_packet_loss", "throughput", "unpredictability",
    "MOS", "alpha",
)  # fmt: skip


def of_hour(hour: Hour, distance: float | None, unpredictability: float | None) -> Values:
    """The sixteen values of an hour."""
    values: Values = {metric: _mean(hour.values[metric]) for metric in _MEANS}
    values["minimum_rtt"] = min(hour.values["minimum_rtt"], default=None)
    values["maximum_rtt"] = max(hour.values["maximum_rtt"], default=None)
    values["minimum_packet_loss"] = min(hour.values["minimum_packet_loss"], default=None)
    values["packet_loss"] = 100 * hour.lost / hour.sent if hour.sent else None
    rtt, ipdv, loss, low = (values[name] for name in ("average_rtt", "ipdv", "packet_loss", "minimum_rtt"))
    lost = (hour.lost or 0.5) / hour.sent if hour.sent else None
    values["throughput"] = 8 * 1460 / (rtt * math.sqrt(lost)) if rtt and lost else None
    values["MOS"] = None if rtt is None or ipdv is None or loss is None else _mos(rtt, ipdv, loss)
    values["alpha"] = distance / (low * 100) if low and distance is not None else None
    values["unpredictability"] = unpredictability
    return values


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _mos(rtt: float, ipdv: float, loss: float) -> float:
    effective = rtt + 2 * ipdv + 10
    r = 93.2 - effective / 40 if effective < 160 else 93.2 - (effective - 120) / 10
    r -= 2.5 * loss
    return 1.0 if r < 0 else 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)


def _unpredictability(small: Hour | None, large: Hour | None) -> float | None:
    """Of the pings of 100 and of 1000 bytes in one hour."""
    success, rate = (_evenness(hour.values["even"]) if hour else None for hour in (small, large))
    if success is None or rate is None:
        return None
    return math.sqrt(((1 - rate) ** 2 + (1 - success) ** 2) / 2)


def _evenness(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) / max(numbers) if len(numbers) > 1 and max(numbers) > 0 else None


def _distance(one: Place, other: Place) -> float | None:
    """km, by haversines."""
    if one.position is None or other.position is None:
        return None
    (lat1, lon1), (lat2, lon2) = (map(math.radians, place.position or ()) for place in (one, other))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(h))


# -- a day


def day(raw: Iterable[bytes], begin: int, places: Mapping[str, Place]) -> dict[Key, Values]:
    """All values of the day that begins at this time, in Unix seconds."""
    hours: dict[Key, Hour] = defaultdict(Hour)
    seen = set()
    for line in b"\n".join(raw).decode().split("\n"):
        sample = read(line)
        if sample is None or not begin <= sample.time < begin + 86_400 or not {sample.src, sample.dst} <= places.keys():
            continue
        same = (sample.src, sample.dst, sample.address, sample.size, sample.time)
        if same not in seen:
            seen.add(same)
            hours["node", sample.size, sample.src, sample.dst, (sample.time - begin) // 3600].add(sample)
    by_node = {key: _values(key, hours, places) for key in list(hours)}
    return by_node | _by_site(by_node, places)


def _values(key: Key, hours: Mapping[Key, Hour], places: Mapping[str, Place]) -> Values:
    by, _, src, dst, hour = key
    small, large = (hours.get((by, size, src, dst, hour)) for size in (100, 1000))
    return of_hour(hours[key], _distance(places[src], places[dst]), _unpredictability(small, large))


def _by_site(by_node: Mapping[Key, Values], places: Mapping[str, Place]) -> dict[Key, Values]:
    found: dict[Key, list[Values]] = defaultdict(list)
    for (_, size, src, dst, hour), values in by_node.items():
        found["site", size, places[src].site, places[dst].site, hour].append(values)
    return {
        key: {metric: _mean([value for each in many if (value := each[metric]) is not None]) for metric in METRICS}
        for key, many in found.items()
    }


def tables(values: Mapping[Key, Values]) -> dict[tuple[str, str, int], str]:
    """The text of each table, by metric, "node" or "site", and size."""
    pairs: dict[tuple[str, int], dict[Pair, list[Values]]] = defaultdict(lambda: defaultdict(lambda: [{}] * 24))
    for (by, size, src, dst, hour), found in values.items():
        pairs[by, size][src, dst][hour] = found
    return {
        (metric, by, size): _text(sorted(rows.items()), lambda found, metric=metric: found.get(metric))
        for (by, size), rows in pairs.items()
        for metric in METRICS
    }


def _text(rows: Iterable[tuple[Pair, Sequence[Values]]], value: Callable[[Values], float | None]) -> str:
    lines = [" ".join(map(str, range(24)))]
    for (src, dst), hours in rows:
        numbers = (value(found) for found in hours)
        shown = ("." if number is None else f"{number:.3f}" for number in numbers)
        lines.append(f"{src} {dst} {' '.join(shown)} {src} {dst}")
    return "\n".join(lines) + "\n"
