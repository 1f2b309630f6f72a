"""Not written yet."""

from typing import Any

from WardenServer.agent import Agent

INTERVAL = 60.0
ISOLATE = True
EXCLUSIVE = True

SETTINGS = {"ping_archive": ...}


def work(agent: Agent) -> dict[str, Any]:
    """Not written yet."""
    raise NotImplementedError
