"""What a job prints: a file that stays small, and its end."""

import ctypes
import os
from pathlib import Path

from WardenServer.machine.child import OUTPUT_LIMIT
from WardenServer.settings.masking import mask

#: Most characters that are kept of what a job printed.
TAIL = 2000
#: Linux's fallocate: give the room of a part back (FALLOC_FL_PUNCH_HOLE), and keep the length (FALLOC_FL_KEEP_SIZE).
_PUNCH = 0x02 | 0x01
_LIBC = ctypes.CDLL(None)
_LIBC.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


def tail(path: Path) -> str:
    """The last lines, without what is secret; "" where there are none."""
    try:
        raw = _end(path, 4 * TAIL)
    except OSError:
        return ""
    text = mask(raw.decode("utf-8", "replace")).strip()  # before it is cut: a part of a secret is one too
    return text if len(text) <= TAIL else text[-TAIL:].partition("\n")[2] or text[-TAIL:]


def trim(path: Path) -> None:
    """Throw away what was printed, but for its end, when it is too much. Who prints appends, and so goes on behind.

    The room is given back to the disk, and the file keeps its length: what is printed meanwhile is not lost. A file
    system that cannot do so has it rewritten.
    """
    try:
        about = path.stat()
        if min(about.st_size, 512 * about.st_blocks) <= OUTPUT_LIMIT:
            return
        with path.open("r+b", buffering=0) as file:
            if _LIBC.fallocate(file.fileno(), _PUNCH, 0, about.st_size - 4 * TAIL) == 0:
                return
        kept = _end(path, 4 * TAIL)
        os.truncate(path, 0)
        with path.open("ab", buffering=0) as file:
            file.write(kept)
    except OSError:
        pass  # it was removed, or the disk is full: then it grows no more


def with_tail(said: str, path: Path) -> str:
    """A sentence, and what was printed last."""
    printed = tail(path)
    return f"{said}: {printed}" if printed else said


def _end(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - most))
        return file.read(most)
