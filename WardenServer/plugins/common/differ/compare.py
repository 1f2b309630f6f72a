"""Pairs of values compared by the rules: each by its kind, and equal changes of several partitions together."""

from collections.abc import Iterable

from WardenServer.plugins.common.differ.change import Comparison, Pair
from WardenServer.plugins.common.differ.rules import Rules


def compare(pairs: Iterable[Pair], rules: Rules) -> Comparison:
    """What changed. NaN equals NaN, 1 equals 1.0, True does not equal 1; of texts see lines.py."""
    raise NotImplementedError


def is_same(old: object, new: object) -> bool:
    """Whether two values are the same, without tolerance."""
    raise NotImplementedError
