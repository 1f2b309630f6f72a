"""What the options of Socorro's monitor say: of jobs, of its loops and of its log."""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from WardenServer.errors import SettingError
from WardenServer.jobs.monitor import Delays
from WardenServer.jobs.monitor_log import Lines
from WardenServer.jobs.socorro.options import timeDeltaConverter
from WardenServer.jobs.socorro.values import Value, as_text
from WardenServer.plugins.common.jobs.configuration import Jobs

T = TypeVar("T")
Values = Mapping[str, Value]

#: Most seconds of a duration: a year.
LONGEST = 366 * 86400.0
#: A duration of days as Python writes it: a converter may have made a text of it again.
_DAYS = re.compile(r"(\d+) days?, (.*)")


def jobs_of(values: Values, folder: Path) -> Jobs:
    """Files in the storage of Socorro. `folder` is where the database is, unless the options name one.

    Raises:
        SettingError: an option has a value that cannot be used.
    """
    suffixes = _take(values, "jsonFileSuffix", _suffix), _take(values, "dumpFileSuffix", _suffix)
    if len(set(suffixes)) < len(suffixes):
        raise SettingError(f'jsonFileSuffix and dumpFileSuffix are both "{suffixes[0]}"; correct one of them')
    return Jobs(
        storage=_take(values, "storageRoot", _folder),
        deferred=_take(values, "deferredStorageRoot", _folder_or_none),
        layout="radix", pattern="*", suffixes=suffixes, after="move",
        successful=_take(values, "saveSuccessfulMinidumpsTo", _folder_or_none),
        failed=_take(values, "saveFailedMinidumpsTo", _folder_or_none),
        url=_url(values, folder), folder=folder,
        check_in=_take(values, "processorCheckInTime", _seconds),
        minutes_per_slot=_take(values, "minutesPerSlot", _between(1, 60)),
        file_mode=_take(values, "dumpPermissions", _rights(0o600)),
        folder_mode=_take(values, "dirPermissions", _rights(0o700)),
        group=_take(values, "dumpGID", _group),
    )  # fmt: skip


def delays_of(values: Values) -> Delays:
    """How often the loops run. Raises SettingError where an option has a value that cannot be used."""
    return Delays(*(_take(values, f"{loop}LoopDelay", _seconds) for loop in ("standard", "priority", "cleanupJobs")))


def lines_of(values: Values) -> Lines:
    """Where log lines go. Raises SettingError where an option has a value that cannot be used."""
    return Lines(
        file=_take(values, "logFilePathname", _folder),
        size=_take(values, "logFileMaximumSize", _between(1, 2**62)),
        backups=_take(values, "logFileMaximumBackupHistory", _between(1, 10_000)),
        file_form=_take(values, "logFileLineFormatString", _form),
        file_level=_take(values, "logFileErrorLoggingLevel", _between(0, 1000)),
        console_form=_take(values, "stderrLineFormatString", _form),
        console_level=_take(values, "stderrErrorLoggingLevel", _between(0, 1000)),
    )


def _take(values: Values, name: str, read: Callable[[Any], T]) -> T:
    said = values[name]
    try:
        return read(said.value)
    except ValueError as error:
        shown = as_text(name, said.value)
        raise SettingError(f'{name} is "{shown:.60}" by {said.where}; write {error}') from None


def _url(values: Values, folder: Path) -> str:
    """databaseURL, else PostgreSQL where a database is named, else a file."""
    if values["databaseURL"].value:
        return _take(values, "databaseURL", _place)
    words = ("Host", "Name", "UserName", "Password")
    host, name, user, password = (_take(values, f"database{word}", _word) for word in words)
    if name is None:
        return f"sqlite:///{folder / 'jobs.db'}"
    port = _take(values, "databasePort", _between(1, 65535))
    return URL.create("postgresql", user, password, host, port, name).render_as_string(hide_password=False)


# -- values


def _seconds(value: Any) -> float:
    """Of a duration, or what a converter has made of it."""
    if isinstance(value, str):
        days = _DAYS.fullmatch(value)
        value = timeDeltaConverter(f"{days[1]}:{days[2]}" if days else value)
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST:
        raise ValueError("a duration as D:H:M:S, more than 0 and at most a year")
    return float(seconds)


def _word(value: Any) -> str | None:
    text = "" if value is None else str(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # of a command line that is not
        raise ValueError("text in UTF-8") from None
    return text or None


def _place(value: Any) -> str:
    try:
        url = make_url(_word(value) or "")
    except (ArgumentError, ValueError):  # ValueError: the port is no number
        url = None
    if url is None or not url.database or url.drivername.partition("+")[0] not in ("sqlite", "postgresql"):
        raise ValueError("sqlite:////FOLDER/jobs.db or postgresql://USER@HOST/DATABASE")
    return str(value)


def _folder(value: Any) -> Path:
    if not isinstance(value, str | Path) or not str(value).strip() or "\0" in str(value):
        raise ValueError("a path")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:  # ~name of nobody
        raise ValueError("a path that begins with /") from None


def _folder_or_none(value: Any) -> Path | None:
    return None if value is None or not str(value).strip() else _folder(value)


def _suffix(value: Any) -> str:
    if not isinstance(value, str) or not value or "/" in value or "\0" in value:
        raise ValueError("how a file name ends, such as .json")
    return value


def _between(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or (number := _whole(value)) is None or not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return number

    return read


def _whole(value: Any) -> int | None:
    """Files have numbers as such, and as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    return value if isinstance(value, int) else None


def _rights(needed: int) -> Callable[[Any], int]:
    """Rights as a number, or as text: decimal, as the original has it, or octal where it begins with 0.

    Those with which we could not work ourselves are refused. That finds octal numbers without the 0, too.
    """

    def read(value: Any) -> int:
        octal = re.fullmatch("0o?([0-7]{1,4})", value) if isinstance(value, str) else None
        rights = int(octal[1], 8) if octal else _whole(value)
        if rights is None or not 0 <= rights <= 0o7777 or rights & needed != needed:
            raise ValueError("rights that let the owner in, in octal with a leading 0, such as 0770")
        return rights

    return read


def _group(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        return _between(0, 2**31 - 1)(value)
    except ValueError:
        raise ValueError("the number of a group, or nothing") from None


def _form(value: Any) -> str:
    try:
        logging.Formatter(value)
    except (ValueError, TypeError):
        raise ValueError("a form of Python's logging, such as %(asctime)s %(levelname)s - %(message)s") from None
    return str(value)
