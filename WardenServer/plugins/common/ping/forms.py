"""The form of each setting in [ping] and [ping_archive]. What has another form raises ValueError, with what to write
instead."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pytimeparse.timeparse import timeparse

from WardenServer.plugins.common.forms import path
from WardenServer.plugins.common.ping.hosts import NUMBERS, SIZES, Pings
from WardenServer.plugins.common.ping.names import address, host_name

_SCHEMES = ("http", "https")


def seconds(least: float, most: float = math.inf) -> Callable[[Any], float]:
    """A duration: a number of seconds, or text such as "30min"."""

    def read(value: Any) -> float:
        value = _time(value) if isinstance(value, str) else value
        if not _is_number(value) or not least <= value <= most or value == math.inf:
            raise ValueError(f'seconds, or a duration such as "30min", {_limits(least, most)}')
        return float(value)

    return read


def rate(value: Any) -> float:
    """A number of more than 0."""
    if not _is_number(value) or not 0 < value <= 1e6:
        raise ValueError("a number of packets a second, more than 0 and up to 1000000")
    return float(value)


def whole(least: int, most: int) -> Callable[[Any], int]:
    """A whole number."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number {_limits(least, most)}")
        return value

    return read


def flag(value: Any) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def one_of(*words: str) -> Callable[[Any], str]:
    """One of these words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(" or ".join(f'"{word}"' for word in words))
        return str(value)

    return read


def some_of(read: Callable[[Any], Any], example: str) -> Callable[[Any], tuple[Any, ...]]:
    """A list of at least one thing, each once."""

    def read_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(f"a list, such as {example}")
        found = tuple(read(each) for each in value)
        if len(set(found)) < len(found):
            raise ValueError(f"each once, such as {example}")
        return found

    return read_all


def lines(value: Any) -> tuple[str, ...]:
    """A list of texts, each a line about a host."""
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError('a list of lines, such as ["www.example.org", "gateway.example.org 192.0.2.1 send=5"]')
    return tuple(value)


def pings(value: Any) -> Pings:
    """A set of pings, such as "10x100": ten of 100 bytes."""
    said = re.fullmatch("([0-9]{1,6})x([0-9]{1,6})", value) if isinstance(value, str) else None
    found = Pings(int(said[1]), int(said[2])) if said else Pings(0, 0)
    if not NUMBERS[0] <= found.number <= NUMBERS[1] or not SIZES[0] <= found.size <= SIZES[1]:
        limits = f"{_limits(*NUMBERS)}, and bytes {_limits(*SIZES)}"
        raise ValueError(f'sets such as ["10x100", "10x1000"]: a number of pings {limits}')
    return found


def phase(value: Any) -> float | None:
    """When within its period a round begins; None for "random"."""
    return None if value == "random" else seconds(0)(value)


def name(value: Any) -> str:
    """The name of a host."""
    return host_name(_text(value))


def ip(value: Any) -> str:
    """An address."""
    return address(_text(value))


def url(value: Any) -> str:
    """A URL of HTTP."""
    if not isinstance(value, str) or not value.isprintable() or " " in value or not _is_of_http(value):
        raise ValueError('a URL that begins with http:// or https://, such as "https://pinger.example.org/beacons.txt"')
    return value


def url_or_path(value: Any) -> str:
    """A URL of HTTP, or the path of a file."""
    if isinstance(value, str) and "://" in value:
        return url(value)
    try:
        return str(path(value))
    except ValueError:
        raise ValueError('a URL such as "https://pinger.example.org/beacons.txt", or a path from / on') from None


def urls(value: Any) -> Mapping[str, str]:
    """URLs by host."""
    if not isinstance(value, Mapping):
        raise ValueError('a table, such as { "pinger.example.org" = "https://pinger.example.org/ping_data" }')
    found = {name(host): url(said) for host, said in value.items()}
    if len({host.lower() for host in found}) < len(value):
        raise ValueError("each host once")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value


def _time(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return timeparse(text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limits(least: float, most: float) -> str:
    return f"from {least:.15g} to {most:.15g}" if most < math.inf else f"from {least:.15g} on"


def _is_of_http(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no such port, brackets without an address
        return False
