"""A day of raw data to its sixteen hourly tables, by ours and by plain Python; and only read, by ours and by polars."""

import io
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import ping_plain, ping_raw
from tests.bench.figure import Run
from tests.bench.ping_plain import Key
from tests.bench.ping_plain_line import Values
from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.reports.grid import Grid
from WardenServer.plugins.common.ping.reports.hourly import Hourly, hourly
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.parsing import parse

if TYPE_CHECKING:
    import polars

#: A table by metric, "node" or "site", and size.
Tables = Mapping[tuple[str, str, int], str]
POINTS = [str(hour) for hour in range(24)]
#: Two values may differ by so much, relatively; below the second, by that.
_RELATIVE, _LEAST = 1e-9, 1e-12
#: Numbers with three decimals may: one that lies just between two is rounded either way.
_ROUNDED = 0.001 + 1e-9
#: The fields of a line, by their places.
_NAMES = {"src": 0, "src_address": 1, "dst": 2, "dst_address": 3}
_COUNTS = {"size": 4, "unix": 5, "sent": 6, "received": 7}
_TIMES = {"minimum_rtt": 8, "average_rtt": 9, "maximum_rtt": 10}


def make(folder: Path, pairs: int, ours: bool, times: int) -> Run:
    """Seconds from raw bytes to the texts of all tables. Ours must first have the numbers of the plain program."""
    raw, nodes = ping_raw.raw(pairs), ping_raw.nodes(pairs)
    if not ours:
        return _repeat(times, lambda: ping_plain.tables(plain_values(raw, nodes)))
    _check(raw, nodes)
    return _repeat(times, lambda: our_tables(raw, nodes))


def _check(raw: Sequence[bytes], nodes: Nodes) -> None:
    """What is compared is gone when this returns: the garbage collector would go through it while ours is measured."""
    expected = plain_values(raw, nodes)
    compare_values(our_values(raw, nodes), expected)
    compare_tables(our_tables(raw, nodes), ping_plain.tables(expected))


def plain_values(raw: Sequence[bytes], nodes: Nodes) -> dict[Key, Values]:
    """All values by the plain program."""
    places = {node.name: ping_plain.Place(node.site, node.position) for node in nodes.by_name.values()}
    return ping_plain.day(raw, ping_raw.BEGIN, places)


def our_hours(raw: Sequence[bytes], nodes: Nodes) -> Hourly:
    """A day by ours."""
    return hourly(raw, ping_raw.DAY, nodes, ping_raw.SIZES, unreachable_is_loss=False)


def our_values(raw: Sequence[bytes], nodes: Nodes) -> dict[Key, Values]:
    """All values by ours."""
    return {
        (row["by"], row["size"], row["src"], row["dst"], row["time"].hour): row
        for row in our_hours(raw, nodes).values.iter_rows(named=True)
    }


def our_tables(raw: Sequence[bytes], nodes: Nodes) -> Tables:
    """The texts of all tables by ours, as reports/analyze.py packs and writes them."""
    from polars import col

    values = our_hours(raw, nodes).values.with_columns(point=col("time").dt.hour())
    found = {}
    for by, size in product(("node", "site"), ping_raw.SIZES):
        grid = Grid(values.filter(col("by") == by, col("size") == size), len(POINTS))
        for metric, lines in grid.lines(tuple(METRICS)):
            found[metric, by, size] = " ".join(POINTS) + "\n" + lines.decode()
    return found


# -- whether both have the same


def compare_values(ours: Mapping[Key, Values], plain: Mapping[Key, Values]) -> None:
    """All values of all hours.

    Raises:
        WardenError: an hour is there only once, or a value is another.
    """
    if lone := sorted(ours.keys() ^ plain.keys()):
        raise WardenError(f"only one side has the hour {lone[0]}, and {len(lone) - 1} others; nothing is compared")
    for key, metric in product(plain, METRICS):
        mine, other = ours[key][metric], plain[key][metric]
        if not _are_same(mine, other):
            raise WardenError(f"{metric} of {key} is {mine} by ours and {other} by plain Python; nothing is compared")


def _are_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=_LEAST)


def compare_tables(ours: Tables, plain: Tables) -> None:
    """All fields of all tables.

    Raises:
        WardenError: a table is there only once, or says something else.
    """
    if ours.keys() != plain.keys():
        raise WardenError(f"ours has {len(ours)} tables, plain Python {len(plain)}, or others; nothing is compared")
    for key, text in plain.items():
        if other := next(_other_fields(ours[key], text), None):
            raise WardenError(f"table {key} has {other[0]} by ours and {other[1]} by plain Python; nothing is compared")


def _other_fields(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Those that are not the same; lines or fields that are missing come last."""
    if one.count("\n") != other.count("\n"):
        yield f"{one.count(chr(10))} lines", f"{other.count(chr(10))} lines"
    fields, others = (text.replace("\n", " \n ").split(" ") for text in (one, other))
    if len(fields) != len(others):
        yield f"{len(fields)} fields", f"{len(others)} fields"
    for mine, theirs in zip(fields, others, strict=False):
        if mine != theirs and not _are_close(mine, theirs):
            yield mine, theirs


def _are_close(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= _ROUNDED
    except ValueError:
        return False


# -- only read


def read(folder: Path, pairs: int, ours: bool, times: int) -> Run:
    """Seconds to read the lines of a day, all numbers of replies, too. Both must have the same number of lines."""
    raw = b"".join(ping_raw.raw(pairs))
    mine, other = parse(raw).lines, len(split(raw))
    if mine != other:
        raise WardenError(f"ours has read {mine} lines, polars {other}; nothing is compared")
    return _repeat(times, lambda: _parsed(raw) if ours else split(raw))


def _parsed(raw: bytes) -> "polars.DataFrame":
    """The samples by ours, and their lists as reports/replies.py begins with them."""
    from polars import Float64, List, col

    return parse(raw).samples.with_columns(col("list").str.split(" ").cast(List(Float64), strict=False))


def split(raw: bytes) -> "polars.DataFrame":
    """What a user of polars would write: one column of lines, each split, and numbers made of the fields."""
    import polars
    from polars import col

    lines = polars.read_csv(
        io.BytesIO(raw), has_header=False, schema={"line": polars.String}, separator="\x01", quote_char=None
    )
    fields = col("line").str.split(" ").list
    return lines.select(
        *(fields.get(place, null_on_oob=True).alias(name) for name, place in _NAMES.items()),
        *(fields.get(place, null_on_oob=True).cast(polars.Int64, strict=False).alias(name)
          for name, place in _COUNTS.items()),
        *(fields.get(place, null_on_oob=True).cast(polars.Float64, strict=False).alias(name)
          for name, place in _TIMES.items()),
        list=fields.slice(11).cast(polars.List(polars.Float64), strict=False),
    )  # fmt: skip


def _repeat(times: int, action: Callable[[], object]) -> Run:
    """The median, after one turn that is not counted."""
    action()
    took = []
    for _ in range(times):
        before = time.perf_counter()
        action()
        took.append(time.perf_counter() - before)
    return {"took": median(took)}
