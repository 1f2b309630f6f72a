"""Values as JSON has them, for properties: few letters and numbers, so that many are the same."""

from fractions import Fraction
from math import isfinite
from typing import Any

from hypothesis import strategies as st

from WardenServer.plugins.common.differ.change import Pair

NUMBERS = (
    st.integers(-2, 2)
    | st.sampled_from([0.0, -0.0, 1.0, 1.5, 2**53, 2**53 + 1, float(2**53), 10**400, 1e308])
    | st.sampled_from([float("nan"), float("inf"), float("-inf")])
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text("a1 \n", max_size=3) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), inner, max_size=3),
    max_leaves=5,
)


def canonical(value: Any) -> Any:
    """The same for values that are the same, and only for those: worked out another way than ours."""
    if isinstance(value, bool) or value is None:
        return ("word", str(value))
    if isinstance(value, int | float):
        return ("number", Fraction(value) if is_finite(value) else str(value))
    if isinstance(value, str):
        return ("text", tuple(value.strip().splitlines()))
    if isinstance(value, dict):
        return ("object", frozenset((key, canonical(each)) for key, each in value.items()))
    return ("array", tuple(canonical(each) for each in value))


def is_finite(value: float) -> bool:
    return isinstance(value, int) or isfinite(value)


def pair(old: Any, new: Any, partition: str = "P", parameter: str = "Q") -> Pair:
    return Pair(partition, parameter, old, new)
