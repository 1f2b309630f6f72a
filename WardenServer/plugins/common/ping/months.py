"""The files of raw data, `ping-YYYY-MM.txt`, one a month in UTC."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from WardenServer.errors import SettingError

_FILE = re.compile(r"ping-\d{4}-(?:0[1-9]|1[0-2])\.txt", re.ASCII)


def month_of(time: float) -> str:
    """The month of a time in Unix seconds, as YYYY-MM.

    Raises:
        SettingError: no month can have this time, such as that of the year 12000.
    """
    try:
        moment = datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        raise SettingError(f"no month has the time {time:g}; write Unix seconds, such as 1764547200") from None
    return f"{moment.year:04}-{moment.month:02}"  # %Y has fewer digits before the year 1000


def file_of(folder: Path, time: float) -> Path:
    """The file of a time in Unix seconds.

    Raises:
        SettingError: no file can have this time, such as that of the year 12000.
    """
    return folder / f"ping-{month_of(time)}.txt"


def files_between(folder: Path, begin: float, end: float) -> Iterator[Path]:
    """The files that are there of the months that a time in Unix seconds touches, the oldest first."""
    first, last = (f"ping-{_month_or_edge(time)}.txt" for time in (begin, end))
    for path in sorted(folder.glob("ping-*.txt")):
        if _FILE.fullmatch(path.name) and first <= path.name <= last and path.is_file():
            yield path


def _month_or_edge(time: float) -> str:
    """The month; of a time that no month has, what is before or after all of them."""
    try:
        return month_of(time)
    except SettingError:
        return "0000-00" if time < 0 else "9999-99"
