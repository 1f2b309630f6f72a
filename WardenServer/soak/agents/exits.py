"""Wants to end the whole process at every run."""

import sys
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0


def work(agent: Agent) -> dict[str, Any]:
    """Exit."""
    sys.exit(3)
