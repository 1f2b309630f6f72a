"""Returns an array of three million numbers while armed."""

from pathlib import Path
from typing import Any

import numpy as np

from WardenServer.agent import Agent

INTERVAL = 1.0
SETTINGS = {"armed": ""}  # a file: while it is there the agent misbehaves


def work(agent: Agent) -> dict[str, Any]:
    """Too many numbers."""
    return {"trace": np.arange(3_000_000.0 if Path(agent.settings["armed"]).exists() else 3.0)}
