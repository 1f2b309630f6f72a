"""Crashes in C code at every second run."""

import ctypes
import os
import resource
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 5.0
ISOLATE = True

_runs = 0


def work(agent: Agent) -> dict[str, Any]:
    """Run once, then read where nothing is."""
    global _runs
    _runs += 1
    if _runs == 2:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no file of the crash is wanted
        ctypes.string_at(0)
    return {"pid": os.getpid()}
