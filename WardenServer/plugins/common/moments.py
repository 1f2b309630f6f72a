"""Number, mean, deviation and limits of numbers, from parts of them."""

import math
from typing import NamedTuple

import numpy as np

from WardenServer.plugins.common.event_fields import Numbers


class Moments(NamedTuple):
    """What is known of numbers that are not kept. `squares` is the sum of the squared differences from the mean."""

    number: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation; None of fewer than two numbers, or where it is too large for a float."""
        if self.number < 2 or not math.isfinite(self.squares):
            return None
        return math.sqrt(self.squares / (self.number - 1))


def of(values: Numbers) -> Moments:
    """The moments of finite numbers, one or more."""
    count, low, high = len(values), float(values.min()), float(values.max())
    with np.errstate(over="ignore"):
        mean = _between(low, float((values / count).sum()), high)  # divided first, so that the sum is no infinity
        squares = float(((values - mean) ** 2).sum())
    return Moments(count, mean, squares, low, high)


def pooled(one: Moments, other: Moments) -> Moments:
    """The moments of two sets of numbers together.

    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances" (1979); the mean is a weighted one, which no large numbers overflow.
    """
    if not one.number or not other.number:
        return one if one.number else other
    count, low, high = one.number + other.number, min(one.low, other.low), max(one.high, other.high)
    share, apart = other.number / count, other.mean - one.mean
    mean = _between(low, one.mean * (1 - share) + other.mean * share, high)
    squares = one.squares + other.squares + apart * apart * one.number * share
    return Moments(count, mean, squares, low, high)


def _between(low: float, value: float, high: float) -> float:
    """A mean lies between the limits; rounding must not carry it beyond."""
    return min(max(value, low), high)
