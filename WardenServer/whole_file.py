"""Files that are there whole or not at all, whatever ends the process or fills the disk."""

from contextlib import suppress
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a file in place of the one that is there, and make its folder, for this user only, where it is missing.

    Raises:
        OSError: it cannot be written; the one that was there stays.
    """
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)  # half a file on a full disk only takes the room
        raise
