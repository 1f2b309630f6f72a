"""The sixteen hourly tables of a day by plain Python, line by line: what ours is compared with, and checked by.

Nothing of the package is used; the formulas are written again from their description.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

#: A value by metric; None where there is none.
Values = dict[str, float | None]
#: "node" or "site", size, source, target, hour.
Key = tuple[str, int, str, str, int]
Pair = tuple[str, str]

LONGEST = 86_400_000.0


class Place(NamedTuple):
    """The site of a host, and latitude and longitude in degrees."""

    site: str
    position: tuple[float, float] | None


@dataclass(frozen=True)
class Sample:
    """One line; `times` are minimum, average and maximum in ms, `replies` sequence numbers with their times."""

    src: str
    dst: str
    address: str
    size: int
    time: int
    sent: int
    received: int
    times: tuple[float, float, float] | None = None
    replies: Sequence[tuple[int, float]] = ()


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


# -- lines


def read(line: str) -> Sample | None:
    """The sample of a line; None where it means nothing."""
    fields = line.split()
    if len(fields) in (9, 10) or len(fields) < 8 or not _is_address(fields[1]):
        return None
    try:
        size, time, sent, received = map(int, fields[4:8])
        times = tuple(map(float, fields[8:11])) if received and len(fields) > 8 else None
    except ValueError:
        return None
    if sent < 1 or received < 0:
        return None
    who = (fields[0].lower(), fields[2].lower(), fields[3], max(size, 100), time, sent)
    if times is None:
        return Sample(*who, 0)
    low, mean, high = times
    if not (0 <= low <= high <= LONGEST and 0 <= mean <= LONGEST):
        return None
    return Sample(*who, received, (low, mean, high), _replies(fields[11:]))


def _is_address(text: str) -> bool:
    parts = text.split(".")
    return ":" in text or (len(parts) == 4 and all(part.isdigit() for part in parts))


def _replies(fields: Sequence[str]) -> Sequence[tuple[int, float]]:
    """Nothing where this is no list of replies."""
    half = len(fields) // 2
    try:
        numbers, times = list(map(float, fields[:half])), list(map(float, fields[half:]))
    except ValueError:
        return ()
    are_numbers = all(number >= 0 and number.is_integer() for number in numbers)
    if len(fields) % 2 or not are_numbers or not all(0 <= time <= LONGEST for time in times):
        return ()
    return list(zip(map(int, numbers), times, strict=True))


# -- a sample


def of_sample(sample: Sample) -> Values:
    """The values of one sample."""
    values: Values = {
        "unreachability": 0.0 if sample.received else 1.0,
        "zero_packet_loss_frequency": 100.0 if sample.received >= sample.sent else 0.0,
    }
    if sample.times is None:
        return values | {"conditional_loss_probability": 100.0 if sample.sent > 1 else 0.0}
    low, mean, high = sample.times
    loss = max(0.0, (sample.sent - sample.received) / sample.sent)
    values |= {"minimum_rtt": low, "average_rtt": mean, "maximum_rtt": high, "minimum_packet_loss": 100 * loss}
    if sample.size == 100:
        values["even"] = 1 - loss
    elif sample.size == 1000 and mean > 0:
        values["even"] = 2000 / mean
    return values | (_of_replies(sample) if sample.replies else {})


def _of_replies(sample: Sample) -> Values:
    numbers = [number for number, _ in sample.replies]
    in_order = [time for _, time in sorted(sample.replies, key=lambda reply: reply[0])]
    steps = [after - before for before, after in pairwise(in_order)]
    return {
        "iqr": _iqr(in_order),
        "ipdv": _iqr(steps) if steps else None,
        "conditional_loss_probability": _conditional_loss(sample, numbers),
        "duplicate_packets": float(len(set(numbers)) < len(numbers)),
        "out_of_order_packets": float(any(b < a for a, b in pairwise(numbers))),
    }


def _iqr(numbers: Iterable[float]) -> float:
    ordered = sorted(numbers)
    return _quantile(ordered, 0.75) - _quantile(ordered, 0.25)


def _quantile(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _conditional_loss(sample: Sample, numbers: Sequence[int]) -> float | None:
    came = set(numbers)
    base = 1 if min(came) > 0 and max(came) >= sample.sent else 0
    if len(numbers) != sample.received or max(came) >= base + sample.sent:
        return None
    lost = [number for number in range(base, base + sample.sent) if number not in came]
    if len(lost) < 2:
        return 0.0
    return 100 * sum(number - 1 in lost for number in lost) / len(lost)


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
