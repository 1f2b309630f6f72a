"""One file of lines that grows, is truncated and is renamed: its complete lines, and how far they were taken."""

import os
from typing import Any, NamedTuple, Self

#: Bytes that are read at once.
CHUNK = 256 * 1024
#: Bytes before a position by which a file is known again.
KNOWN_BY = 64


class Place(NamedTuple):
    """How far a file was read. `before` are the last bytes before `offset`: where others stand, it is another file."""

    path: str
    inode: int
    offset: int = 0
    before: bytes = b""
    is_skipping: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**self._asdict(), "before": self.before.hex()}

    @classmethod
    def of(cls, plain: Any) -> Self:
        """What `plain` was made of; raises ValueError, TypeError or KeyError where it is something else."""
        place = cls(**{**plain, "before": bytes.fromhex(plain["before"])})
        if [type(each) for each in place] != [str, int, int, bytes, bool]:
            raise ValueError("no place in a file")
        if place.offset < 0 or len(place.before) != min(place.offset, KNOWN_BY):
            raise ValueError("no offset in a file, or not the bytes before it")
        return place


class FollowedFile:
    """Reads a file on from a place. `lines` are complete ones, without their ends, that were not taken yet.

    It stays open under whatever name it has, so that the rest can be read after a rotation. A file that was truncated
    is read from 0: it is smaller than what was read, or other bytes stand before the position.
    """

    def __init__(self, place: Place, largest: int) -> None:
        self.path, self.inode = place.path, place.inode
        self.lines: list[bytes] = []
        #: Lines that are lost: larger than `largest` bytes, or cut off by a truncation.
        self.undecodable = 0
        #: The names of the columns, for files that have them.
        self.columns: list[str] | None = None
        #: No more will come, so that the last line needs no end; and that line is among `lines`.
        self.is_last = self.is_finished = False
        #: Whether it could not be read the last time.
        self.has_failed = False
        #: Whether what is there when it is first read is passed over.
        self.is_at_end = False
        #: Since when it has been without a path, in seconds of the monotonic clock; None while it has one.
        self.gone_since: float | None = None
        self._largest = largest
        self._taken, self._before = place.offset, place.before
        self._end, self._tail, self._rest = place.offset, place.before, b""
        self._is_skipping = place.is_skipping
        self._seen, self._size, self._is_new = (-1, -1), 0, False
        self._descriptor: int | None = None

    @property
    def place(self) -> Place:
        """The place after the lines that were taken."""
        return Place(self.path, self.inode, self._taken, self._before, self._is_skipping and not self.lines)

    @property
    def is_open(self) -> bool:
        """Whether it is held open, under whatever name."""
        return self._descriptor is not None

    @property
    def is_full(self) -> bool:
        """Whether what was not taken yet is as much as may be held."""
        return self._end - self._taken > self._largest

    def look(self, status: os.stat_result) -> bool:
        """See what the file system says of it; whether it has changed since the last look."""
        seen = (status.st_size, status.st_mtime_ns)
        is_new = seen != self._seen
        self._seen, self._size = seen, status.st_size
        self._is_new = self._is_new or is_new
        return is_new

    def look_at_nameless(self) -> bool:
        """`look` for one that is open and has no path any more; raises OSError."""
        return self._descriptor is not None and self.look(os.fstat(self._descriptor))

    def _go_to_end(self) -> None:
        """Pass over all that is there; a line that is only begun is passed over up to its end."""
        self.is_at_end = False
        known_by = min(self._size, KNOWN_BY)
        self._before = self._tail = os.pread(self._opened(), known_by, self._size - known_by)
        self._taken = self._end = self._size - known_by + len(self._before)
        self._is_skipping = not self._before.endswith(b"\n") and self._end > 0

    def head(self, most: int) -> bytes:
        """The first bytes of the file; raises OSError."""
        return os.pread(self._opened(), most, 0)

    def fill(self) -> bool:
        """Read a part of what the last look has seen; False where there is no more of it. Raises OSError."""
        if self.is_at_end:
            self._go_to_end()
        if not self.lines and len(self._rest) > self._largest:
            self.undecodable += 1
            self._is_skipping, self._rest = True, b""
            self._taken, self._before = self._end, self._tail
        wanted = max(0, min(CHUNK, self._size - self._end))
        if not wanted and not self._is_new:
            return False
        # In one call with the bytes before: the file may be truncated at any time.
        read = os.pread(self._opened(), len(self._tail) + wanted, self._end - len(self._tail))
        if read.startswith(self._tail):
            self._is_new = self.has_failed = False
            return self._split(read[len(self._tail) :])
        self._begin_again()
        return self.fill()

    def _split(self, chunk: bytes) -> bool:
        if not chunk:
            return False
        self._end, self._tail = self._end + len(chunk), _last(self._tail, chunk)
        if self._is_skipping:
            skipped, end, chunk = chunk.partition(b"\n")
            self._taken, self._before = self._end - len(chunk), _last(self._before, skipped + end)
            self._is_skipping = not end
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self.lines += lines
        return True

    def _begin_again(self) -> None:
        self.undecodable += bool(self.lines or self._rest.strip())
        self.lines, self._rest, self._is_skipping, self.columns = [], b"", False, None
        self._taken = self._end = 0
        self._before = self._tail = b""

    def take(self, count: int) -> None:
        """Take the first lines away: they were handed over."""
        taken = (b"\n".join(self.lines[:count]) + b"\n")[: self._end - self._taken] if count else b""
        self._taken, self._before = self._taken + len(taken), _last(self._before, taken)
        del self.lines[:count]

    def finish(self) -> None:
        """Make a line of what is left at the end: no more will come."""
        self.lines += [self._rest] if self._rest else []
        self._rest, self.is_finished = b"", True

    def try_again(self) -> None:
        """It could not be read: the next look finds it changed in any case."""
        self._seen, self.has_failed = (-1, -1), True
        self.close()

    def hold(self) -> bool:
        """Open it, so that it can be read when it has another name; whether that was possible."""
        try:
            return self._opened() >= 0
        except OSError:  # which is said when it is read
            return False

    def close(self) -> bool:
        """Close it, to be opened again when there is more; whether it is still under some name."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return True
        try:
            return os.fstat(descriptor).st_nlink > 0
        except OSError:  # on a server that is gone
            return True
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        if self._descriptor is None:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)  # or a pipe would hold us
            if os.fstat(descriptor).st_ino != self.inode:
                os.close(descriptor)
                raise FileNotFoundError(2, "it was replaced just now")
            self._descriptor = descriptor
        return self._descriptor


def _last(before: bytes, more: bytes) -> bytes:
    return more[-KNOWN_BY:] if len(more) >= KNOWN_BY else (before + more)[-KNOWN_BY:]
