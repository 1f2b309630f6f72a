"""The file of a monitoring host and day: raw lines in gzip."""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from WardenServer.machine import whole_file

#: Bytes that are unpacked at a time.
BLOCK = 1 << 18
#: What a monitoring host says in place of data, and the most bytes of a file that says nothing else.
NOTHING, SHORT = b"no data", 1000


class Seen(NamedTuple):
    """What a file holds: how many lines. `why` is what is wrong where it holds no data."""

    lines: int = 0
    why: str = ""


def look(path: Path) -> Seen:
    """Read a file to its end. Memory does not grow with it."""
    try:
        with gzip.open(path, "rb") as file:
            return _count(file)
    except FileNotFoundError:
        return Seen(why="there is no file")
    except (OSError, EOFError, zlib.error) as error:
        return Seen(why=f"its file cannot be unpacked ({error})")


def is_final(path: Path, day: date) -> bool:
    """Whether a file was made after the end of its day in UTC."""
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    try:
        return path.stat().st_mtime >= end.timestamp()
    except OSError:
        return False


@contextmanager
def packing(path: Path) -> Iterator[gzip.GzipFile]:
    """A file to write lines to. They are on the disk once this ends; the same lines make the same bytes.

    Raises:
        OSError: it cannot be written.
    """
    with open(path, "wb", opener=whole_file.opener) as file:  # Path.open knows no opener
        with gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed:
            yield packed
        file.flush()
        os.fsync(file.fileno())


def _count(file: gzip.GzipFile) -> Seen:
    head = block = file.read(BLOCK)
    lines, is_blank, end = 0, True, b""
    while block:
        lines += block.count(b"\n")
        is_blank = is_blank and not block.strip()
        end = block[-1:]
        block = file.read(BLOCK)
    if is_blank:
        return Seen(why="its file is empty")
    if len(head) <= SHORT and head.strip().lower().startswith(NOTHING):
        return Seen(why='its file says only "No data"')
    return Seen(lines + (end != b"\n"))
