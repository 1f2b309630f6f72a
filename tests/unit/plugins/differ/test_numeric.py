"""Numbers: what is the same, what is within a tolerance, and how far they went."""

from fractions import Fraction
from math import inf, isfinite, nan, ulp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.differ import numeric
from WardenServer.plugins.common.differ.numeric import is_within
from WardenServer.plugins.common.differ.rules import Tolerance

EXACT = Tolerance()


@pytest.mark.parametrize(
    ("old", "new"), [(1, 1.0), (nan, nan), (inf, inf), (0.0, -0.0), (2**53, float(2**53)), (0, -0.0)]
)
def test_numbers_are_the_same_by_value(old: float, new: float) -> None:
    assert is_within(old, new, EXACT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, 2),
        (2**53, 2**53 + 1),
        (2**53 + 1, float(2**53)),
        (nan, 1),
        (1, nan),
        (inf, -inf),
        (inf, 1e308),
        (10**400, inf),
    ],
)
def test_others_are_not_nor_is_any_tolerance_enough_for_nan(old: float, new: float) -> None:
    assert not is_within(old, new, EXACT)
    if not (isinstance(old, int) and isinstance(new, int)):
        assert is_within(old, new, Tolerance(2.0, 2.0)) == all(isinstance(n, int) or isfinite(n) for n in (old, new))


def test_a_tolerance_is_of_the_old_value_and_holds_at_its_edge() -> None:
    assert is_within(0.3, 0.4, Tolerance(absolute=0.1))
    assert not is_within(0.3, 0.4000001, Tolerance(absolute=0.1))
    assert is_within(100, 101, Tolerance(relative=0.01)) and is_within(-100, -99, Tolerance(relative=0.01))
    assert not is_within(100, 101.01, Tolerance(relative=0.01))
    assert is_within(100, 90, Tolerance(relative=0.1)) and not is_within(90, 100, Tolerance(relative=0.1))
    assert is_within(0, 0.5, Tolerance(0.5, 0.1)) and is_within(100, 110, Tolerance(0.5, 0.1))
    assert not is_within(0, 1e-9, Tolerance(relative=0.5))


def test_whole_numbers_that_no_float_holds() -> None:
    assert is_within(10**400, 10**400 + 10**390, Tolerance(relative=0.01))
    assert not is_within(10**400, 2 * 10**400, Tolerance(relative=0.01))
    assert not is_within(2**60, 2**60 + 2, Tolerance(absolute=1))
    assert not is_within(10**400, 1.5, Tolerance(1.0, 0.5))


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_as_exact_arithmetic_but_for_rounding(old: float, new: float, most: float) -> None:
    distance = abs(Fraction(new) - Fraction(old))
    if distance <= Fraction(most):
        assert is_within(old, new, Tolerance(absolute=most))
    if distance > Fraction(most) + 4 * Fraction(ulp(max(abs(old), abs(new), most))):
        assert not is_within(old, new, Tolerance(absolute=most))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (5.0, 5.3, "+6 %"), (5.3, 5.0, "-5.66 %"), (-5, -6, "-20 %"), (-5, 5, "+200 %"), (1, 13.345, "+1230 %"),
        (1, 10.996, "+1000 %"),
        (1, 1e300, "+1e+302 %"), (1, 1 + 1e-9, "+1e-07 %"), (3, 4, "+33.3 %"), (0, 3, ""), (0.0, -0.0, ""),
        (nan, 1, ""), (1, inf, ""), (5e-324, 1e308, ""), (10**400, 2 * 10**400, "+100 %"), (1.5, 10**400, ""),
        (10**400, 10**400 + 1, ""),
    ],
)  # fmt: skip
def test_how_far_a_number_went(old: float, new: float, said: str) -> None:
    assert numeric.relative(old, new) == said


def test_true_is_no_number() -> None:
    assert not numeric.is_number(True)
    assert numeric.is_number(1) and numeric.is_number(nan)
