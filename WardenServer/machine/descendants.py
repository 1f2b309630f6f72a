"""What plugins have started, down to the children of children: it ends with the process that runs the plugins."""

import logging
import os
import subprocess
import sys
from types import TracebackType
from typing import Self

import psutil

from WardenServer.machine import guardian

log = logging.getLogger("warden.descendants")

#: Seconds in which those that were killed must be gone.
LIMIT = 0.5


class Descendants:
    """All that this process starts from now on, made once: killed by `kill`, and by a guardian when this process ends,
    whatever ends it. A context manager that ends them.

    Only for a process that runs plugins and nothing else: its other children are killed too.
    """

    def __init__(self) -> None:
        self._tag = guardian.new_tag()
        self._guardian = self._start_guardian()  # before the tag is set, which it must not have
        os.environ[guardian.VARIABLE] = self._tag
        if sys.platform == "linux":
            self._file = os.memfd_create(guardian.file_name(self._tag))

    def _start_guardian(self) -> "subprocess.Popen[bytes] | None":
        nothing = subprocess.DEVNULL
        command = [sys.executable, "-I", "-S", guardian.__file__, str(os.getpid()), self._tag]
        try:
            return subprocess.Popen(
                command, stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True
            )
        except OSError as error:
            said = "no guardian (%s): what agents start may outlive a crash; free memory or processes"
            log.warning(said, error.strerror)
            return None

    def find(self) -> list[int]:
        """The process ids of those that run now."""
        own = None if self._guardian is None else self._guardian.pid
        return [child.pid for child in _children() if child.pid != own and _runs(child)] + guardian.find(self._tag)

    def kill(self, limit: float = LIMIT) -> bool:
        """Kill them, again and again as they may start others; False when some are left after `limit` seconds."""
        return guardian.kill_found(self.find, limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _children() -> list[psutil.Process]:
    """Those whose parents live: also such as have cleared their environment."""
    try:
        return psutil.Process().children(recursive=True)
    except OSError:  # no descriptor is left to look with; the guardian has some
        return []


def _runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that has may wait for its parent to ask how."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
