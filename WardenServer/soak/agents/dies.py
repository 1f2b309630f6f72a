"""Ends its own process at every second run."""

import os
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 5.0
ISOLATE = True

_runs = 0


def work(agent: Agent) -> dict[str, Any]:
    """Run once, then end the process at once."""
    global _runs
    _runs += 1
    if _runs == 2:
        os._exit(7)
    return {"pid": os.getpid()}
