"""Rounding to three decimals as C's "%.3f" does it: to the nearer one of the number that the computer really has.

0.0005 is kept as a little more than that, so it becomes 0.001; 0.0625 is exact, so it becomes the even 0.062. Half of
the means of two readings of three decimals are such numbers, and to multiply and round gets some of them wrong. To
print floats with three decimals takes five times as long.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Up to here numbers of three decimals are exact enough to be told from their neighbours.
LARGEST = 1e12
#: Splits a number of 53 bits into two of 26, whose products are exact (Numerische Mathematik 18, 1971, p. 224).
_SPLIT = 2.0**27 + 1


def rounded(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """The numbers nearest to what is shown of these; NaN, and what is greater than LARGEST, stays."""
    import numpy as np

    is_great = np.abs(values) > LARGEST
    number = np.where(is_great, 0.0, values)
    thousandths = number * 1000.0
    low = np.floor(thousandths)
    part = thousandths - low - 0.5
    is_up, is_half = part > 0, part == 0
    is_up[is_half] = _are_up(number[is_half], thousandths[is_half], low[is_half] % 2 == 1)
    return np.where(is_great, values, (low + is_up) / 1000.0)


def _are_up(number: Any, thousandths: Any, is_odd: Any) -> Any:
    """Of numbers that seem to lie just between two: which ones lie above, or there exactly and beside an odd one."""
    high = number * _SPLIT - (number * _SPLIT - number)
    left = (high * 1000.0 - thousandths) + (number - high) * 1000.0  # what the product lost
    return (left > 0) | ((left == 0) & is_odd)
