"""Values by pair and point, spread out as the rows of a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.opening import libraries

if TYPE_CHECKING:
    import polars


class Grid:
    """All tables of one size, by node or by site: a row for each pair that occurs."""

    def __init__(self, values: "polars.DataFrame", points: Sequence[str]) -> None:
        """
        Args:
            values: src, dst, `point` (which of the points it is) and the metrics, one row a pair and point.
            points: headers.
        """
        self._values = values
        self._points = points
        self._pairs = values.select("src", "dst").unique().sort("src", "dst")
        places = self._pairs.with_row_index("place")
        self._places = values.join(places, on=["src", "dst"], how="left", maintain_order="left")["place"].to_numpy()

    def rows(self, metric: str) -> "polars.DataFrame":
        """The columns src and dst, then one a point, NaN where there is no value."""
        with libraries():
            import numpy as np
            import polars
        grid = np.full((len(self._points), self._pairs.height), np.nan)
        grid[self._values["point"].to_numpy(), self._places] = self._values[metric].to_numpy()
        columns = [polars.Series(name, line) for name, line in zip(self._points, grid, strict=True)]
        return self._pairs.hstack(columns)
