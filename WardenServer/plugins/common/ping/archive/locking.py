"""Of several processes one at a time changes an archive."""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from WardenServer.errors import Unreachable

log = logging.getLogger("warden.ping")

#: Seconds after which one that waits gives up, and between two of its looks.
WAIT, LOOK = 6 * 3600.0, 0.2


@contextmanager
def held(folder: Path, stopping: threading.Event) -> Iterator[bool]:
    """Whether the archive in this folder is ours now: nobody else changes it before this ends. Where another does, this
    waits for their end; False: `stopping` was set while it waited. The end of a process ends its hold.

    Raises:
        Unreachable: the folder cannot be written to, or the other does not end.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("ab")
    except OSError as error:
        raise Unreachable(f"{folder} cannot be used ({error.strerror}); correct its rights, or `folder`") from None
    with file:
        yield _is_taken(file) or _waited(file, folder, stopping)


def _waited(file: IO[bytes], folder: Path, stopping: threading.Event) -> bool:
    log.warning("another process changes %s; this one waits for its end", folder)
    until = time.monotonic() + WAIT
    while not stopping.wait(LOOK):
        if _is_taken(file):
            return True
        if time.monotonic() > until:
            raise Unreachable(f"another process has changed {folder} for {WAIT:g} s; end it, and try again")
    return False


def _is_taken(file: IO[bytes]) -> bool:
    """Whether the lock could be taken."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise Unreachable(f"{file.name} cannot be locked ({error.strerror}); put the archive elsewhere") from None
    return True
