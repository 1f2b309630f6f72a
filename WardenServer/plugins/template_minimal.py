"""The smallest agent: publishes one number, a sine wave with a period of a minute.

To make your own, copy this file into your plugin folder under a new name. The name is the agent's name. Then change
the three lines marked with `change`. What `work` returns is published: each name in the dict is a field.
"""

import math
import time

from WardenServer.agent import Agent

INTERVAL = 1.0  # change: seconds from one run to the next


def work(agent: Agent) -> dict[str, float]:
    """Run every INTERVAL; what is returned is published."""
    value = math.sin(time.time() * math.tau / 60)  # change: get your value
    return {"Sine": value}  # change: name your field
