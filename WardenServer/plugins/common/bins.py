"""Bins of equal width, and how far two histograms over them differ."""

import math
from typing import Any

import numpy as np

from WardenServer.errors import SettingError

#: One value for each bin, or each edge.
Row = np.ndarray[Any, Any]
#: Most bins, and by how many growing bins grow on either side.
MOST, ROOM = 100_000, 5_000


class Bins:
    """Bins from `low` to `high`. With `grow` there are up to ROOM more on either side, shown once one is needed.

    Raises:
        SettingError: these are no bins.
    """

    def __init__(self, low: Any, high: Any, bins: Any, grow: bool) -> None:
        if not _is_number(low) or not _is_number(high) or not low < high:
            raise SettingError(f"low is {low!r:.40} and high is {high!r:.40}; write two numbers, low below high")
        if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= MOST:
            raise SettingError(f"bins is {bins!r:.40}; write a whole number from 1 to {MOST}")
        #: What makes two of them the same.
        self.key = (float(low), float(high), bins, bool(grow))
        self._room = ROOM if grow else 0
        self._bins = bins
        with np.errstate(all="ignore"):
            span, steps = float(high) - float(low), np.arange(-self._room, bins + self._room + 1)
            self.edges = float(low) + span * steps / bins  # in this order whole numbers stay whole
            self.width = span / bins
            usable = np.isfinite(self.edges).all() and (np.diff(self.edges) > 0).all()
        if not usable:
            raise SettingError(f"{bins} bins from {low:g} to {high:g} are too narrow or too wide; write other limits")

    def shown(self, counts: Row) -> slice:
        """Which of all bins to show: those from low to high, and those out to the last that hold something."""
        filled = np.flatnonzero(counts)
        first, last = self._room, self._room + self._bins
        return slice(min(first, *filled[:1]), max(last, *(filled[-1:] + 1))) if len(filled) else slice(first, last)

    def place(self, counts: Any, edges: Any) -> Row:
        """Counts over the bins of another histogram, put into these.

        Raises:
            ValueError: they are no counts, or over other bins.
        """
        taken, bounds = np.asarray(counts, dtype=float), np.asarray(edges, dtype=float)
        if taken.ndim != 1 or bounds.shape != (len(taken) + 1,) or not (taken >= 0).all() or not _finite(taken, bounds):
            raise ValueError("it has no counts, 0 or more, with one edge more")
        with np.errstate(over="ignore"):
            begin = int(np.clip(np.rint((bounds[0] - self.edges[0]) / self.width), 0, len(self.edges)))
        here = self.edges[begin : begin + len(bounds)]
        if len(here) != len(bounds) or not np.allclose(here, bounds, rtol=0, atol=1e-6 * self.width):
            raise ValueError(f"it has other bins than {self._bins} from {self.key[0]:g} to {self.key[1]:g}")
        if not self._room and len(taken) != self._bins:
            raise ValueError(f"it has {len(taken)} bins in place of {self._bins}")
        placed = np.zeros(len(self.edges) - 1)
        placed[begin : begin + len(taken)] = taken
        return placed


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _finite(*rows: Row) -> bool:
    return all(np.isfinite(row).all() for row in rows)


def chi_squared(counts: Row, reference: Row) -> float | None:
    """How far two histograms of counts differ, per degree of freedom: about 1 where both are of one distribution.

    With n and m counts in a bin, N and M in all bins, it is the sum of (M n - N m)² / (n + m) over all bins that hold
    something, divided by N M and by one less than the number of these bins. The totals need not be the same. None where
    a histogram is empty, or one bin alone holds something.
    Source: N. Gagunashvili, arXiv:physics/0605123, for histograms without weights.
    """
    total, other = float(counts.sum()), float(reference.sum())
    filled = counts + reference > 0
    freedom = int(filled.sum()) - 1
    if total == 0 or other == 0 or freedom < 1:
        return None
    n, m = counts[filled] / total, reference[filled] / other
    return float((total * other * (n - m) ** 2 / (counts[filled] + reference[filled])).sum()) / freedom
