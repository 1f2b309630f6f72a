"""The files of raw data, `ping-YYYY-MM.txt`, one a month in UTC."""

from collections.abc import Iterator
from pathlib import Path


def file_of(folder: Path, time: float) -> Path:
    """The file of a time in Unix seconds.

    Raises:
        SettingError: no file can have this time, such as that of the year 12000.
    """
    raise NotImplementedError


def files_between(folder: Path, begin: float, end: float) -> Iterator[Path]:
    """The files that are there of the months that a time in Unix seconds touches, the oldest first."""
    raise NotImplementedError
