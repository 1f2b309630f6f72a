"""The raw data that this machine writes: lines in one file a month. Lines for which there is no room wait.

The file is that of the month in UTC at the time of writing, as PingER has it.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.probe.appender import Appender

#: Lines that wait at most; the oldest are lost then. They are written so many at a time.
MOST, PART = 100_000, 1000


class RawFile:
    """The file of the month, for one thread. Nothing here raises: what people should put right is `problem`.

    Args:
        name: the file of a time in Unix seconds, such as months.file_of gives it. It raises SettingError for a time
            that no month has.
        log: told of what was cut off, of a problem when it begins, and when it is over.
        clock: Unix seconds.
    """

    def __init__(
        self, name: Callable[[float], Path], log: logging.Logger, clock: Callable[[], float] = time.time
    ) -> None:
        self._name, self._log, self._clock = name, log, clock
        self._waiting: deque[str] = deque()
        self._appender: Appender | None = None
        self._reason = ""
        self._lost_before = 0
        self.written = 0  # lines since the start
        self.lost = 0  # those that waited too long

    @property
    def waiting(self) -> int:
        """How many lines are still to be written."""
        return len(self._waiting)

    @property
    def problem(self) -> str:
        """Why lines wait, with the cure; "" where all is well."""
        if not self._reason:
            return ""
        return f"{self._reason}; {self.waiting} lines wait, {self.lost} are lost"

    def add(self, lines: Iterable[str]) -> None:
        """Write these lines, given without their ends, and those that waited."""
        self._waiting.extend(lines)
        self._try(self._write)
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self.lost += 1

    def sync(self) -> None:
        """At the end of a round: write what waits, and see that all is on the disk."""
        self._try(self._write_and_sync)

    def close(self) -> None:
        """Write what waits, if that can be, and let go of the file."""
        self.sync()
        if self._waiting:
            self._log.warning("%s lacks %d lines that could not be written", self._path(), self.waiting)
        self._close()

    def _write(self) -> None:
        while self._waiting:
            part = list(islice(self._waiting, PART))
            self._file().write("".join(f"{line}\n" for line in part).encode())
            for _ in part:
                self._waiting.popleft()
            self.written += len(part)

    def _write_and_sync(self) -> None:
        self._write()
        if self._appender is not None:
            self._appender.sync()

    def _file(self) -> Appender:
        """The file of this month; that of the last one is put on the disk before it is let go of."""
        path = self._name(self._clock())
        if self._appender is not None and not self._appender.is_at(path):
            self._appender.sync()
            self._close()
        if self._appender is None:
            self._appender = Appender(path)
            if self._appender.cut:
                said = "%s ended amid a line: its last %d bytes are cut off"
                self._log.warning(said, path, self._appender.cut)
        return self._appender

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, SettingError) as error:
            self._close()  # whatever is wrong with the file, opening it again puts it right
            self._note(_sentence(error, self._path()))
        else:
            self._note("")

    def _note(self, reason: str) -> None:
        if reason and reason != self._reason:
            self._log.warning("%s", reason)
        if self._reason and not reason:
            self._log.info("%s is written again; it lacks %d lines", self._path(), self.lost - self._lost_before)
            self._lost_before = self.lost
        self._reason = reason

    def _path(self) -> str:
        try:
            return str(self._name(self._clock()))
        except SettingError:
            return "raw data"

    def _close(self) -> None:
        if self._appender is not None:
            self._appender.close()
            self._appender = None


def _sentence(error: OSError | SettingError, path: str) -> str:
    if isinstance(error, BlockingIOError):
        return f"{path} is in use by another program; give each hub that measures a folder of its own"
    if isinstance(error, OSError):
        return f"{path} cannot be written ({error.strerror}); make room, or correct its rights"
    return f"{path} cannot be written: {error}; set the clock of this machine"
