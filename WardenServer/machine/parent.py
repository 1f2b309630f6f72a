"""The parent of a process, which it must not outlive."""

import ctypes
import os
import signal
import sys


def die_with(parent: int) -> None:
    """Linux shall kill this process when the thread that started it ends: with its process, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(1)
