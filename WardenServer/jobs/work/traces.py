"""The folder of a worker with what its jobs print, and such folders of workers that have died.

A worker holds a lock on a file in its folder, so that others on its machine see when it has ended, whatever ended it.
"""

import fcntl
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from WardenServer.errors import WardenError
from WardenServer.jobs.work.output import tail
from WardenServer.machine import whole_file
from WardenServer.plugins.common.jobs.claiming import Claim

_LOCK = "lock"


class Folder:
    """The folder of one worker, which is alive from now to `close`."""

    def __init__(self, above: Path, name: str) -> None:
        """Make it.

        Raises:
            WardenError: it cannot be made or locked.
        """
        self._path = above / name
        try:
            whole_file.make_folder(self._path)
            self._lock = _locked(self._path / _LOCK)
        except OSError as error:
            cure = "correct its rights, or folder in [jobs]"
            raise WardenError(f"folder {self._path} cannot be used ({error.strerror}); {cure}") from None

    def output(self, claim: Claim) -> Path:
        """The file for what a job prints."""
        return self._path / f"{claim.token}-{claim.number}.out"

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self._path, ignore_errors=True)
        os.close(self._lock)


def bury(above: Path, tell: Callable[[int, str, str], None]) -> list[str]:
    """Hand what jobs of workers that died on this machine printed last to `tell`, as number of the job, token and text,
    and remove it. The names of these workers.

    Raises:
        whatever `tell` does; what it was told is still there then.
    """
    buried = []
    for folder in above.iterdir() if above.is_dir() else ():
        with _of_dead(folder / _LOCK) as dead:
            if not dead:
                continue
            for number, token, path in _outputs(folder):
                if said := tail(path):
                    tell(number, token, said)
            shutil.rmtree(folder, ignore_errors=True)
            buried.append(folder.name)
    return buried


def _locked(path: Path) -> int:
    """A lock file, there once it is locked and says on which machine."""
    young = path.with_suffix(".new")
    handle = os.open(young, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, socket.gethostname().encode())
        young.rename(path)
    except OSError:
        os.close(handle)
        raise
    return handle


@contextmanager
def _of_dead(lock: Path) -> Iterator[bool]:
    """Whether a lock file is of a worker of this machine that has ended; held meanwhile, so that one only buries it."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # it is just being made or removed
        yield False
        return
    try:
        yield os.read(handle, 300) == socket.gethostname().encode() and _lock(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _outputs(folder: Path) -> Iterator[tuple[int, str, Path]]:
    for path in folder.glob("*-*.out"):
        token, _, number = path.stem.rpartition("-")
        if number.isdecimal():
            yield int(number), token, path
