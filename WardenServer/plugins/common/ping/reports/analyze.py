"""Make tables: what `warden ping analyze` and the nightly agent do."""

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.archive import nodes as table_of_nodes
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.monitors import monitors
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import hourly as by_hour
from WardenServer.plugins.common.ping.reports import kept, raw_days, sums, table
from WardenServer.plugins.common.ping.reports.grid import Grid
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.periods import Period, days_between, period

if TYPE_CHECKING:
    import polars

#: Kinds whose points are days; the others are made of months.
_OF_DAYS = ("daily", "60days", "120days")
#: Most sentences of one step: a damaged disk may have thousands.
_MOST = 100


@dataclass(frozen=True)
class Wanted:
    """Which tables: all where nothing is said."""

    metrics: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """What was made: how many files, how many of them are other than before, and a sentence on all that was missing or
    left out."""

    files: int = 0
    changed: int = 0
    warnings: tuple[str, ...] = ()


def hourly(archive: Archive, day: date, wanted: Wanted = Wanted()) -> Made:
    """The hourly tables of one day, and its values in Parquet. Where there are no raw data nothing changes.

    Raises:
        SettingError: something wanted is not among what there is, or the table of nodes is wrong.
        Unreachable: something cannot be written.
    """
    which = _which(archive, wanted)
    folders, warnings = Folders(archive.folder), list[str]()
    nodes = table_of_nodes.read(archive.nodes)
    warnings.extend(nodes.problems)
    files = raw_days.files(folders, day)
    expected = [folders.raw(each.name, day) for each in monitors(archive, nodes)]
    warnings.extend(f"{path} does not exist" for path in expected if path not in files)
    raw = (raw_days.unpacked(path, archive.largest, warnings.append) for path in files)
    found = by_hour.hourly(raw, day, nodes, archive.sizes, archive.unreachable_is_loss)
    if not found.lines:
        return _made((), [*warnings, f"raw data of {day} do not exist; its tables, if there are any, stay"])
    warnings.extend((*_left_out(found, day), *kept.put(folders, day, found.values)))
    with libraries():
        from polars import col
    points = found.values.with_columns(col("time").dt.hour().alias("point"))
    return _made(_write(folders, period("hourly", day), points, which, with_empty=True), warnings)


def rollup(archive: Archive, period: Period, wanted: Wanted = Wanted()) -> Made:
    """The tables of a longer period: each point is the mean of the hourly values in it, those without value left
    out. Where there are no values in the whole period nothing changes.

    Raises:
        SettingError: something wanted is not among what there is.
        Unreachable: something cannot be written.
    """
    which = _which(archive, wanted)
    folders, warnings = Folders(archive.folder), list[str]()
    days: list[date] = []
    parts = list(_points(archive, period, days, warnings.append))
    warnings.extend(_missing(period, days))
    if not parts:
        return _made((), warnings)
    with libraries():
        import polars
    return _made(_write(folders, period, sums.means(polars.concat(parts)), which, with_empty=False), warnings)


def in_order(
    archive: Archive, days: Sequence[date], periods: Sequence[Period], wanted: Wanted = Wanted()
) -> Iterator[tuple[str, Made]]:
    """Hourly tables of these days, then the longer periods, each made when it is asked for: what it is, such as
    "hourly 2026-11-25", and what was made."""
    for day in days:
        yield f"hourly {day}", hourly(archive, day, wanted)
    for each in periods:
        yield f"{each.kind} {each.name}" if each.kind == "daily" else each.kind, rollup(archive, each, wanted)


def _which(archive: Archive, wanted: Wanted) -> Wanted:
    """All that is wanted by name.

    Raises:
        SettingError: something is not among what there is.
    """
    chosen = Wanted(
        wanted.metrics or tuple(METRICS), wanted.sizes or archive.sizes, wanted.by or archive.by
    )  # fmt: skip
    if unknown := [metric for metric in chosen.metrics if metric not in METRICS]:
        raise SettingError(f'there is no metric "{unknown[0]}"; there are {", ".join(METRICS)}')
    if other := [size for size in chosen.sizes if size not in archive.sizes]:
        raise SettingError(f"there are no tables of {other[0]} bytes; add it to `sizes` of [ping_archive]")
    if strange := [by for by in chosen.by if by not in archive.by]:
        raise SettingError(f'there are no tables by "{strange[0]}"; add it to `by` of [ping_archive]')
    return chosen


def _points(
    archive: Archive, period: Period, days: list[date], trouble: kept.Trouble
) -> "Iterator[polars.DataFrame]":  # fmt: skip
    """The sums of each point that has some; `days` becomes those that have values."""
    with libraries():
        import polars
    folders, begins = Folders(archive.folder), [first for _, first in period.points]
    is_of_days = period.kind in _OF_DAYS
    sums_of = sums.of_day if is_of_days else sums.of_month
    first, last = period.first, period.last
    times = kept.days(folders, first, last, trouble) if is_of_days else kept.months(folders, first, last)
    for point, group in itertools.groupby(times, lambda time: bisect_right(begins, time) - 1):
        found = sums.together(sums_of(folders, time, archive.sizes, trouble) for time in group)
        if found is not None:
            days.extend(found.days)
            yield found.values.with_columns(polars.lit(point).alias("point"))


def _write(
    folders: Folders, period: Period, values: "polars.DataFrame", which: Wanted, with_empty: bool
) -> Iterator[bool]:
    """Write all tables; of each whether it is another than before."""
    with libraries():
        from polars import col
    points = [name for name, _ in period.points]
    for by, size in itertools.product(which.by, which.sizes):
        mine = values.filter(col("by") == by, col("size") == size)
        if mine.is_empty() and not with_empty:
            continue
        grid = Grid(mine, len(points))
        for metric, lines in grid.lines(which.metrics):
            yield table.write(folders.report(metric, size, by, period.name), points, lines)


def _made(changed: Iterator[bool] | tuple[bool, ...], warnings: Sequence[str]) -> Made:
    each = list(changed)
    said = list(dict.fromkeys(warnings))
    more = [f"... and {len(said) - _MOST} more"] if len(said) > _MOST else []
    return Made(len(each), sum(each), (*said[:_MOST], *more))


def _left_out(found: by_hour.Hourly, day: date) -> Iterator[str]:
    for number, what in (
        (found.old, "are old ones without the remote address and are left out"),
        (found.mangled, "mean nothing and are left out"),
        (found.of_no_node, "are of hosts that are not in the table of nodes and are left out"),
        (found.of_other_days, "are of other days and are left out"),
        (found.rogue, "have more replies than pings; their loss is 0"),
    ):
        if number:
            yield f"{day}: {number} of {found.lines} raw lines {what}"


def _missing(period: Period, days: Sequence[date]) -> Iterator[str]:
    """Days until yesterday that have no values, one sentence for all that follow each other."""
    have, last = set(days), min(period.last, _today() - timedelta(1))
    missing = [day.toordinal() for day in days_between(period.first, last) if day not in have]
    for _, run in itertools.groupby(enumerate(missing), lambda numbered: numbered[1] - numbered[0]):
        numbers = [number for _, number in run]
        first, end = date.fromordinal(numbers[0]), date.fromordinal(numbers[-1])
        yield f"hourly data of {first if first == end else f'{first}..{end}'} does not exist"


def _today() -> date:
    return datetime.now(UTC).date()
