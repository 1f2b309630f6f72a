"""Values by pair and point, spread out as the lines of tables."""

from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import table

if TYPE_CHECKING:
    import polars


class Grid:
    """All tables of one size, by node or by site: a line for each pair that occurs, sorted."""

    def __init__(self, values: "polars.DataFrame", points: int) -> None:
        """
        Args:
            values: src, dst, `point` (its place among the points) and the metrics, one row a pair and point.
            points: how many there are.
        """
        with libraries():
            from polars import col
        self._values = values
        self._points = points
        pairs = values.select("src", "dst").unique().sort("src", "dst")
        places = pairs.with_row_index("place")
        self._places = values.join(places, on=["src", "dst"], how="left", maintain_order="left")["place"].to_numpy()
        # A name with a blank in it would shift all values behind it.
        self._pairs = pairs.select(col("src", "dst").str.replace_all(r"^$|\s", "_"))

    def lines(self, metric: str) -> bytes:
        """The lines of the table of a metric, a dot where there is no value."""
        with libraries():
            import numpy as np
        grid = np.full((self._points, self._pairs.height), np.nan)
        grid[self._values["point"].to_numpy(), self._places] = self._values[metric].to_numpy()
        return table.lines(self._pairs, grid)
