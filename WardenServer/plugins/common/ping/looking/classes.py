"""Which values are good: classes with names, so that a table can be read at a glance, also without colour.

Loss as PingER has it: below 0.1 % excellent, 1 good, 2.5 acceptable, 5 poor, 12 very poor, else bad.
"""

from typing import NamedTuple


class Class(NamedTuple):
    """One class: its name, a sign for those who see no colour, and the value from which on it is no more; None for the
    last."""

    name: str
    sign: str
    below: float | None


def classes(metric: str) -> tuple[Class, ...]:
    """The classes of a metric from good to bad; of metrics that are better when they are greater, `below` falls. None
    where nobody can say what is good."""
    raise NotImplementedError


def class_of(metric: str, value: float | None) -> Class | None:
    """The class of a value."""
    raise NotImplementedError
