"""A day of raw data as values by hour.

A frame of hourly values has the columns by ("node", "site": String), size (Int32), src, dst (String), time (the hour,
Datetime in us and UTC), samples, sent, received (Int64), and the sixteen metrics as Float64, null where there is no
value; sorted by the first five. An hour in which a pair has no sample of a size has no row. Names are in small letters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.opening import libraries

if TYPE_CHECKING:
    import polars

#: The columns before the metrics.
KEYS = ("by", "size", "src", "dst", "time")
COUNTS = ("samples", "sent", "received")


@dataclass(frozen=True)
class Hourly:
    """The values of one day. `lines` are all that were read, the others those of them that were left out: `old` ones
    without the remote address, `mangled` ones that mean nothing, of hosts that are no nodes, of other days. `rogue` are
    samples with more replies than pings, which count."""

    values: "polars.DataFrame"
    lines: int = 0
    old: int = 0
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

    Raises:
        WardenError: the extra `ping` is not installed.
    """
    with libraries():
        import polars

        from WardenServer.plugins.common.ping.reports import choosing, formulas, hours, samples
    chosen = choosing.choose(raw, day, nodes, {*sizes, formulas.SUCCESS_SIZE, formulas.RATE_SIZE})
    all_hours = hours.by_node(samples.measured(chosen.samples, unreachable_is_loss), chosen.pairs)
    of_nodes = all_hours.filter(polars.col("size").is_in(sizes))
    values = polars.concat([hours.whole(of_nodes, "node"), hours.whole(hours.by_site(of_nodes), "site")])
    rogue = chosen.samples.filter(polars.col("size").is_in(sizes) & (polars.col("received") > polars.col("sent")))
    return Hourly(values, **chosen.counts, rogue=len(rogue))
