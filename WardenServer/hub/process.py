"""What the process of a hub needs, once, before there are agents: with Tango or without."""

import ctypes
import logging
import resource
import signal
import sys
from contextlib import suppress

from WardenServer.hub import logs
from WardenServer.hub.surroundings import PROCESS
from WardenServer.machine import garbage, switching
from WardenServer.machine.descendants import Descendants
from WardenServer.machine.one_core import CORE
from WardenServer.machine.switching import SWITCHING
from WardenServer.settings.config import Settings

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
#: File descriptors the process takes, where it may have so many. Without a free one it cannot talk to anybody new, and
#: Tango's threads that take connections burn the processor.
DESCRIPTORS = 65_536


def prepare() -> None:
    """Take what the machine gives. For the main thread, before it starts others: those would keep what is theirs.

    Tango's Starter starts its servers with most signals blocked, and so would all that agents start.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _take_descriptors()
    _give_memory_back()
    switching.take_exact_timers()
    SWITCHING.open()
    garbage.begin()
    CORE.open()


def begin(settings: Settings, console: bool, *others: logging.Handler) -> Descendants:
    """Begin the log, and take all that agents could change as it is now for right.

    Args:
        settings: say where the log goes.
        console: whether the log goes to standard error, too.
        others: where else it goes.

    Returns:
        what agents will start: it ends with this process.
    """
    logs.begin(settings, console, *others)
    descendants = Descendants()
    PROCESS.open()
    return descendants


def _give_memory_back() -> None:
    """Have glibc return large blocks when they are freed: else every thread that once held a large result keeps its
    memory for good. mallopt(3): a fixed threshold, and few arenas."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # another C library
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, 256 * 1024)
            library.mallopt(_M_ARENA_MAX, 2)


def _take_descriptors() -> None:
    """Have as many as is allowed, not the few that a shell gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
