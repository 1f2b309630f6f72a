"""Attributes of a Tango device as one document: one agent for each device you name in the configuration.

Publishes each attribute as a field of the attribute's name, in the document named after the agent. For a new one, write

    [agents.motor_x]
    plugin = "read_tango"
    device = "p02/motor/eh1.01"
    attributes = ["State", "Position"]
    interval = 1.0

An attribute that cannot be read is null, with the reason, and the others have their values. A device that is away fails
the run; when it is back, so are its values.
"""

from typing import Any

from WardenServer.agent import Agent

INTERVAL = 2.0

SETTINGS = {
    "device": ...,  # name or alias; must be given
    "attributes": ["State", "Status"],
}


def work(agent: Agent) -> dict[str, Any]:
    """Read the device, in one call."""
    return agent.read(agent.settings["device"], agent.settings["attributes"])
