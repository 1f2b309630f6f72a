"""A page of DESY's Web2cToolkit (TTGW panel): each of its values as a field, or as a Memcached key of its own.

    [agents.vacuum_dcm]
    plugin = "web2c"
    server = "http://hasyvac.desy.de:8080"
    page = "/web2cToolkit/Web2c?param=(open)p3_02o.xml,1"
    root = "P022.vacuum.dcm"
    interval = 1.5

With `root`, the value with the id X is text under the key `root.X`, and `root.timestamp` has the time, as P02.2's
readers expect. Without it, all are fields of the agent's document. Needs the extra `web2c` (defusedxml).
"""

import time
from typing import Any
from urllib.parse import urlsplit

from WardenServer.agent import Agent, Place, Value
from WardenServer.errors import NoData
from WardenServer.plugins.common import web2c

INTERVAL = 2.0

SETTINGS = {
    "server": ...,  # scheme, host and port; must be given
    "page": ...,  # path and query that open a session; must be given
    "root": "",  # what the Memcached keys begin with
    "steps": [],  # what newer servers want in param after that, such as "(page)[{session}]..."
    "time_limit": 5.0,  # seconds that each answer may take
    "settling": 0.2,  # seconds between opening a session and asking
    "largest": 2_000_000,  # bytes of an answer that are read; more is an error
}

_page: web2c.Page


def fields(settings: dict[str, Any]) -> dict[str, Any]:
    """The key that is known before the page has answered."""
    root = settings["root"].rstrip(".")
    return {"timestamp_of_page": {"key": f"{root}.timestamp", "form": "float"}} if root else {}


def setup(agent: Agent) -> None:
    """Take the settings; the first run opens the session."""
    global _page
    said = agent.settings
    steps = tuple(said["steps"])
    _page = web2c.Page(said["server"], said["page"], steps, said["time_limit"], said["settling"], said["largest"])


def work(agent: Agent) -> dict[str, Any]:
    """Ask for the newest values."""
    server, root = urlsplit(agent.settings["server"]), agent.settings["root"].rstrip(".")
    found = web2c.values(_page.update(), server.netloc, agent.settings["page"])
    if not found:
        raise NoData("the page has no values")
    if not root:
        return dict(found)
    placed = {name: Value(text, place=Place(f"{root}.{name}", "text")) for name, text in found.items()}
    return {**placed, "timestamp_of_page": time.time()}
