"""Which points a table has: their names, and the times they stand for.

Headers as PingER writes them: hours 0 to 23, days Jan01, days of a table over several months 26Jan01, months Jan2026,
years 2026. Names of months are English whatever the locale is.
"""

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

#: What `warden ping analyze` makes, in the order in which it makes it.
KINDS = ("hourly", "daily", "60days", "120days", "monthly", "allmonths", "allyears")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Months of the table "monthly".
_LAST = 24


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
    return _PERIODS[kind](day, min(oldest or day, day))


def touched(days: tuple[date, date], today: date, oldest: date | None) -> tuple[Period, ...]:
    """Every period, from daily on, whose table changes when days from the first to the last are made again, as of
    today: the 60, 120 days and 24 months are those up to yesterday."""
    first, last = days
    yesterday = today - timedelta(1)
    newest, start = max(last, yesterday), min(oldest or first, first)
    months = [period("daily", month) for month in months_between(first, last)]
    latest = [period(kind, yesterday) for kind in ("60days", "120days", "monthly")]
    whole = [period(kind, newest, start) for kind in ("allmonths", "allyears")]
    return (*months, *(each for each in latest if each.first <= last and first <= each.last), *whole)


def days_between(first: date, last: date) -> list[date]:
    """All days from the first to the last."""
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def months_between(first: date, last: date) -> list[date]:
    """The first days of all months from that of the first day to that of the last."""
    return [_month(number) for number in range(_number(first), _number(last) + 1)]


def end_of_month(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _number(day: date) -> int:
    """Of its month, counted from the year 0."""
    return 12 * day.year + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _hourly(day: date, oldest: date) -> Period:
    return Period("hourly", day.isoformat(), day, day, tuple((str(hour), day) for hour in range(24)))


def _daily(day: date, oldest: date) -> Period:
    days = days_between(day.replace(day=1), end_of_month(day))
    points = tuple((f"{_MONTHS[each.month - 1]}{each.day:02}", each) for each in days)
    return Period("daily", day.isoformat()[:7], days[0], days[-1], points)


def _last_days(number: int) -> Callable[[date, date], Period]:
    def made(day: date, oldest: date) -> Period:
        first = date.fromordinal(max(1, day.toordinal() - number + 1))
        days = days_between(first, day)
        points = tuple((f"{each.year % 100:02}{_MONTHS[each.month - 1]}{each.day:02}", each) for each in days)
        return Period(f"{number}days", f"{number}days", first, day, points)

    return made


def _of_months(kind: str, name: str, first: date, day: date) -> Period:
    months = months_between(first, day)
    points = tuple((f"{_MONTHS[each.month - 1]}{each.year:04}", each) for each in months)
    return Period(kind, name, months[0], end_of_month(day), points)


def _monthly(day: date, oldest: date) -> Period:
    first = max(_number(date.min), _number(day) - _LAST + 1)
    return _of_months("monthly", "", _month(first), day)


def _allmonths(day: date, oldest: date) -> Period:
    return _of_months("allmonths", "allmonths", oldest, day)


def _allyears(day: date, oldest: date) -> Period:
    points = tuple((f"{year:04}", date(year, 1, 1)) for year in range(oldest.year, day.year + 1))
    return Period("allyears", "allyears", points[0][1], date(day.year, 12, 31), points)


_PERIODS: dict[str, Callable[[date, date], Period]] = {
    "hourly": _hourly, "daily": _daily, "60days": _last_days(60), "120days": _last_days(120),
    "monthly": _monthly, "allmonths": _allmonths, "allyears": _allyears,
}  # fmt: skip
