"""Put files in place whole: they are as before until all of the new one is on the disk."""

import filecmp
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from WardenServer.errors import Unreachable
from WardenServer.machine import whole_file


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, to be filled; it takes its place at the end, unless that has the same bytes. Where
    filling it fails nothing changes.

    Raises:
        Unreachable: it cannot be written; the one that was there stays.
    """
    part = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}.part")  # several machines may share it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # of a process of this number, which was killed
        whole_file.make(part)
        yield part
        if not (path.is_file() and filecmp.cmp(part, path, shallow=False)):
            _to_disk(part)
            part.replace(path)
    except Unreachable:  # also an OSError
        raise
    except OSError as error:
        cure = "make room, or correct the rights of its folder"
        raise Unreachable(f"{path} cannot be written ({error}); {cure}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # half a file on a full disk only takes the room


def place(path: Path, content: bytes) -> bool:
    """Write a file in place of the one that is there; whether it is another: one of the same bytes is left as it is.

    Raises:
        Unreachable: it cannot be written; the one that was there stays.
    """
    with suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    with placed(path) as part:
        part.write_bytes(content)
    return True


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
