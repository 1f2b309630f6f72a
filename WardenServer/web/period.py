"""From what people write to a period of time."""

import math
from collections.abc import Mapping
from datetime import datetime, tzinfo

from WardenServer.web.paths import Refused

_DAY = 86400.0
#: Words for the time up to now, in seconds; all is all that is known.
WORDS: Mapping[str, float] = {
    "hour": 3600.0, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY, "year": 365 * _DAY, "all": math.inf,
}  # fmt: skip
#: Unix seconds beyond which nobody means a time: the year 5138.
LAST = 1e11
_CURE = "write hour, day, week, month, year, all, or A..B with Unix seconds or ISO 8601"


def period(text: str, now: float, zone: tzinfo) -> tuple[float, float]:
    """Begin and end in Unix seconds; raises Refused where the text says none."""
    if text in WORDS:
        return max(0.0, now - WORDS[text]), now
    begin, dots, end = text.partition("..")
    if not dots:
        raise Refused(400, f"range is {text[:60]!r}; {_CURE}")
    return in_order(text, moment(begin, zone) if begin else 0.0, moment(end, zone) if end else now)


def in_order(text: str, begin: float, end: float) -> tuple[float, float]:
    """Both, where the one comes before the other; else raises Refused."""
    if begin > end:
        raise Refused(400, f"range {text[:100]} begins after its end; write the earlier time first")
    return begin, end


def moment(text: str, zone: tzinfo) -> float:
    """A time in Unix seconds; raises Refused where the text says none. ISO 8601 without a zone is of this `zone`."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = _iso(text, zone)
    if not -LAST < seconds < LAST:
        raise Refused(400, f"time {text[:60]!r} is out of reach; {_CURE}")
    return seconds


def _iso(text: str, zone: tzinfo) -> float:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # what + becomes in a URL
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Refused(400, f"time is {text[:60]!r}; {_CURE}") from None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).timestamp()
    except (OverflowError, ValueError, OSError):
        raise Refused(400, f"time {text[:60]!r} is out of reach; {_CURE}") from None
