"""How the history is divided: into levels, from every single value to one point a day, and each level into parts.

A part is a span of time that is deleted as a whole: a file, or the partitions of a database. All times are UTC.
"""

import datetime
import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

DAY = 86400


class Level(NamedTuple):
    """One level. `seconds` is the span of one of its points, 0 where each value is kept; `span` is how long a part is:
    the format by which the times of a part have one name."""

    name: str
    seconds: int
    span: str


RAW = Level("raw", 0, "%Y-%m-%d")
#: Levels of points, from fine to coarse.
ROLLUPS = (
    Level("1m", 60, "%Y-%m"), Level("10m", 600, "%Y-%m"), Level("1h", 3600, "%Y"), Level("1d", DAY, "%Y"),
)  # fmt: skip
#: What is no value: the breaks, with their reasons.
BREAKS = Level("breaks", 0, "%Y")
LEVELS = {level.name: level for level in (RAW, *ROLLUPS, BREAKS)}

_NAME = re.compile(r"([a-z0-9]+)-(\d{4}(?:-\d{2}){0,2})")


class Part(NamedTuple):
    """A part of a level, from its first day to the one after its last, as days since 1970."""

    level: Level
    begin: int
    end: int

    @property
    def name(self) -> str:
        """Such as raw-2026-11-28, or 1h-2026."""
        return f"{self.level.name}-{_date(self.begin).strftime(self.level.span)}"

    def __str__(self) -> str:
        return self.name


def part_of(level: Level, day: int) -> Part:
    """The part of a level that a day, as days since 1970, belongs to."""
    date = _date(day)
    if level.span == "%Y":
        return Part(level, _day(date.replace(month=1, day=1)), _day(date.replace(year=date.year + 1, month=1, day=1)))
    if level.span == "%Y-%m":
        first = date.replace(day=1)
        return Part(level, _day(first), _day((first + datetime.timedelta(days=31)).replace(day=1)))
    return Part(level, day, day + 1)


@functools.cache
def read_name(name: str) -> Part | None:
    """The part of this name; None where it is none."""
    found = _NAME.fullmatch(name)
    if found is None or (level := LEVELS.get(found[1])) is None:
        return None
    try:
        date = datetime.datetime.strptime(found[2], level.span).date()
    except ValueError:
        return None
    return part_of(level, _day(date))


def day_of(time: float) -> int:
    """The day of a time in Unix seconds, as days since 1970."""
    return int(time // DAY)


def days(begin: float, end: float) -> Iterator[int]:
    """All days of a range in Unix seconds."""
    yield from range(day_of(begin), day_of(end) + 1)


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


def _day(date: datetime.date) -> int:
    return (date - datetime.date(1970, 1, 1)).days
