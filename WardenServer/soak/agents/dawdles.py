"""Takes now less, now more than its interval."""

import random
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.2


def work(agent: Agent) -> dict[str, Any]:
    """Wait for a random time."""
    delay = random.uniform(0, 0.6)
    agent.stopping.wait(delay)
    return {"delay": delay}
