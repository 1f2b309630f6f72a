"""What a Tango Starter runs, and what it does not: the servers of one host.

    [agents.starter_oh1]
    plugin = "tango_starter"
    device = "tango/admin/haspp02oh1"
    root = "P022.tango.starter.oh1"
    interval = 1.0

Publishes `RunningServers` and `StoppedServers`: names joined by %, "" where there are none. With `root`, they are text
under the keys `root.RunningServers` and `root.StoppedServers`, each with its time under `....timestamp`, as P02.2's
readers expect.

While the Starter is away there is no data: the run fails, and the keys go. With `original = true` they hold "" then.
"""

import time
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import NoData

INTERVAL = 1.0

SETTINGS = {
    "device": ...,  # of the Starter, tango/admin/HOST; must be given
    "root": "",  # what the Memcached keys begin with
    "original": False,
}

_LISTS = ("RunningServers", "StoppedServers")


def fields(settings: dict[str, Any]) -> dict[str, Any]:
    """The keys."""
    root = settings["root"].rstrip(".")
    said: dict[str, Any] = {name: {"dtype": "str"} for name in _LISTS}
    if root:
        for name in _LISTS:
            said[name] |= {"key": f"{root}.{name}", "form": "text"}
            said[f"{name}_timestamp"] = {"key": f"{root}.{name}.timestamp", "form": "float", "unit": "s"}
    return said


def work(agent: Agent) -> dict[str, Any]:
    """Ask the Starter."""
    readings = agent.read(agent.settings["device"], list(_LISTS))
    found: dict[str, Any] = {name: joined(readings[name]) for name in _LISTS}
    if agent.settings["root"]:
        now = time.time()
        found |= {f"{name}_timestamp": now for name in _LISTS if not isinstance(found[name], NoData)}
    return found


def joined(names: Any) -> Any:
    """The names in one text; what has no value stays as it is."""
    return names if isinstance(names, NoData) else "%".join(map(str, names))
