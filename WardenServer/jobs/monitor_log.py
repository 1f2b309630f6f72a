"""The log of `warden jobs monitor`, as Socorro's monitor had it: a rotating file, and standard error for errors."""

import logging
import logging.handlers
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from WardenServer.errors import SettingError
from WardenServer.settings.masking import mask

log = logging.getLogger("warden.jobs.monitor")


@dataclass(frozen=True)
class Lines:
    """Where lines go.

    Args:
        file: the log file.
        size: bytes at which it is put aside.
        backups: how many of those are kept.
        file_form: form of its lines, as in Python's logging.
        file_level: least important lines in it.
        console_form: form of lines on standard error.
        console_level: least important lines there.
    """

    file: Path
    size: int
    backups: int
    file_form: str
    file_level: int
    console_form: str
    console_level: int


class _Named(logging.Formatter):
    """Messages after the name of the thread, without what is secret."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = f"{record.threadName} - {record.message}"
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class _File(logging.handlers.RotatingFileHandler):
    """A file that may be impossible to write for a while: its lines are lost then, which is said once."""

    failed = lost = False  # this line, and the one before

    def emit(self, record: logging.LogRecord) -> None:
        self.failed = False
        super().emit(record)
        self.lost = self.failed

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self.failed = True
        if not self.lost and sys.stderr is not None:
            said = f"{self.baseFilename} cannot be written ({error.strerror}), its lines are lost; make room"
            print(said, file=sys.stderr)


@contextmanager
def opened(lines: Lines) -> Iterator[logging.Logger]:
    """The log, for as long as the program runs.

    Raises:
        SettingError: its file cannot be written.
    """
    try:
        file = _File(lines.file, maxBytes=lines.size, backupCount=lines.backups, encoding="utf-8",
                     errors="backslashreplace")  # fmt: skip
    except OSError as error:
        cure = "correct logFilePathname, or the rights there"
        raise SettingError(f"{lines.file} cannot be written ({error.strerror}); {cure}") from None
    handlers: list[logging.Handler] = [file, logging.StreamHandler()]
    said = ((lines.file_form, lines.file_level), (lines.console_form, lines.console_level))
    for handler, (form, level) in zip(handlers, said, strict=True):
        handler.setFormatter(_Named(form))
        handler.setLevel(level)
    try:
        log.handlers, log.propagate = handlers, False
        log.setLevel(logging.DEBUG)
        yield log
    finally:
        log.handlers, log.propagate = [], True
        log.setLevel(logging.NOTSET)
        for handler in handlers:
            handler.close()
