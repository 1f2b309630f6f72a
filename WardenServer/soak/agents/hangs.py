"""Does not return while armed."""

import threading
from pathlib import Path
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.5
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves
TIMEOUT = 2.0


def work(agent: Agent) -> dict[str, Any]:
    """Wait until disarmed."""
    while Path(agent.settings["armed"]).exists():
        threading.Event().wait(0.1)
    return {"hanging": False}
