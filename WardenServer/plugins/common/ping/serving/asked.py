"""What is asked of the raw data: the parameters that PingER's ping_data.pl takes, as a time or as a page for people."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.serving.window import Window


class Page(StrEnum):
    """What is wanted in place of data."""

    FORM = "form"
    HELP = "help"


class Field(NamedTuple):
    """One parameter: what its values look like, and how to write them."""

    name: str
    pattern: str
    text: str


#: Parts of a time: what is taken where one of them is not given, at the begin and at the end; None: it is needed.
_DEFAULTS = {"year": (None, None), "month": (None, None), "day": (None, None), "hour": (0, 23), "min": (0, 59),
             "sec": (0, 59)}  # fmt: skip
_OFFSET = r"([+ -]?)(0?[0-9]|1[0-4])(:?[0-5][0-9])?"


def _of_side(side: str) -> tuple[Field, ...]:
    return (
        Field(side, r"[0-9]{1,11}([.][0-9]{1,9})?", "Unix seconds, such as 1301011226"),
        Field(f"{side}_year", r"(19[7-9]|2[0-9]{2})[0-9]", "a year from 1970 to 2999"),
        Field(f"{side}_month", r"0?[1-9]|1[0-2]", "a month from 1 to 12"),
        Field(f"{side}_day", r"0?[1-9]|[12][0-9]|3[01]", "a day from 1 to 31"),
        Field(f"{side}_hour", r"[01]?[0-9]|2[0-3]", "an hour from 0 to 23"),
        Field(f"{side}_min", r"[0-5]?[0-9]", "a minute from 0 to 59"),
        Field(f"{side}_sec", r"[0-5]?[0-9]", "a second from 0 to 59"),
        Field(f"{side}_offset", _OFFSET, "how far your time is ahead of UTC: hours such as 2 or -5, or +0530"),
        Field(f"{side}_point", r"[yn]", "y or n: whether lines of just that second are wanted, too"),
    )


#: All parameters that are given once. Each may be empty, as a form sends it.
FIELDS = (
    *_of_side("begin"), *_of_side("end"),
    Field("in_form", r"[01]", "1 for data; without it there is a form"),
    Field("help", r"[01]", "1 for help"),
)  # fmt: skip


def asked(query: Mapping[str, str]) -> Window | Page:
    """The time that a query means, or the page that it wants.

    Raises:
        SettingError: a parameter means nothing or is missing, or the begin is after the end; the text names it.
    """
    for field in FIELDS:
        if (said := query.get(field.name)) and not re.fullmatch(field.pattern, said):
            raise SettingError(f"{field.name} is {said[:40]!r}; write {field.text}")
    if query.get("help") == "1":
        return Page.HELP
    if query.get("in_form") != "1":
        return Page.FORM
    return _window(query)


def _window(query: Mapping[str, str]) -> Window:
    begin, end = _time(query, "begin"), _time(query, "end")
    if begin > end:
        raise SettingError(f"begin is {begin:.0f} and end {end:.0f} in Unix seconds; give the earlier time as begin")
    return Window(begin, end, query.get("begin_point") == "y", query.get("end_point") == "y")


def _time(query: Mapping[str, str], side: str) -> float:
    """Unix seconds of one side. Where they are given themselves, its parts count for nothing."""
    if unix := query.get(side):
        return float(unix)
    year, month, day, hour, minute, second = (
        _part(query, f"{side}_{name}", defaults[side == "end"]) for name, defaults in _DEFAULTS.items()
    )
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise SettingError(f"{side}_day is {day}, but {year}-{month:02} has fewer days; correct it") from None
    return time.timestamp() - _seconds(query.get(f"{side}_offset", ""))


def _part(query: Mapping[str, str], name: str, default: int | None) -> int:
    if said := query.get(name):
        return int(said)
    if default is None:
        raise SettingError(f"{name} is missing; add it, or give {name.partition('_')[0]} in Unix seconds")
    return default


def _seconds(offset: str) -> int:
    """Seconds ahead of UTC. A "+" in a URL arrives as a space."""
    found = re.fullmatch(_OFFSET, offset)
    if found is None:
        return 0
    sign, hours, minutes = found.groups(default="0")
    seconds = 3600 * int(hours) + 60 * int(minutes.removeprefix(":"))
    return -seconds if sign == "-" else seconds
