"""Raw lines and files of days, for tests."""

import gzip
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from WardenServer.plugins.common.ping.archive.folders import Folders

DAY = date(2026, 11, 25)


def begin_of(day: date) -> int:
    """Midnight of a day, Unix seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def raw(day: date, lines: int, host: str = "m.example") -> bytes:
    """Raw lines of a day, the first at its first second and the last at its last."""
    times = [begin_of(day) + number * 86399 // max(1, lines - 1) for number in range(lines)]
    return b"".join(
        f"{host} 192.0.2.1 t.example 192.0.2.2 100 {time} 10 10 1.1 2.2 3.3\n".encode() for time in times
    )


def put(root: Path, host: str, day: date, content: bytes | int, made: datetime | None = None) -> Path:
    """A file of a day: with so many lines, or packed bytes as they are; made after the day's end if nothing else is
    said."""
    path = Folders(root).raw(host, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw(day, content, host)) if isinstance(content, int) else content)
    made = made or datetime(day.year, day.month, day.day, 1, 32, tzinfo=UTC) + timedelta(days=1)
    os.utime(path, (made.timestamp(), made.timestamp()))
    return path


def days(first: date, number: int) -> Sequence[date]:
    """So many days."""
    return [first + timedelta(days=each) for each in range(number)]
