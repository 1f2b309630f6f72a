"""Keeps more memory with every run while armed, in a process of its own."""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves
ISOLATE = True

_kept: list[bytes] = []


def work(agent: Agent) -> dict[str, Any]:
    """Keep 20 MB more, up to 400."""
    if Path(agent.settings["armed"]).exists() and len(_kept) < 20:
        _kept.append(b"x" * 20_000_000)
    elif not Path(agent.settings["armed"]).exists():
        _kept.clear()
    return {"kept": len(_kept)}
