"""Logger, Tester and MutexLock with the original's methods. They write to the hub's log and touch no file."""

import glob
import logging
import os
import time
from typing import Any

from . import config
from .this_run import RUN

__all__ = ["Logger", "MutexLock", "Tester", "config", "glob", "logging", "os", "time"]


class Logger:
    """Writes to the agent's log. The hub's setting log_level says what is kept, so `debug_level` changes nothing."""

    ERROR, WARNING, INFO, CRITICAL = logging.ERROR, logging.WARNING, logging.INFO, logging.CRITICAL

    def __init__(self, def_file: str | None = None, debug_level: int | None = None) -> None:
        self.debug_level = debug_level or logging.DEBUG

    @property
    def logger(self) -> logging.Logger:
        """The agent's log."""
        return RUN.log

    def setDebugLevel(self, level: int) -> None:
        """Remember the level."""
        self.debug_level = level

    def info(self, msg: Any) -> None:
        """For the log."""
        RUN.log.info("%s", msg)

    def debug(self, msg: Any) -> None:
        """For the log, where it keeps details."""
        RUN.log.debug("%s", msg)

    def error(self, msg: Any) -> None:
        """For the log."""
        RUN.log.error("%s", msg)

    def warning(self, msg: Any) -> None:
        """For the log."""
        RUN.log.warning("%s", msg)

    def confError(self, key: Any, def_value: Any, e: Any = None) -> None:
        """A setting is missing."""
        self.error(f"there is no setting {key}; {def_value} is used{f' ({e})' if e is not None else ''}")

    def confIndexError(self, index: Any, def_value: Any) -> None:
        """A setting has no such index."""
        self.error(f"there is no setting with the index {index}; {def_value} is used")

    def defFailedError(self, device_path: Any, e: Any = None) -> None:
        """A device failed."""
        self.error(f"device {device_path} fails{f' ({e})' if e is not None else ''}")


class Tester(Logger):
    """Looks at values."""

    def test(self, value: Any = None, type: Any = None) -> bool:
        """Whether there is a value, and of this type where one is given."""
        return value is not None and (type is None or isinstance(value, type))

    def testString(self, value: Any) -> bool:
        """Whether it is text."""
        return isinstance(value, str)

    def testFloat(self, value: Any) -> bool:
        """Whether it is a float."""
        return isinstance(value, float)

    def testInt(self, value: Any) -> bool:
        """Whether it is a whole number."""
        return isinstance(value, int)


class MutexLock(Tester):
    """A lock by name. The hub runs an agent once at a time, so it is free at the start of each run, and it is let go at
    the end of each, whatever the run did."""

    DEFAULT_DIR = config.LOCKING_DIR
    DEF_APP_DIR = config.LOCKING_LOCAL_DIR

    def __init__(self, def_file: str | None = None, debug_level: int | None = None) -> None:
        super().__init__(def_file, debug_level)
        self.lock_name = f"{def_file or 'lock'}.lock".replace(".pyc", "").replace(".py", "")

    def is_locked(self) -> bool:
        """Whether it is taken."""
        return self.lock_name in RUN.locks

    def lock(self) -> bool:
        """Take it; False where it is taken already."""
        was_free = not self.is_locked()
        RUN.locks.add(self.lock_name)
        return was_free

    def unlock(self) -> bool:
        """Let it go."""
        RUN.locks.discard(self.lock_name)
        return True

    def unlock_all(self) -> None:
        """Let all locks of this agent go."""
        RUN.locks.clear()
