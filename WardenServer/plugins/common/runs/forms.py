"""The form of each setting in [runs]. What has another form raises ValueError, with what to write instead."""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

#: A Tango attribute: DEVICE/ATTRIBUTE, with the database, host:port, before it where it is another one.
_ATTRIBUTE = re.compile(r"((tango://)?[^\s/#:]+:\d+/)?([^\s/#:]+/){2}[^\s/#:]+(#dbase=(no|yes))?/[^\s/#:]+")
_LINK = re.compile(r"https?://[^\s\"<>\\]+")


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def seconds(least: float, most: float) -> Callable[[Any], float]:
    """A number of seconds between these."""

    def read(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise ValueError(f"seconds, from {least:g} to {most:g}")
        return float(value)

    return read


def texts(example: str) -> Callable[[Any], tuple[str, ...]]:
    """A list of texts, none of them empty or there twice."""

    def read(value: Any) -> tuple[str, ...]:
        said = value if isinstance(value, list | tuple) else ()
        if not said or not all(isinstance(each, str) and each for each in said):
            raise ValueError(f"a list of texts, such as {example}")
        _once(said)
        return tuple(said)

    return read


def attribute(value: Any) -> str:
    """A Tango attribute as DEVICE/ATTRIBUTE."""
    if not isinstance(value, str) or not _ATTRIBUTE.fullmatch(value):
        raise ValueError('a Tango attribute, such as "p02/motor/eh1.01/Position"')
    return value


def attributes(value: Any) -> tuple[str, ...]:
    """A list of Tango attributes, none of them there twice."""
    said = value if isinstance(value, list | tuple) else ()
    if not said or not all(isinstance(each, str) and _ATTRIBUTE.fullmatch(each) for each in said):
        raise ValueError('a list of Tango attributes, such as ["p02/motor/eh1.01/Position"]')
    _once([each.lower() for each in said])  # capital letters make no difference in Tango
    return tuple(said)


def link(value: Any) -> str:
    """The address of a page, without the / at its end."""
    if not isinstance(value, str) or not _LINK.fullmatch(value) or "#" in value:
        raise ValueError('the address of the page, such as "http://host:8060"')
    return value.rstrip("/")


def number(value: Any) -> float:
    """A finite number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError("a number, 0 or more")
    return float(value)


def _once(said: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in said:
        if each in seen:
            raise ValueError(f"{each!r:.80} once")
        seen.add(each)
