"""Make tables: what `warden ping analyze` and the nightly agent do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports.periods import Period


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
    """The hourly tables of one day, and its values in Parquet."""
    raise NotImplementedError


def rollup(archive: Archive, period: Period, wanted: Wanted = Wanted()) -> Made:
    """The tables of a longer period: each point is the mean of the hourly values in it, those without value left
    out."""
    raise NotImplementedError


def in_order(
    archive: Archive, days: Sequence[date], periods: Sequence[Period], step: Callable[[str, Made], None]
) -> None:
    """Hourly tables of these days, then the longer periods; `step` is told of each as it is done: what was made, such
    as "hourly 2026-11-25"."""
    raise NotImplementedError
