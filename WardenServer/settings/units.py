"""Durations and sizes as people write them."""

import datetime
import re
from typing import Any

from pytimeparse.timeparse import timeparse

_PREFIXES = ("", "k", "M", "G", "T")


def duration(value: Any) -> float:
    """Seconds from a number, or from text such as "1:30" or "30 minutes"."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = timeparse(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError('a duration: a number of seconds, or "1:30" or "30 minutes"')
    return float(value)


def moment(text: str, now: float) -> float:
    """Unix seconds from a duration from `now` on, such as "2h", from the next local time "18:00", or from a local date
    and time such as "2026-11-30 08:00"; raises ValueError where it is none, or has passed."""
    return _time(text, now, 1, "in the future")


def past(text: str, now: float) -> float:
    """Unix seconds from a duration before `now`, the last local time "18:00", or a local date and time; raises
    ValueError where it is none, or has not come yet."""
    return _time(text, now, -1, "in the past")


def _time(text: str, now: float, way: int, where: str) -> float:
    """`way` is 1 for what is to come, -1 for what was."""
    wanted = f'a duration such as 2h, a time such as 18:00, or "2026-11-30 08:00", {where}'
    today = datetime.datetime.fromtimestamp(now)
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            then = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
            found = then.timestamp()
            if (found - now) * way <= 0:
                found = (then + way * datetime.timedelta(days=1)).timestamp()
        elif re.match(r"\d{4}-", text):
            found = datetime.datetime.fromisoformat(text).timestamp()
        else:
            found = now + way * duration(text)
    except ValueError:
        raise ValueError(wanted) from None
    if (found - now) * way <= 0:
        raise ValueError(wanted)
    return found


def size(value: Any) -> int:
    """Bytes, more than 0, from a whole number, or from text such as "500 MB" (10⁶) or "1.5 GiB" (2³⁰)."""
    if isinstance(value, str) and (said := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B?\s*", value)):
        power = _PREFIXES.index(said[2].replace("K", "k"))
        value = round(float(said[1]) * (1024 if said[3] else 1000) ** power)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError('a size: a whole number of bytes, or "500 MB" or "1.5 GB"')
    return value


def megabytes(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / 1e6:.0f} MB"
