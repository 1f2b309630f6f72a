"""Files that are there whole or not at all, whatever ends the process or fills the disk.

What the hub makes has the mode that the umask of its start gives it: any agent can change the umask for all.
"""

import os
from contextlib import suppress
from pathlib import Path

#: The umask of the start. It can only be read by setting it: done here, at import, before there are other threads.
UMASK = os.umask(0o077)
os.umask(UMASK)


def write(path: Path, text: str) -> None:
    """Write a file in place of the one that is there, and make its folder, for this user only, where it is missing.

    Raises:
        OSError: it cannot be written; the one that was there stays.
    """
    part = path.with_suffix(".part")
    try:
        make_folder(path.parent)
        with open(part, "w", encoding="utf-8", opener=opener) as file:  # Path.open knows no opener
            file.write(text)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # half a file on a full disk only takes the room
        raise


def opener(path: str, flags: int) -> int:
    """For `open` as its opener: a new file gets its mode explicitly, one that is there keeps its own."""
    try:
        handle = os.open(path, flags | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    os.fchmod(handle, 0o666 & ~UMASK)
    return handle


def make(path: Path) -> None:
    """Make an empty file where there is none, with the mode of `opener`. It is not opened: to close a file takes away
    all locks that this process has on it, such as those of SQLite (see sqlite.org/howtocorrupt.html).

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.mknod(path, 0o600)
    except FileExistsError:
        return
    path.chmod(0o666 & ~UMASK)


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, for this user only, where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    for missing in reversed([each for each in (path, *path.parents) if not each.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        missing.chmod(0o700)
