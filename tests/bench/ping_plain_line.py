"""A raw line and its values by plain Python; for a whole day see ping_plain.py.

Nothing of the package is used; the formulas are written again from their description.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: A value by metric; None where there is none.
Values = dict[str, float | None]
LONGEST = 86_400_000.0


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
