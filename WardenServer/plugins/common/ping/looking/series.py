"""The values of one pair over time, for a plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Series:
    """Values by hour, or by day where there would be more than `most` hours: `times` in Unix seconds without gaps,
    `values` with None where there is none, `sent` and `received` packets in the same places (None where not known)."""

    metric: str
    unit: str
    step: float
    times: Sequence[float]
    values: Sequence[float | None]
    sent: Sequence[int | None]
    received: Sequence[int | None]


@dataclass(frozen=True)
class Wanted:
    """Which values."""

    metric: str
    size: int
    by: str
    source: str
    target: str
    first: date
    last: date


def series(archive: Archive, wanted: Wanted, most: int = 5000) -> Series:
    """The values of one pair from the first day to the last; in days they are the mean of their hours, of packets the
    sum.

    Raises:
        SettingError: something wanted means nothing, or there is nothing of that pair.
        Unreachable: the values cannot be read.
    """
    raise NotImplementedError
