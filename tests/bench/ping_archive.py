"""An archive of PingER's: a day made, a month to its daily tables, many years to those of years, and memory meanwhile.

The archive is made once in a run of the benchmark: raw data of the last day, and in Parquet the hours of all days.
"""

import gzip
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import ping_raw
from tests.bench.figure import Run
from tests.bench.ping_day import our_hours
from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports import analyze
from WardenServer.plugins.common.ping.reports.analyze import Made
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.periods import days_between, end_of_month, months_between, period

if TYPE_CHECKING:
    import polars

#: The last day of the archive.
LAST = date(2025, 12, 31)
#: Rows of a group in Parquet, as reports/month_file.py has them.
_GROUP = 20_000
_TABLES = len(METRICS) * 2 * len(ping_raw.SIZES)


def make(folder: Path, kept: str, pairs: int, years: int) -> Run:
    """Make the archive, and say what it has. All days have the same values."""
    folders, raw, nodes = Folders(Path(kept)), ping_raw.raw(pairs), ping_raw.nodes(pairs)
    hours = our_hours(raw, nodes).values
    for month in months_between(date(LAST.year - years + 1, 1, 1), LAST):
        path = folders.hourly(month)
        path.parent.mkdir(parents=True, exist_ok=True)
        _month(hours, month).write_parquet(path, compression="zstd", compression_level=1, row_group_size=_GROUP)
    moved = round((LAST - ping_raw.DAY).total_seconds())
    for number, lines in enumerate(raw):
        path = folders.raw(f"monitor{number}", LAST)
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(_moved(lines, moved), 1))
    size = sum(path.stat().st_size for path in (folders.root / "hourly").iterdir())
    return {"pairs": pairs, "years": years, "bytes": size}


def _month(hours: "polars.DataFrame", month: date) -> "polars.DataFrame":
    """The hours of a day as those of each day of a month."""
    import polars

    by_day = (hours.with_columns(polars.col("time") + _since(day)) for day in days_between(month, end_of_month(month)))
    return polars.concat(by_day)


def _since(day: date) -> timedelta:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime.fromtimestamp(ping_raw.BEGIN, UTC)


def _moved(lines: bytes, seconds: int) -> bytes:
    """The same lines of another day."""
    found = []
    for line in lines.decode().split("\n"):
        fields = line.split(" ")
        if len(fields) > 5 and fields[5].isdigit():
            fields[5] = str(int(fields[5]) + seconds)
        found.append(" ".join(fields))
    return "\n".join(found).encode()


def day(folder: Path, kept: str) -> Run:
    """The hourly tables of the last day, with its values in Parquet."""
    return _watched(lambda: analyze.hourly(_archive(kept), LAST))


def month(folder: Path, kept: str) -> Run:
    """The last month to its daily tables."""
    return _watched(lambda: analyze.rollup(_archive(kept), period("daily", LAST)))


def all_years(folder: Path, kept: str, years: int, first: bool) -> Run:
    """All years to the tables of years; `first`: without the sums of months that earlier tables have left."""
    archive = _archive(kept)
    if first:
        for path in (archive.folder / "sums").glob("*"):
            path.unlink()
    oldest = date(LAST.year - years + 1, 1, 1)
    return _watched(lambda: analyze.rollup(archive, period("allyears", LAST, oldest)))


def _archive(kept: str) -> Archive:
    return Archive(Path(kept), sizes=ping_raw.SIZES)


def _watched(action: Callable[[], Made]) -> Run:
    """Seconds, and the most MB of memory that this process has had. All tables must be made.

    Raises:
        WardenError: there are not as many tables as there should be.
    """
    before = time.perf_counter()
    made = action()
    took = time.perf_counter() - before
    if made.files != _TABLES:
        raise WardenError(f"{made.files} of {_TABLES} tables were made: {' '.join(made.warnings[:3])}")
    return {"took": took, "memory": peak()}


def peak() -> float:
    """MB of memory that this process has had at most; getrusage would count that of its parent, too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))
