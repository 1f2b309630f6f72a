"""Returns a text that Memcached refuses as too large, while armed."""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.5
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves


def work(agent: Agent) -> dict[str, Any]:
    """Three million letters."""
    return {"text": "x" * (3_000_000 if Path(agent.settings["armed"]).exists() else 3)}
