"""Calls itself without end while armed."""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.2
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves


def work(agent: Agent) -> dict[str, Any]:
    """Go down."""
    return work(agent) if Path(agent.settings["armed"]).exists() else {"depth": 0}
