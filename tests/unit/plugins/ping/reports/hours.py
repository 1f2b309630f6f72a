"""The values of an hour, for tests."""

from collections.abc import Sequence
from typing import Any

from tests.unit.plugins.ping.reports.lines import DAY, Line, raw
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.reports.hourly import Hourly, hourly

OPEN = Nodes(is_open=True)


def values_of(lines: Sequence[Line | str], unreachable_is_loss: bool = False, nodes: Nodes = OPEN) -> Hourly:
    return hourly([raw(lines)], DAY, nodes, (100, 1000), unreachable_is_loss)


def hour_of(*lines: Line, unreachable_is_loss: bool = False, nodes: Nodes = OPEN) -> dict[str, Any]:
    """The one row that lines of one pair, hour and size have, by node."""
    rows = values_of(lines, unreachable_is_loss, nodes).values.rows(named=True)
    [row] = [row for row in rows if row["by"] == "node"]
    return row
