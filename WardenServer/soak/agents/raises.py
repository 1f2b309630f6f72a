"""Fails at every run."""

from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0


def work(agent: Agent) -> dict[str, Any]:
    """Raise."""
    raise RuntimeError("always")
