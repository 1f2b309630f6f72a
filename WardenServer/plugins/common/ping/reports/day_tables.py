"""The values of a day as its hourly tables have them, for days that are not in Parquet: rounded, and without counts."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import month_file, table
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.table import Table

if TYPE_CHECKING:
    import polars

BY = ("node", "site")
_HOURS = tuple(str(hour) for hour in range(24))


def paths(folders: Folders, day: date, sizes: Sequence[int], metrics: Sequence[str] = tuple(METRICS)) -> Iterator[Path]:
    """The files that tables of this day have, whether they are there or not."""
    for metric, size, by in product(metrics, sizes, BY):
        yield folders.report(metric, size, by, day.isoformat())


def read(
    folders: Folders, day: date, sizes: Sequence[int], metrics: Sequence[str], trouble: Callable[[str], None]
) -> "polars.DataFrame | None":
    """A frame of hourly values; None where there is no table. Of a table that cannot be read `trouble` is told."""
    with libraries():
        import polars
    frames = []
    for by, size in product(BY, sizes):
        files = {metric: folders.report(metric, size, by, day.isoformat()) for metric in metrics}
        found = {metric: one for metric, path in files.items() if (one := _table(path, trouble)) is not None}
        if found:
            frames.append(_frame(by, size, day, found))
    return month_file.conform(polars.concat(frames)) if frames else None


def _table(path: Path, trouble: Callable[[str], None]) -> Table | None:
    """A table by hours; None where there is none, or none that can be used."""
    if not path.exists():
        return None
    try:
        found = table.read(path)
    except SettingError:  # it has gone meanwhile
        return None
    except Unreachable as error:
        trouble(str(error))
        return None
    if found.points != _HOURS:
        trouble(f"{path} is no table by hours; make it again with: warden ping analyze hourly")
        return None
    return found


def _frame(by: str, size: int, day: date, tables: dict[str, Table]) -> "polars.DataFrame":
    with libraries():
        import polars
    pairs = sorted({pair for each in tables.values() for pair in each.rows})
    begin = datetime.combine(day, time(), UTC)
    blank: list[float | None] = [None] * len(_HOURS)
    keys = {
        "by": by, "size": size, "src": [src for src, _ in pairs for _ in _HOURS],
        "dst": [dst for _, dst in pairs for _ in _HOURS],
        "time": [begin + timedelta(hours=hour) for hour in range(len(_HOURS))] * len(pairs),
    }  # fmt: skip
    values = {
        metric: [value for pair in pairs for value in tables[metric].rows.get(pair, blank)]
        if metric in tables
        else None
        for metric in METRICS
    }
    types = {name: type for name, type in month_file.schema().items() if name in keys or name in values}
    return polars.DataFrame({**keys, **values}, types)
