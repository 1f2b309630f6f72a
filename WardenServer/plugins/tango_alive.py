"""Whether one Tango device works: it answers, is not in FAULT or UNKNOWN, and an attribute of it can be read.

    [agents.keithley_eh2a]
    plugin = "tango_alive"
    device = "p02/keithley428/eh2a.01"
    attribute = "Gain"
    state_key = "P022.EH2.Tango.Keithley428.eh2a.state"
    interval = 5.0

Publishes `works` (true or false) and `why` (what is wrong). With `state_key`, that key holds `works` alone, as 1 or 0,
as P02.2's readers expect. Where the Tango database does not answer there is no data, since nobody can know.
"""

from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import NoData, NoDatabase, Unreachable

INTERVAL = 5.0

SETTINGS = {
    "device": ...,  # name or alias; must be given
    "attribute": "",  # that must be readable, too
    "state_key": "",  # the Memcached key for `works`
    "original": False,  # with it, a database that does not answer is false, too
}


def fields(settings: dict[str, Any]) -> dict[str, Any]:
    """The key of the state."""
    said: dict[str, Any] = {"works": {"dtype": "bool"}, "why": {"dtype": "str"}}
    if settings["state_key"]:
        said["works"] |= {"key": settings["state_key"], "form": "bool"}
    return said


def work(agent: Agent) -> dict[str, Any]:
    """Look at the device."""
    why = trouble(agent)
    return {"works": not why, "why": why}


def trouble(agent: Agent) -> str:
    """What is wrong with the device; "" where nothing is."""
    device, attribute = agent.settings["device"], agent.settings["attribute"]
    try:
        readings = agent.read(device, ["State", *([attribute] if attribute else [])])
    except (NoDatabase, NoData) as error:
        if not agent.settings["original"]:
            raise
        return str(error)
    except Unreachable as error:
        return str(error)
    if readings["State"] in ("FAULT", "UNKNOWN"):
        return f"{device} is in {readings['State']}"
    missing = [f"{device}: {name} cannot be read ({value})" for name, value in readings.items()
               if isinstance(value, NoData)]  # fmt: skip
    return "; ".join(missing)
