"""From what people write to the value of a setting: each raises ValueError with what to write instead."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from WardenServer.settings.masking import is_reference
from WardenServer.settings.units import duration


def whole(value: Any) -> int:
    """A whole number, 0 or more; also as text."""
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number, 0 or more")
    return value


def text(value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise ValueError("text in quotes")
    return value


def flag(value: Any) -> bool:
    """True or False; also in words."""
    words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Several texts; also as one, with commas or blanks between."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[,\s]+", value) if part]
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise ValueError('a list of texts, such as ["a", "b"]')
    return tuple(value)


def path(value: Any) -> Path:
    """A path, with ~ for the home folder."""
    return Path(text(value)).expanduser().absolute()


def paths(value: Any) -> tuple[Path, ...]:
    """Several paths; also as one text, with colons between."""
    if isinstance(value, str):
        value = value.split(os.pathsep)
    return tuple(path(item) for item in texts(value))


def servers(value: Any) -> tuple[str, ...]:
    """Memcached servers."""
    servers = texts(value)
    for server in servers:
        if not re.fullmatch(r"[^\s:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}|(unix:)?/.+", server):
            raise ValueError('a list of "host:port", or "/path/of/a.socket"')
    return servers


def instance(value: Any) -> str:
    """The name of a hub."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", text(value)):
        raise ValueError("a name of letters, digits, _ . and -")
    return str(value)


def level(value: Any) -> str:
    """A level of log lines."""
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text(value).upper() not in levels:
        raise ValueError(f"one of {', '.join(levels)}")
    return str(value).upper()


def positive(value: Any) -> float:
    """A duration of more than 0, in seconds."""
    seconds = duration(value)
    if seconds <= 0:
        raise ValueError("a duration of more than 0 seconds")
    return seconds


def hang_limit(value: Any) -> float:
    """0, or a duration of at least 2 s."""
    seconds = duration(value)
    if 0 < seconds < 2:
        raise ValueError("0, or a duration of at least 2 seconds")
    return seconds


def listen(value: Any) -> str:
    """Nothing, or host:port."""
    if text(value) and not re.fullmatch(r"([^\s:/]+|\[[0-9a-fA-F:]+\]):\d{1,5}", value):
        raise ValueError('"host:port", such as "127.0.0.1:8060"')
    return str(value)


def web_interval(value: Any) -> float:
    """A duration of at least 0.1 s."""
    seconds = duration(value)
    if seconds < 0.1:
        raise ValueError("a duration of at least 0.1 seconds")
    return seconds


def login(value: Any) -> str:
    """Who has to log in."""
    if value not in ("elsewhere", "always"):
        raise ValueError('"elsewhere" or "always"')
    return str(value)


def reference(value: Any) -> dict[str, Any] | str:
    """Where a secret is, or nothing. Not the secret itself: command lines can be read by all."""
    if value and not is_reference(value):
        raise ValueError('{ env = "NAME" } or { file = "PATH" } in the settings file')
    return dict(value) if value else ""


def zone(value: Any) -> str:
    """The name of a time zone."""
    try:
        return ZoneInfo(value).key if text(value) else ""
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError('a time zone that this machine knows, such as "Europe/Berlin"') from None


def life(value: Any) -> float:
    """Seconds that a document lives, -1 for what fits its interval."""
    return -1.0 if value in (-1, "-1") else duration(value)
