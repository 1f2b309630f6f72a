"""Log lines to the console, a rotating file and Tango logging, behind a bounded queue: none can hold up a tick."""

import atexit
import logging
import logging.handlers
import os
import queue
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from WardenServer.machine import whole_file
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask

#: Lines that may wait for slow targets; beyond it they are dropped and counted.
WAITING = 10_000
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

log = logging.getLogger("warden")


class Masked(logging.Formatter):
    """Lines, and the tracebacks below them, without what is secret."""

    def format(self, record: logging.LogRecord) -> str:
        """See Formatter."""
        return mask(super().format(record))


class _Queue(logging.handlers.QueueHandler):
    """Drops lines instead of waiting when the targets cannot follow; says how many as soon as they can."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self.dropped:
                self.queue.put_nowait(
                    _line("%d log lines were dropped here: there were too many at once", self.dropped)
                )
                self.dropped = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class _File(logging.handlers.RotatingFileHandler):
    """A file that may be impossible to write for a while: it is opened anew for each line until that works again."""

    lost = 0

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(path, maxBytes=size, backupCount=3, delay=True, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        whole_file.make_folder(Path(self.baseFilename).parent)
        whole_file.make(Path(self.baseFilename))
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        lost = self.lost
        super().emit(record)
        if lost and self.lost == lost:
            self.lost = 0
            log.warning("%s is written again; it lacks %d lines", self.baseFilename, lost)

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        stream, self.stream = self.stream, None
        with suppress(OSError):
            if stream is not None:
                stream.close()
        self.lost += 1
        if self.lost == 1:
            said = "%s cannot be written (%s), its lines are lost; make room, or correct state_folder or its rights"
            log.warning(said, self.baseFilename, error.strerror)


def _line(text: str, *arguments: object) -> logging.LogRecord:
    return log.makeRecord(log.name, logging.WARNING, "", 0, text, arguments, None)


def _console() -> logging.Handler:
    """Standard error, on a descriptor of its own: any agent can close or replace the common ones."""
    with suppress(OSError):  # the process has none
        own = os.dup(2)
        return logging.StreamHandler(open(own, "w", buffering=1, encoding="utf-8", errors="backslashreplace"))  # noqa: PTH123
    return logging.NullHandler()


def file_of(settings: Settings) -> Path:
    """The log file of an instance."""
    return settings.state_folder / "logs" / f"{settings.instance}.log"


def begin(settings: Settings, console: bool, *others: logging.Handler) -> None:
    """Send all lines of the hub to its targets; that the file cannot be written is said to the others."""
    handlers: list[logging.Handler] = [*others, _File(file_of(settings), settings.log_size)]
    if console:
        handlers.append(_console())
    for handler in handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
    lines: queue.Queue[logging.LogRecord] = queue.Queue(WAITING)
    listener = logging.handlers.QueueListener(lines, *handlers)
    log.handlers = [_Queue(lines)]
    log.handlers[0].setFormatter(Masked())  # before the queue: no target sees more
    log.propagate = False
    log.setLevel(settings.log_level)
    listener.start()
    atexit.register(listener.stop)
