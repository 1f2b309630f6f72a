"""Which points a table has: their names, and the times they stand for."""

from dataclasses import dataclass
from datetime import date

#: What `warden ping analyze` makes, in the order in which it makes it.
KINDS = ("hourly", "daily", "60days", "120days", "monthly", "allmonths", "allyears")


@dataclass(frozen=True)
class Period:
    """One table's points: `name` is in the file's name, `points` are the headers in order, each with the first day of
    its time; `first` and `last` are the days it is made of."""

    kind: str
    name: str
    first: date
    last: date
    points: tuple[tuple[str, date], ...]


def period(kind: str, day: date, oldest: date | None = None) -> Period:
    """The period of a kind that a day belongs to: hourly 0..23; daily MmmDD, all days of the month; 60days and 120days
    YYMmmDD, up to the day; monthly MmmYYYY, 24 months up to the day's; allmonths MmmYYYY and allyears YYYY, from the
    `oldest` day that has data."""
    raise NotImplementedError


def touched(days: tuple[date, date], today: date, oldest: date | None) -> tuple[Period, ...]:
    """Every period, from daily on, whose table changes when days from the first to the last are made again, as of
    today: the 60, 120 days and 24 months are those up to yesterday."""
    raise NotImplementedError
