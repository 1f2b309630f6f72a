"""A program that leaves its terminal, and the file that says which process it is."""

import fcntl
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from WardenServer.errors import WardenError

#: Seconds that the start may take, as far as the terminal waits for it.
START = 60.0
#: The umask of what has no terminal: its group may write, too.
UMASK = 0o002


class PidFile:
    """A file with the number of this process, locked for its life: of a process that has died it is taken over."""

    def __init__(self, path: Path) -> None:
        """Make it.

        Raises:
            WardenError: it cannot be written, or such a program runs already.
        """
        self.path = path
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise WardenError(f"{path} cannot be written ({error.strerror}); name another with --pid-file") from None
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(self._handle, 20).decode("ascii", "replace").strip() or "?"
            os.close(self._handle)
            raise WardenError(f"it runs already with pid {pid} ({path}); end it with: kill {pid}") from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Remove it."""
        self.path.unlink(missing_ok=True)
        os.close(self._handle)


def detach() -> Callable[[Path, str], None]:
    """Go on in a process without a terminal; the caller's ends: with 0 once that is ready, with 1 if it ends before.

    For the main thread, before there are others. Returns, in the new process, what is to be called when it is ready:
    with the file to which standard output and error go from then on, and a text for the terminal.
    """
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        _leave(reading, child)
    os.close(reading)
    os.setsid()
    if os.fork():  # so that it can never get a terminal again
        os._exit(0)
    os.umask(UMASK)

    def ready(log: Path, text: str) -> None:
        with _opened(log) as file, Path(os.devnull).open("rb", 0) as nothing:
            sys.stdout.flush()
            sys.stderr.flush()
            for handle, target in ((nothing.fileno(), 0), (file.fileno(), 1), (file.fileno(), 2)):
                os.dup2(handle, target)
        os.write(writing, text.encode())
        os.close(writing)

    return ready


def _opened(log: Path) -> IO[bytes]:
    try:
        return log.open("ab", 0)
    except OSError as error:
        raise WardenError(f"{log} cannot be written ({error.strerror}); name another with --log") from None


def _leave(reading: int, child: int) -> None:
    """Wait for the new process, and end."""
    os.waitpid(child, 0)  # it ends at once: what goes on is its child
    found, _, _ = select.select([reading], [], [], START)
    said = os.read(reading, 10_000) if found else f"it still starts after {START:g} s; see its log later".encode()
    sys.stdout.buffer.write(said + b"\n" if said else b"")
    sys.stdout.flush()
    os._exit(0 if said else 1)
