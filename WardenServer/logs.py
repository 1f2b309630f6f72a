"""Log lines to the console, a rotating file and Tango logging, behind a bounded queue: none can hold up a tick."""

import atexit
import logging
import logging.handlers
import queue
import sys
from pathlib import Path

from WardenServer.config import Settings
from WardenServer.masking import mask

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
    """Drops lines instead of waiting when the targets cannot follow."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


def file_of(settings: Settings) -> Path:
    """The log file of an instance."""
    return settings.state_folder / "logs" / f"{settings.instance}.log"


def begin(settings: Settings, console: bool, *others: logging.Handler) -> None:
    """Send all lines of the hub to its targets; a log file that cannot be written is said on the console."""
    handlers: list[logging.Handler] = list(others)
    if console:
        handlers.append(logging.StreamHandler(sys.stderr))
    path, trouble = file_of(settings), None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handlers.append(logging.handlers.RotatingFileHandler(path, maxBytes=settings.log_size, backupCount=3))
    except OSError as error:
        trouble = error
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
    if trouble is not None:
        log.warning(
            "no log file: %s cannot be written (%s); correct state_folder or its rights", path, trouble.strerror
        )
