"""Times of the calendar, in UTC: when an agent with `AT` is due."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_AT = re.compile(r"(?:(\d{1,2})\s+)?(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class At:
    """A time of the day, on every day or on one day of each month."""

    hour: int
    minute: int
    day: int | None = None

    @property
    def longest(self) -> float:
        """Seconds from one time to the next, at most."""
        return 86400.0 if self.day is None else 31 * 86400.0

    def after(self, when: float) -> float:
        """The first such time after `when`; both in Unix seconds."""
        then = datetime.fromtimestamp(when, UTC)
        found = then.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        if self.day is None:
            return (found if found > then else found + timedelta(days=1)).timestamp()
        found = found.replace(day=self.day)
        if found <= then:
            found = (found.replace(day=1) + timedelta(days=32)).replace(day=self.day)
        return found.timestamp()

    def __str__(self) -> str:
        day = "" if self.day is None else f"{self.day} "
        return f"{day}{self.hour:02}:{self.minute:02}"


def read(text: object) -> At:
    """What `AT` says: "01:32", or "1 03:00" for the first of the month.

    Raises:
        ValueError: it is no such time; the text is the cure.
    """
    found = _AT.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is not None:
        day, hour, minute = (None if part is None else int(part) for part in found.groups())
        if hour is not None and minute is not None and hour < 24 and minute < 60 and (day is None or 1 <= day <= 28):
            return At(hour, minute, day)
    raise ValueError('a time in UTC such as "01:32", or "1 03:00" for the first of the month (up to the 28th)')
