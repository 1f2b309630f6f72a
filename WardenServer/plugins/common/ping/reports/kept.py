"""Hourly values in Parquet, one file a month: for longer tables, for decades, and for other tools."""

import fcntl
import itertools
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from WardenServer.errors import Unreachable
from WardenServer.machine import whole_file
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import day_tables, month_file
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.month_file import Damaged
from WardenServer.plugins.common.ping.reports.periods import end_of_month

if TYPE_CHECKING:
    import polars

log = logging.getLogger("warden.ping")

#: Bytes of pings that tables are looked for where nobody says which.
SIZES = (100, 1000)
#: How long another program may take to put in what it has, in seconds: a month takes one.
_PATIENCE = 600.0

Trouble = Callable[[str], None]


def put(folders: Folders, day: date, values: "polars.DataFrame") -> tuple[str, ...]:
    """Put a day's values into its month in place of those that are there. The file is whole or as before; the same
    values make the same bytes. Memory holds a day, not the month. A damaged file is set aside, and the day begins a new
    one: a sentence says so.

    Raises:
        Unreachable: it cannot be written.
    """
    path = folders.hourly(day)
    with _alone(path):
        try:
            month_file.put(path, day, values)
            return ()
        except Damaged as error:
            aside = month_file.set_aside(path)
            month_file.put(path, day, values)
            return (f"{error} --date {day.replace(day=1)}..{end_of_month(day)}; it was set aside as {aside.name}",)


def scan(
    folders: Folders, first: date, last: date, sizes: Sequence[int] = SIZES, trouble: Trouble = log.warning
) -> "polars.LazyFrame | None":
    """The values of these days, to be narrowed before they are read; None where there are none. Days that have no
    values in Parquet come from the tables by hour, with what these have: rounded, and without counts. `trouble` is told
    of each file that cannot be read; a Parquet file whose damage shows only later raises polars' errors when it is
    read: see month_file.damage."""
    with libraries():
        import polars
    known = {month: set(days) for month, days in _in_parquet(folders, first, last, trouble)}
    parts = [month_file.scan(folders.hourly(month), first, last) for month, found in known.items() if found]
    tables = _days_of_tables(folders, first, last).difference(*known.values())
    if tables:
        parts.append(_scan_tables(folders, sorted(tables), sizes, trouble))
    return polars.concat([each for each in parts if each is not None]) if parts else None


def read_day(folders: Folders, day: date, sizes: Sequence[int], trouble: Trouble) -> "polars.DataFrame | None":
    """The values of one day, from Parquet, else from the tables by hour; None where there are none."""
    path = folders.hourly(day)
    try:
        found = month_file.scan(path, day, day)
        with month_file.damage(path):
            values = found.collect(engine="streaming") if found is not None else None
        if values is not None and not values.is_empty():
            return values
    except Damaged as error:
        trouble(str(error))
    return day_tables.read(folders, day, sizes, tuple(METRICS), trouble)


def days(folders: Folders, first: date, last: date, trouble: Trouble = log.warning) -> Sequence[date]:
    """The days that have values, in Parquet or tables. `trouble` is told of each file that cannot be read."""
    known = (days for _, days in _in_parquet(folders, first, last, trouble))
    return sorted(_days_of_tables(folders, first, last).union(*known))


def months(folders: Folders, first: date, last: date) -> Sequence[date]:
    """The first days of the months in this time that have values."""
    found = {day.replace(day=1) for day in _days_of_tables(folders, first, last)}
    return sorted(found.union(month for month in _months(folders) if month <= last and first <= end_of_month(month)))


def oldest(folders: Folders) -> date | None:
    """The oldest day that has values, None where there are none; of a month in Parquet it is the first day."""
    return min((*_months(folders), *_days_of_tables(folders, date.min, date.max)), default=None)


def _in_parquet(
    folders: Folders, first: date, last: date, trouble: Trouble
) -> Iterator[tuple[date, "polars.Series"]]:  # fmt: skip
    """The days that have values there, by month."""
    with libraries():
        from polars import col
    for month in _months(folders):
        path = folders.hourly(month)
        if month <= last and first <= end_of_month(month):
            try:
                found = month_file.scan(path, first, last)
                with month_file.damage(path):
                    if found is not None:
                        yield month, found.select(col("time").dt.date().unique()).collect()["time"]
            except Damaged as error:
                trouble(str(error))


def _months(folders: Folders) -> list[date]:
    """The months that have a Parquet file."""
    texts = (f"{name[:7]}-01" for name in _names(folders.root / "hourly") if name[7:] == ".parquet")
    return sorted(day for text in texts if (day := _day(text)) is not None)


def _days_of_tables(folders: Folders, first: date, last: date) -> set[date]:
    """The days that have a table by hours. Names are compared, not files: decades of them are 500,000."""
    begin, end = first.isoformat(), last.isoformat()
    names = itertools.chain.from_iterable(_names(folders.root / metric) for metric in METRICS)
    texts = {name[-17:-7] for name in names if begin <= name[-17:-7] <= end and name[-7:] == ".txt.gz"}
    return {day for text in texts if (day := _day(text)) is not None}


def _names(folder: Path) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        yield from (entry.name for entry in entries)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None


def _scan_tables(folders: Folders, days: Sequence[date], sizes: Sequence[int], trouble: Trouble) -> "polars.LazyFrame":
    """The tables of these days, read one day after the other, and only of the metrics that are asked for."""
    with libraries():
        import polars
        from polars.io.plugins import register_io_source

    def read(
        columns: list[str] | None, predicate: polars.Expr | None, rows: int | None, batch: int | None
    ) -> Iterator[polars.DataFrame]:
        metrics = [name for name in METRICS if columns is None or name in columns] or list(METRICS)
        for day in days:
            found = day_tables.read(folders, day, sizes, metrics, trouble)
            if found is not None:
                found = found if columns is None else found.select(columns)
                found = found if predicate is None else found.filter(predicate)
                yield found if rows is None else found.head(rows)

    return register_io_source(read, schema=month_file.schema())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other program puts something in meanwhile; the end of a program ends its lock.

    Raises:
        Unreachable: another one takes too long, or there can be no lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = open(path.with_name("lock"), "a", opener=whole_file.opener)  # noqa: SIM115 - closed below
    except OSError as error:
        raise Unreachable(f"{path.parent} cannot be written ({error}); correct its rights") from None
    with lock:
        until = time.monotonic() + _PATIENCE
        while not _locked(lock.fileno()):
            if time.monotonic() > until:
                raise Unreachable(f"another program has kept {lock.name} for {_PATIENCE:.0f} s; end it, then try again")
            time.sleep(0.05)
        yield


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
