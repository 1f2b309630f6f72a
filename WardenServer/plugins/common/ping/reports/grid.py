"""Values by pair and point, spread out as the lines of tables."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import table

if TYPE_CHECKING:
    import polars

#: Tables of few pairs are made together, up to about so many lines: to begin takes as long as some hundred of them.
_TOGETHER = 4000


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

    def lines(self, metrics: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """The lines of the table of each metric, a dot where there is no value."""
        most = max(1, _TOGETHER // max(1, self._pairs.height))
        for begin in range(0, len(metrics), most):
            some = metrics[begin : begin + most]
            yield from zip(some, self._together(some), strict=True)

    def _together(self, metrics: Sequence[str]) -> Iterator[bytes]:
        with libraries():
            import numpy as np
            import polars
        height = self._pairs.height
        grid = np.full((self._points, len(metrics), height), np.nan)
        for place, metric in enumerate(metrics):
            grid[self._values["point"].to_numpy(), place, self._places] = self._values[metric].to_numpy()
        side_by_side = grid.reshape(self._points, len(metrics) * height)
        lines = table.lines(polars.concat([self._pairs] * len(metrics)), side_by_side).splitlines(keepends=True)
        for place in range(len(metrics)):
            yield b"".join(lines[place * height : (place + 1) * height])
