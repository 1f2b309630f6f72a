"""Files that are being written are not taken: only what two looks have seen unchanged.

By the looks, not by the files' age: the clocks of file servers differ.
"""

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.storage.base import Found
from WardenServer.servers import sql

#: Seconds between two looks at files that are unchanged; on a network file system, which may show for some seconds
#: what was: Linux takes three with NFS (acregmin, nfs(5)).
SETTLE, SETTLE_FAR = 1.0, 4.0
#: Most that are remembered; others wait until these are taken.
MOST = 500_000


def signature(paths: Sequence[Path | str]) -> str:
    """Sizes in bytes and times of change in ns: "SIZE TIME;SIZE TIME".

    Raises:
        OSError: one of them is missing, or no regular file.
    """
    return ";".join(map(_one, paths))


def settling(root: Path) -> float:
    """How many seconds two looks must be apart in a folder."""
    return SETTLE_FAR if sql.file_system(root) in sql.NETWORK else SETTLE


def _one(path: Path | str) -> str:
    found = os.stat(path)  # noqa: PTH116 - a text is enough
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(path))
    return f"{found.st_size} {found.st_mtime_ns}"


@dataclass(slots=True)
class _Looks:
    first: float
    since: float
    signature: str
    walk: int
    settled: bool = False


class Steady:
    """What was seen of files that are no jobs yet. For one storage, and one thread at a time."""

    def __init__(self, settle: float = SETTLE) -> None:
        """`settle`: seconds between two looks at files that are unchanged."""
        self.settle = settle
        self._looks: dict[str, _Looks] = {}
        self._walk = 0

    @property
    def waiting(self) -> int:
        """How many are seen and not settled."""
        return sum(not looks.settled for looks in self._looks.values())

    def begin_walk(self) -> None:
        """A walk through the whole storage begins."""
        self._walk += 1

    def end_walk(self) -> None:
        """It has seen all: what it has not seen is forgotten. Not to be called after a walk that was cut short."""
        self._looks = {id: looks for id, looks in self._looks.items() if looks.walk == self._walk}

    def settled(self, found: Found, pathname: str, now: float) -> Pair | None:
        """Look at files.

        Args:
            found: they.
            pathname: what the job's row says of the place.
            now: seconds of the monotonic clock.

        Returns:
            What can be queued, or None: not yet. It comes again with each look, until a walk does not find it.
        """
        try:
            seen = signature(found.files)
        except OSError:  # gone meanwhile; if it stays so, the walk does not find it either
            seen = ""
        looks = self._looks.get(found.id)
        if looks is None:
            if len(self._looks) < MOST:
                self._looks[found.id] = _Looks(now, now, seen, self._walk)
            return None
        looks.walk = self._walk
        if looks.signature != seen:
            looks.signature, looks.since = seen, now
        looks.settled = bool(seen) and now - looks.since >= self.settle
        return Pair(found.id, pathname, seen, now - looks.first, found.files[0]) if looks.settled else None
