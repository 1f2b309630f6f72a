"""A day of raw data as values by hour.

A frame of hourly values has the columns by ("node", "site"), size, src, dst, time (the hour, UTC), samples, sent,
received, and the sixteen metrics as float64, null where there is no value; sorted by the first five.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.archive.nodes import Nodes

if TYPE_CHECKING:
    import polars

#: The columns before the metrics.
KEYS = ("by", "size", "src", "dst", "time")
COUNTS = ("samples", "sent", "received")


@dataclass(frozen=True)
class Hourly:
    """The values of one day, and what was left out: lines that mean nothing, of hosts that are no nodes, of other days,
    and how many had more replies than pings."""

    values: "polars.DataFrame"
    lines: int = 0
    mangled: int = 0
    of_no_node: int = 0
    of_other_days: int = 0
    rogue: int = 0


def hourly(raw: Iterable[bytes], day: date, nodes: Nodes, sizes: tuple[int, ...], unreachable_is_loss: bool) -> Hourly:
    """All sixteen metrics by hour, node and site, of the raw lines of all monitoring hosts.

    Args:
        raw: what each host's file holds, unpacked.
        day: in UTC; lines of other days are left out.
        nodes: which hosts are analysed.
        sizes: bytes of pings; others are left out. Sizes under 100 read as 100.
        unreachable_is_loss: whether a sample without reply counts as loss of all its packets.
    """
    raise NotImplementedError
