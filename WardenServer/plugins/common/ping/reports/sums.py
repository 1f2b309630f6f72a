"""Sums of hourly values: all that longer tables need, since each of their points is the mean of the hours in it.

Sums of a month are kept beside the values (`sums/YYYY-MM.parquet`), so that a table over decades reads a thousandth of
the archive. They are made again as soon as a file that they were made of is another than then.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import day_tables, kept, month_file
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.month_file import Damaged
from WardenServer.plugins.common.ping.reports.periods import days_between, end_of_month
from WardenServer.plugins.common.ping.reports.placing import placed

if TYPE_CHECKING:
    import polars

#: What the sums stand for.
PAIR = ("by", "size", "src", "dst")
_FORMAT = "1"


class Sums(NamedTuple):
    """For each pair the sum of each metric, and as "n METRIC" the number of hours that have it; the days it is of."""

    values: "polars.DataFrame"
    days: tuple[date, ...]


def of_day(folders: Folders, day: date, sizes: Sequence[int], trouble: kept.Trouble) -> Sums | None:
    """The sums of one day; None where it has no values. `trouble` is told of each file that cannot be read."""
    values = kept.read_day(folders, day, sizes, trouble)
    return Sums(added(_terms(values), PAIR), (day,)) if values is not None else None


def of_month(folders: Folders, month: date, sizes: Sequence[int], trouble: kept.Trouble) -> Sums | None:
    """The sums of the month that begins with this day; None where it has no values."""
    path = folders.root / "sums" / f"{month.isoformat()[:7]}.parquet"
    last = end_of_month(month)
    made_of = _made_of(folders, days_between(month, last), sizes)
    if (found := _kept(path, made_of)) is not None:
        return found
    troubles: list[str] = []
    days = kept.days(folders, month, last, troubles.append)
    made = together(of_day(folders, day, sizes, troubles.append) for day in days)
    for text in dict.fromkeys(troubles):
        trouble(text)
    if made is not None and not troubles:
        _keep(path, made_of, made)
    return made


def together(parts: Iterable[Sums | None]) -> Sums | None:
    """The sums of several times; None where none of them has values."""
    with libraries():
        import polars
    there = [part for part in parts if part is not None]
    if not there:
        return None
    days = tuple(day for part in there for day in part.days)
    return Sums(added(polars.concat([part.values for part in there]), PAIR), days)


def added(values: "polars.DataFrame", keys: Sequence[str]) -> "polars.DataFrame":
    """The sums of all other columns for each of the keys, sorted by these.

    They are added in the order of the rows, so that the same rows make the same sums to the last bit, whatever the
    number of threads is; polars' own sums of groups depend on it.
    """
    with libraries():
        import numpy as np
        import polars
    if values.is_empty():
        return values
    key = polars.struct(keys)
    if not values.select(key).to_series().is_sorted():  # values of a day are, and to sort them is most of the work
        values = values.sort(keys, maintain_order=True)
    begins = np.flatnonzero(np.diff(values.select(key.rle_id()).to_series().to_numpy(), prepend=-1))
    sums = {name: np.add.reduceat(values[name].to_numpy(), begins) for name in values.columns if name not in keys}
    return values[begins].select(keys).with_columns(polars.Series(name, each) for name, each in sums.items())


def means(sums: "polars.DataFrame") -> "polars.DataFrame":
    """The mean of each metric; NaN where there is none."""
    with libraries():
        from polars import col
    return sums.with_columns(col(name) / col(f"n {name}") for name in METRICS)


def _terms(values: "polars.DataFrame") -> "polars.DataFrame":
    with libraries():
        from polars import Int64, col, when
    there = {name: col(name).is_finite().fill_null(False) for name in METRICS}
    return values.select(
        *PAIR,
        *(when(known).then(col(name)).otherwise(0.0).alias(name) for name, known in there.items()),
        *(known.cast(Int64).alias(f"n {name}") for name, known in there.items()),
    )


def _made_of(folders: Folders, days: Sequence[date], sizes: Sequence[int]) -> str:
    """What tells whether the values of a month are still the same: sizes and times of its files."""
    begins = [str(path).removesuffix(f"{days[0]}.txt.gz") for path in day_tables.paths(folders, days[0], sizes)]
    files = [str(folders.hourly(days[0])), *(f"{begin}{day}.txt.gz" for day in days for begin in begins)]
    states = ((number, _state(file)) for number, file in enumerate(files))
    return " ".join((_FORMAT, *(f"{number}:{state}" for number, state in states if state)))


def _state(file: str) -> str:
    try:
        found = os.stat(file)  # noqa: PTH116 - ten years have 200,000 of them, and Path takes most of the time
    except OSError:
        return ""
    return f"{found.st_size},{found.st_mtime_ns}"


def _kept(path: Path, made_of: str) -> Sums | None:
    """What is kept, if it was made of these files and can be read."""
    with libraries():
        import polars
    with suppress(Damaged, FileNotFoundError, KeyError, ValueError), month_file.damage(path):
        about = polars.read_parquet_metadata(path)
        if about["made of"] == made_of:
            days = tuple(map(date.fromisoformat, about["days"].split()))
            return Sums(polars.read_parquet(path).select(*PAIR, *METRICS, *(f"n {name}" for name in METRICS)), days)
    return None


def _keep(path: Path, made_of: str, sums: Sums) -> None:
    about = {"made of": made_of, "days": " ".join(map(str, sums.days))}
    with placed(path) as part, month_file.written():
        sums.values.write_parquet(part, metadata=about)
