"""Which samples of the raw data are analysed: those of one day, between nodes, of some sizes, each once."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import polars

from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.reports.parsing import parse

#: Files are read together up to about so many bytes: many small ones would take long.
BLOCK = 16_000_000
_DAY, _HOUR = 86_400, 3600
#: By these a sample is known again.
_SAME = ("pair", "dst_address", "size", "unix")
_PAIRS = {
    "src": polars.String, "dst": polars.String, "src_site": polars.String, "dst_site": polars.String,
    "distance": polars.Float64,
}  # fmt: skip
_NAMES = {"src": polars.String, "dst": polars.String, "pair": polars.UInt32}


class Chosen(NamedTuple):
    """What is analysed.

    Args:
        samples: with `time`, the hour in which they began, and `pair`, the row of `pairs` that they belong to.
        pairs: sorted, with src and dst in small letters, the sites of both, and `distance` in km.
        counts: how many lines there are, and were left out, as Hourly has them.
    """

    samples: polars.DataFrame
    pairs: polars.DataFrame
    counts: dict[str, int]


def choose(raw: Iterable[bytes], day: date, nodes: Nodes, sizes: Collection[int]) -> Chosen:
    """The samples of a day. The same sample, which is that of the same pair, address, size and second, counts once: the
    first. Nothing of other days stays in memory."""
    begin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    is_of_day = polars.col("unix").is_between(begin, begin + _DAY, closed="left")
    counts: Counter[str] = Counter()
    found = []
    for parsed in map(parse, _blocks(raw)):
        found.append(parsed.samples.filter(is_of_day))
        counts.update(lines=parsed.lines, old=parsed.old, mangled=parsed.mangled)
        counts.update(of_other_days=len(parsed.samples) - len(found[-1]))
    of_day = polars.concat(found)
    pairs, names = _pairs(of_day.select("src", "dst").unique(), nodes)
    paired = of_day.join(names, on=["src", "dst"], how="left", maintain_order="left").drop("src", "dst")
    of_nodes = paired.filter(polars.col("pair").is_not_null())
    once = of_nodes.filter(polars.col("size").is_in(sizes)).filter(polars.struct(_SAME).is_first_distinct())
    hour = polars.from_epoch(polars.col("unix") // _HOUR * _HOUR).cast(polars.Datetime("us", "UTC"))
    return Chosen(once.with_columns(time=hour), pairs, {**counts, "of_no_node": len(of_day) - len(of_nodes)})


def _pairs(said: polars.DataFrame, nodes: Nodes) -> tuple[polars.DataFrame, polars.DataFrame]:
    """All pairs of nodes, and the row of that table for names as raw lines have them, large letters and small."""
    names = [(*each, *map(str.lower, each)) for each in said.iter_rows() if all(map(nodes.has, each))]
    pairs = sorted({(src, dst) for _, _, src, dst in names})
    known = [(*pair, *map(nodes.site, pair), nodes.distance(*pair)) for pair in pairs]
    rows = {pair: row for row, pair in enumerate(pairs)}
    return (
        polars.DataFrame(known, schema=_PAIRS, orient="row").with_row_index("pair"),
        polars.DataFrame([(*each[:2], rows[each[2:]]) for each in names], schema=_NAMES, orient="row"),
    )


def _blocks(raw: Iterable[bytes]) -> Iterator[bytes]:
    """The files, small ones together; at least one, if empty."""
    block: list[bytes] = []
    size = 0
    for each in raw:
        if size and size + len(each) > BLOCK:
            yield b"\n".join(block)
            block, size = [], 0
        block.append(each)
        size += len(each)
    yield b"\n".join(block)
