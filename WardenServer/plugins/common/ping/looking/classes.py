"""Which values are good: classes with names, so that a table can be read at a glance, also without colour.

Loss as PingER has it: below 0.1 % excellent, 1 good, 2.5 acceptable, 5 poor, 12 very poor, else bad. Unreachability is
the loss of whole sets of pings, so the same shares are taken for it, of 1 in place of 100 %.

Round-trip times by ITU-T G.114 (05/2003), of a way and back: up to 2 x 150 ms most uses feel nothing, beyond 2 x 400 ms
no network should be planned. MOS by ITU-T G.107 (06/2015), Annex B: from 4.34 on very satisfied, 4.03 satisfied, 3.60
some dissatisfied, 3.10 many, 2.58 nearly all, below that not recommended.

Of other metrics nobody can say what is good: throughput as it is reckoned here is limited by the number of pings where
none is lost, and what variation of delay does depends on who uses the network.
"""

import math
from typing import NamedTuple


class Class(NamedTuple):
    """One class: its name, a sign for those who see no colour, and the value from which on it is no more; None for the
    last. Of a metric that is better when it is greater, `below` is the smallest value that is still of the class."""

    name: str
    sign: str
    below: float | None


_SIGNS = {"excellent": "++", "good": "+", "acceptable": "~", "poor": "-", "very poor": "--", "bad": "!!"}


def _made(**limits: float) -> tuple[Class, ...]:
    """Classes with these limits, and "bad" for the rest."""
    names = {name.replace("_", " "): limit for name, limit in limits.items()}
    return (*(Class(name, _SIGNS[name], limit) for name, limit in names.items()), Class("bad", _SIGNS["bad"], None))


_LOSS = _made(excellent=0.1, good=1, acceptable=2.5, poor=5, very_poor=12)
_RTT = _made(good=300, acceptable=800)
_CLASSES = {
    "packet_loss": _LOSS, "minimum_packet_loss": _LOSS,
    "unreachability": _made(excellent=0.001, good=0.01, acceptable=0.025, poor=0.05, very_poor=0.12),
    "average_rtt": _RTT, "minimum_rtt": _RTT, "maximum_rtt": _RTT,
    "MOS": _made(excellent=4.34, good=4.03, acceptable=3.6, poor=3.1, very_poor=2.58),
}  # fmt: skip
#: Metrics that are better when they are greater.
_RISING = ("MOS",)


def classes(metric: str) -> tuple[Class, ...]:
    """The classes of a metric from good to bad; of metrics that are better when they are greater, `below` falls. None
    where nobody can say what is good."""
    return _CLASSES.get(metric, ())


def class_of(metric: str, value: float | None) -> Class | None:
    """The class of a value."""
    if value is None or math.isnan(value):
        return None
    is_rising = metric in _RISING
    return next((each for each in classes(metric) if _is_in(value, each.below, is_rising)), None)


def meaning(metric: str, each: Class) -> str:
    """Which values are of a class, for a legend."""
    if each.below is None:
        return "all others"
    return f"from {each.below:g} on" if metric in _RISING else f"below {each.below:g}"


def _is_in(value: float, below: float | None, is_rising: bool) -> bool:
    if below is None:
        return True
    return value >= below if is_rising else value < below
