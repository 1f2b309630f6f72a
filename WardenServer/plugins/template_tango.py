"""Attributes of a Tango device, with something worked out from them.

If you want the attributes as they are, you need no file: see read_tango. To make your own, copy this file and change

* DEVICE and ATTRIBUTES,
* what `work` returns.
"""

from typing import Any

from WardenServer.agent import Agent

INTERVAL = 2.0

DEVICE = "sys/database/2"  # change
ATTRIBUTES = ["State", "Status"]  # change

FIELDS = {"Ok": {"label": "all is well", "dtype": "bool"}}


def work(agent: Agent) -> dict[str, Any]:
    """Read the device in one call, and add a field."""
    values = agent.read(DEVICE, ATTRIBUTES)  # an attribute that cannot be read is a NoData: published as null
    values["Ok"] = values["State"] == "ON"  # change
    return values
