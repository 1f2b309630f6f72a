"""Does not return while armed, in a process of its own, which is killed."""

import time
from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.5
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves
TIMEOUT = 2.0
ISOLATE = True


def work(agent: Agent) -> dict[str, Any]:
    """Sleep for long."""
    if Path(agent.settings["armed"]).exists():
        time.sleep(600)
    return {"hanging": False}
