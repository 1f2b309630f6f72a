"""Attributes of a Tango device as one document: one agent for each device you name in the configuration.

Publishes each attribute as a field of the attribute's name, in the document named after the agent. For a new one, write

    [agents.motor_x]
    plugin = "read_tango"
    device = "p02/motor/eh1.01"
    attributes = ["State", "Position"]
    interval = 1.0

An attribute that cannot be read is null, with the reason, and the others have their values. A device that is away fails
the run; when it is back, so are its values.

With `original = true` it keeps the rule of P02.2's first BeamlineWarden: without one of its values, or in the states
FAULT and UNKNOWN, a device has none. Values in `spared_by` make an exception: where one of them is among the values,
the others count (there, 0 and 1 of the vacuum interlock).
"""

from collections.abc import Mapping
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import NoData

INTERVAL = 2.0

SETTINGS = {
    "device": ...,  # name or alias; must be given
    "attributes": ["State", "Status"],
    "original": False,
    "spared_by": [],
}


def work(agent: Agent) -> dict[str, Any]:
    """Read the device, in one call."""
    device, attributes = agent.settings["device"], agent.settings["attributes"]
    if not agent.settings["original"]:
        return agent.read(device, attributes)
    readings = agent.read(device, list(dict.fromkeys([*attributes, "State"])))
    if readings["State"] in ("FAULT", "UNKNOWN"):
        raise NoData(f"device {device} is in {readings['State']}")
    if "State" not in attributes:
        del readings["State"]
    refuse_gaps(readings, agent.settings["spared_by"])
    return readings


def refuse_gaps(readings: Mapping[str, Any], spared_by: list[Any]) -> None:
    """Raise NoData where a value is missing, and none of the others spares the device."""
    missing = {name: value for name, value in readings.items() if isinstance(value, NoData)}
    values = [value for value in readings.values() if not isinstance(value, NoData)]
    plain = [value for value in values if isinstance(value, bool | int | float | str)]
    if missing and not any(value in spared_by for value in plain):
        name, reason = next(iter(missing.items()))
        raise NoData(f"{name} has no value ({reason}), so none has")
