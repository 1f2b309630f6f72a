"""Numbers of two runs: whether they are the same, and how far they went."""

import math
from fractions import Fraction
from typing import Any, TypeGuard

from WardenServer.plugins.common.differ.rules import Tolerance

Number = int | float


def is_number(value: Any) -> TypeGuard[Number]:
    """Whether a value is a number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_within(old: Number, new: Number, tolerance: Tolerance) -> bool:
    """Whether a number went no farther than it may. NaN is the same as NaN, and as nothing else; from and to infinite
    numbers is too far."""
    if old == new or (old != old and new != new):
        return True
    if not (tolerance.absolute or tolerance.relative) or not (_is_finite(old) and _is_finite(new)):
        return False
    try:
        return abs(new - old) <= max(tolerance.absolute, tolerance.relative * abs(old)) + _rounding(old, new)
    except OverflowError:  # a whole number that no float can hold
        part = Fraction(tolerance.relative) * abs(Fraction(old))
        return abs(Fraction(new) - Fraction(old)) <= max(Fraction(tolerance.absolute), part)


def relative(old: Number, new: Number) -> str:
    """By which part of the old value a number went, such as "+6 %"; "" where that has no meaning."""
    if not old or not (_is_finite(old) and _is_finite(new)):
        return ""
    try:
        percent = float((new - old) / abs(old)) * 100
    except OverflowError:
        return ""
    if not percent or not math.isfinite(percent):
        return ""
    digits = f"{percent:+.3g}"
    return f"{int(float(digits)):+d} %" if "e" in digits and 1 < abs(percent) < 1e6 else f"{digits} %"


def _is_finite(value: Number) -> bool:
    return isinstance(value, int) or math.isfinite(value)


def _rounding(old: Number, new: Number) -> float:
    """What floats may be off by: from 0.3 to 0.4 is no farther than 0.1."""
    if isinstance(old, int) and isinstance(new, int):
        return 0.0
    return 2 * math.ulp(max(abs(old), abs(new)))
