"""Computes in pure Python without a pause while armed."""

import time
from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.1
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves


def work(agent: Agent) -> dict[str, Any]:
    """Compute for seconds."""
    until, turns = time.monotonic() + 5, 0
    while Path(agent.settings["armed"]).exists() and time.monotonic() < until:
        turns += sum(range(10_000))
    return {"turns": turns % 1000}
