"""Which agents are at work, in memory that outlives the process: what is left when it has hung or crashed.

The marks lie in shared memory, not on a disk: a write to a mapped file can wait for the disk, and none of ours may.
"""

import mmap
import os
import stat
import struct
import zlib
from pathlib import Path

from WardenServer.settings.config import Settings

#: Where files are kept in memory, and nowhere else.
MEMORY = Path("/dev/shm")
#: Bytes of a slot: the mark, then the agent's name. The first slot has the time of the last beat instead.
SLOT = 64
#: Agents that can be marked; those beyond are not.
SLOTS = 2047

_SIZE = (SLOTS + 1) * SLOT

Mark = bytearray | memoryview


def place(settings: Settings) -> Path:
    """The file of the marks of one hub of one user."""
    one = zlib.crc32(str(settings.state_folder).encode())
    return MEMORY / f"warden-{os.geteuid()}-{settings.instance}-{one:08x}"


class AgentsAtWork:
    """The table of one process. Any thread may write its own mark; all else is the owner's.

    Raises:
        OSError: it cannot be made, or belongs to somebody else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._slots: dict[str, memoryview] = {}
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            found = os.fstat(handle)
            if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
                raise PermissionError(f"{path} belongs to somebody else")
            os.fchmod(handle, 0o600)  # whatever the umask
            os.posix_fallocate(handle, 0, _SIZE)  # else a write to it can kill us when the memory is full
            self._table = memoryview(mmap.mmap(handle, _SIZE))
        finally:
            os.close(handle)

    def at_work(self) -> list[str]:
        """The agents whose marks are set."""
        slots = (self._table[at : at + SLOT] for at in range(SLOT, _SIZE, SLOT))
        return [bytes(slot[1:]).rstrip(b"\0").decode("ascii", "replace") for slot in slots if slot[0]]

    def clear(self) -> None:
        """Forget all."""
        self._table[:] = bytes(_SIZE)
        self._slots.clear()

    def slot(self, name: str) -> Mark:
        """The mark of an agent: its first byte is 1 while the agent is at work. The same one for the same name."""
        if name not in self._slots:
            if len(self._slots) == SLOTS or len(name) >= SLOT:
                return bytearray(1)
            at = (len(self._slots) + 1) * SLOT
            self._table[at + 1 : at + 1 + len(name)] = name.encode("ascii", "replace")
            self._slots[name] = self._table[at : at + 1]
        return self._slots[name]

    @property
    def beaten(self) -> float:
        """Unix seconds of the last beat."""
        return float(struct.unpack_from("d", self._table)[0])

    def beat(self, now: float) -> None:
        """Note the time of a beat."""
        struct.pack_into("d", self._table, 0, now)

    def remove(self) -> None:
        """The process ends in order: nothing is to be known of it. Marks that are set from now on do no harm."""
        self._path.unlink(missing_ok=True)
