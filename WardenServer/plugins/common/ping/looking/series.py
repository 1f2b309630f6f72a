"""The values of one pair over time, for a plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking.pingtable import Missing, check
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports import kept
from WardenServer.plugins.common.ping.reports.metrics import METRICS

if TYPE_CHECKING:
    import polars

HOUR, DAY = 3600, 86_400
#: Days that may be asked for: a century.
LONGEST = 36_525


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
        SettingError: something wanted means nothing.
        Missing: there is nothing of that pair.
        Unreachable: the values cannot be read.
    """
    days = _days(wanted)
    step = HOUR if days * 24 <= most else DAY
    begin = int(datetime.combine(wanted.first, time(), UTC).timestamp())
    found = _found(archive, wanted, step)
    places = [(at - begin) // step for at in found["at"]]
    columns = [_placed(found[name].to_list(), places, days * DAY // step) for name in ("value", "sent", "received")]
    return Series(wanted.metric, METRICS[wanted.metric].unit, step, range(begin, begin + days * DAY, step), *columns)


def _days(wanted: Wanted) -> int:
    """How many days are wanted."""
    check(wanted.metric, wanted.by)
    days = (wanted.last - wanted.first).days + 1
    if days < 1:
        raise SettingError(f"first is {wanted.first} and last {wanted.last}; give the earlier day as first")
    if days > LONGEST:
        raise SettingError(f"{wanted.first} to {wanted.last} are {days} days; {LONGEST} are the most, ask for fewer")
    return days


def _found(archive: Archive, wanted: Wanted, step: int) -> "polars.DataFrame":
    """The values there are, and when each begins."""
    with libraries(Unreachable):
        import polars

    values = kept.scan(Folders(archive.folder), wanted.first, wanted.last)
    try:
        found = None if values is None else _by_step(values, wanted, step).collect()
    except (polars.exceptions.PolarsError, OSError) as error:
        why = f"the values of {wanted.first} to {wanted.last} cannot be read ({error})"
        raise Unreachable(f"{why}; make them again with: warden ping restore") from None
    if found is None or found.is_empty():
        pair = f"{wanted.source} and {wanted.target}, {wanted.size} bytes, by {wanted.by}"
        raise Missing(f"there is nothing of {pair}, from {wanted.first} to {wanted.last}; choose others")
    return found


def _by_step(values: "polars.LazyFrame", wanted: Wanted, step: int) -> "polars.LazyFrame":
    """Of one pair only. What was sent in a day is not known where it is not known of one of its hours."""
    from polars import col, when

    keys = {"by": wanted.by, "size": wanted.size, "src": wanted.source, "dst": wanted.target}
    at = (col("time").dt.epoch("s") // step * step).alias("at")
    value = col(wanted.metric).fill_nan(None).mean().alias("value")
    counts = (when(col(name).null_count() == 0).then(col(name).sum()).alias(name) for name in ("sent", "received"))
    return values.filter(**keys).group_by(at).agg(value, *counts)


def _placed(values: Sequence[Any], places: Sequence[int], number: int) -> list[Any]:
    """A row of so many, with these values in their places."""
    row: list[Any] = [None] * number
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row
