"""The writer `json_lines`: documents as lines of a file that is put aside when it is large."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError, Unreachable
from WardenServer.machine import whole_file
from WardenServer.settings import parse
from WardenServer.settings.units import size as parse_size
from WardenServer.sinks.writers.writer import Document, Writer, as_text


class JSONLines(Writer):
    """Appends a line {"name": ..., "timestamp": ..., "document": {...}} for each; the timestamp is Unix seconds.

    The file is opened anew each time, so that it may be removed, or rotated by others. It is not synced to the disk.
    """

    def __init__(self, path: str, size: Any = "100 MB", keep: int = 10) -> None:
        """Check the settings.

        Args:
            path: of the file; its folder must be there.
            size: bytes, or text such as "100 MB", of which the file becomes PATH.1, and a new one begins. What comes at
                once stays together, and may make it a little larger.
            keep: how many old files are kept, from PATH.1, the newest, on.

        Raises:
            SettingError: a setting means nothing.
        """
        super().__init__()
        self._path = _parsed("path", path, parse.path)
        self._size = _parsed("size", size, parse_size)
        self._keep = _parsed("keep", keep, parse.whole)

    def write(self, documents: Sequence[Document]) -> None:
        """See Writer."""
        if not documents:
            return
        lines = "".join(_line(each) for each in documents).encode("utf-8", "replace")
        try:
            if self._is_full(len(lines)):
                self._rotate()
            with _appending(self._path) as descriptor:
                _append(descriptor, lines)
        except OSError as error:
            cure = "make room, make its folder, or correct path or its rights"
            raise Unreachable(f"{self._path} cannot be written ({error.strerror}); {cure}") from None

    def _is_full(self, more: int) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return stat.S_ISREG(there.st_mode) and there.st_size > 0 and there.st_size + more > self._size

    def _rotate(self) -> None:
        """The file becomes PATH.1, and each old one gets the next number, up to a number that is free."""
        files = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._keep + 1))]
        free = next((number for number, file in enumerate(files) if not file.exists()), len(files) - 1)
        for number in range(free, 0, -1):
            files[number - 1].replace(files[number])
        if not self._keep:
            self._path.unlink()


def _parsed(name: str, said: Any, parser: Callable[[Any], Any]) -> Any:
    try:
        return parser(said)
    except (ValueError, RuntimeError) as error:  # RuntimeError: ~name of nobody
        raise SettingError(f"{name} is {said!r:.60}; write {error}") from None


def _line(document: Document) -> str:
    return as_text({"name": document.name, "timestamp": document.timestamp, "document": document.fields}) + "\n"


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    """The descriptor of a plain file, for appending; a pipe without a reader does not make us wait."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = whole_file.opener(str(path), flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no plain file")
        yield descriptor
    finally:
        os.close(descriptor)


def _append(descriptor: int, lines: bytes) -> None:
    """Append all, or nothing. A line that another life has left half is ended first."""
    begin = os.lseek(descriptor, 0, os.SEEK_END)
    if begin and os.pread(descriptor, 1, begin - 1) != b"\n":
        lines = b"\n" + lines
    rest = memoryview(lines)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os.ftruncate(descriptor, begin)
        raise
