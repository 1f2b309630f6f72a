"""What a configuration file of Socorro imports as `socorro.lib.ConfigurationManager`: options and converters.

Names and meaning are those of https://github.com/mozilla-services/socorro at 47e022b93 (2009); `classConverter` came
later. All converters leave alone what is no text.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_UNITS = ("seconds", "minutes", "hours", "days")


@dataclass
class Option:
    """Something that can be set. Its name is that of the variable it is assigned to.

    Args:
        doc: what it is, for people.
        default: its value where nobody says one; None is none.
        singleCharacter: by which it can be named on the command line, too.
        fromStringConverter: makes the value of a text; without one it becomes what the default is.
    """

    doc: str = ""
    default: Any = None
    singleCharacter: str | None = None
    fromStringConverter: Callable[[str], Any] | None = None

    def read(self, value: Any) -> Any:
        """The value of a text, as an environment variable, a file or the command line has it, or the default.

        Raises:
            Exception: it cannot be one; a converter of a file may raise anything.
        """
        if not isinstance(value, str):
            return value
        if self.fromStringConverter is not None:
            return self.fromStringConverter(value)
        if isinstance(self.default, bool):
            return booleanConverter(value)
        if isinstance(self.default, int | float):
            return type(self.default)(value)
        return value


def timeDeltaConverter(value: Any) -> Any:
    """A duration as D:H:M:S, H:M:S, M:S or S, counted from the right; more parts on the left are not looked at.

    Each part may be any whole number: "90:00" is an hour and a half, "24:00:00" a day. Raises ValueError.
    """
    if not isinstance(value, str):
        return value
    parts = value.split(":")[-len(_UNITS) :]
    try:
        return timedelta(**{unit: _whole(part) for unit, part in zip(_UNITS, reversed(parts), strict=False)})
    except OverflowError:
        raise ValueError("it is more than a thousand million days") from None


def _whole(part: str) -> int:
    if not (part.isascii() and part.strip().isdigit()):
        raise ValueError(f'"{part:.20}" is no whole number, and a duration is D:H:M:S, counted from the right')
    return int(part)


def booleanConverter(value: Any) -> Any:
    """True for "true", "t" and "1" in any case, False for any other text."""
    return value.lower() in ("true", "t", "1") if isinstance(value, str) else value


def dateTimeConverter(value: Any) -> Any:
    """A time as YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise ValueError("a time is YYYY-MM-DD HH:MM:SS") from None


def ioConverter(value: Any) -> Any:
    """The stream that "stdout" or "stderr" names. Any other text names a file, which is not opened here: the monitor
    writes to none of them."""
    return {"stdout": sys.stdout, "stderr": sys.stderr}.get(value.lower(), value) if isinstance(value, str) else value


def classConverter(value: Any) -> Any:
    """The name of a class, which is not imported here: the monitor has no use for it."""
    return value


#: What is in the module.
MODULE = {
    each.__name__: each
    for each in (Option, timeDeltaConverter, booleanConverter, dateTimeConverter, ioConverter, classConverter)
}
