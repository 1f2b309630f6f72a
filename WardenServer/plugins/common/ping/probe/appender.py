"""A file that only grows by whole lines, whatever ends the process, the power or the room on the disk."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from WardenServer.machine import whole_file

#: Bytes in which the end of the last whole line is looked for.
BLOCK = 65_536


class Appender:
    """One file, for one thread, and for one program as long as it is open.

    Opening makes it and its folder. What stands behind the last whole line, half a line or what a power failure has
    left, is cut off: `cut` bytes.

    Raises:
        BlockingIOError: another program has it open.
        OSError: it cannot be opened, or not be put right.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        whole_file.make_folder(path.parent)
        self._file: BinaryIO = open(path, "a+b", buffering=0, opener=whole_file.opener)  # noqa: SIM115  # held
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.cut = _cut(self._file.fileno())
        except OSError:
            self._file.close()
            raise

    def write(self, data: bytes) -> None:
        """Add whole lines, all of them or none.

        Raises:
            OSError: they cannot be written.
        """
        handle = self._file.fileno()
        before = os.fstat(handle).st_size
        try:
            while data:  # once, but where there is too little room: what is left has the reason
                data = data[os.write(handle, data) :]
        except OSError:
            with suppress(OSError):  # then the next opening does it
                os.ftruncate(handle, before)
            raise

    def is_at(self, path: Path) -> bool:
        """Whether it is this file, and still there: neither moved nor removed."""
        try:
            return path == self.path and os.path.samestat(path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False

    def sync(self) -> None:
        """Wait until all is on the disk.

        Raises:
            OSError: it may not be there.
        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let others have it."""
        self._file.close()


def _cut(handle: int) -> int:
    size = os.fstat(handle).st_size
    end = _end_of_lines(handle, size)
    if end < size:
        os.ftruncate(handle, end)
    return size - end


def _end_of_lines(handle: int, size: int) -> int:
    """Where the last whole line ends."""
    end = size
    while end > 0:
        begin = max(0, end - BLOCK)
        found = os.pread(handle, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
