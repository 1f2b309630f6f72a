"""Returns a list of 50 MB of text while armed."""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves


def work(agent: Agent) -> dict[str, Any]:
    """Too much text."""
    count = 50_000 if Path(agent.settings["armed"]).exists() else 1
    return {"lines": ["x" * 1000] * count}
