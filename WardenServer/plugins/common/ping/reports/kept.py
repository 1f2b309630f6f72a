"""Hourly values in Parquet, one file a month: for longer tables, for decades, and for other tools."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from WardenServer.plugins.common.ping.archive.folders import Folders

if TYPE_CHECKING:
    import polars


def put(folders: Folders, day: date, values: "polars.DataFrame") -> None:
    """Put a day's values into its month in place of those that are there. The file is whole or as before; the same
    values make the same bytes. Memory holds a day, not the month."""
    raise NotImplementedError


def scan(folders: Folders, first: date, last: date) -> "polars.LazyFrame | None":
    """The values of these days, to be narrowed before they are read; None where there are none. Days that have no
    values in Parquet come from the tables by hour, with what these have: rounded, and without counts."""
    raise NotImplementedError


def days(folders: Folders, first: date, last: date) -> Sequence[date]:
    """The days that have values, in Parquet or tables."""
    raise NotImplementedError
