"""The rows below a table of pairs: what all of them together say of each point."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Numbers = NDArray[np.float64]


def _percentile(percent: float) -> "Callable[[_Numbers], float]":
    def of_all(values: "_Numbers") -> float:
        import numpy as np  # here, so that no other command waits for it

        return float(np.percentile(values, percent))

    return of_all


def _iqr(values: "_Numbers") -> float:
    return _percentile(75)(values) - _percentile(25)(values)


_ROWS: "Mapping[str, Callable[[_Numbers], float]]" = {
    "min": lambda values: float(values.min()),
    "25%": _percentile(25),
    "mean": lambda values: float(values.mean()),
    "median": _percentile(50),
    "75%": _percentile(75),
    "90%": _percentile(90),
    "95%": _percentile(95),
    "max": lambda values: float(values.max()),
    "iqr": _iqr,
    "std": lambda values: float(values.std()),
    "pairs": len,
}
#: The rows of the summary, in their order; percentiles are numpy's linear ones, the deviation that of the population.
SUMMARY = tuple(_ROWS)


def of(rows: Sequence[Sequence[float | None]], points: int) -> dict[str, tuple[float | None, ...]]:
    """For each row of the summary a value a point, over the pairs that have one; without any there is only their
    number, 0.

    Args:
        rows: the values of each pair.
        points: how many each has.
    """
    import numpy as np

    table = np.array(rows, float).reshape(len(rows), points)
    columns = [column[~np.isnan(column)] for column in table.T]
    return {
        name: tuple(of_all(column) if len(column) or name == "pairs" else None for column in columns)
        for name, of_all in _ROWS.items()
    }
