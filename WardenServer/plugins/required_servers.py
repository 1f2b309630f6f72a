"""Which of the servers that must run do not: a list that people keep, against what Starters run.

    [agents.check_starters]
    plugin = "required_servers"
    key = "P022.tango.starter.check"
    required = "~/beamline/requires_tango_servers.conf"
    running = ["P022.tango.starter.oh1.RunningServers", "P022.tango.starter.eh2a.RunningServers"]
    interval = 2.0

`required` is a file with one Server/instance a line, # begins a comment. `running` are Memcached keys that hold names
joined by %, such as those of the agent tango_starter.

Publishes `servers` (what is missing), `errors` (how many), and `new` (whether one was not missing in the last run).
Where a key has no data the run fails: nobody can know then. With `original = true` such keys count as empty, and where
nothing runs at all, nothing is missing.
"""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import Unreachable
from WardenServer.plugins.common import conf_file, missing

INTERVAL = 2.0

SETTINGS = {
    "required": ...,  # file: servers that must run; must be given
    "running": ...,  # Memcached keys with the names of those that do; must be given
    "original": False,
}

FIELDS = missing.FIELDS


def work(agent: Agent) -> dict[str, Any]:
    """Compare."""
    required = conf_file.read(Path(agent.settings["required"]).expanduser())
    running = {name for key in agent.settings["running"] for name in _names(agent, key)}
    is_blind = agent.settings["original"] and not running
    stopped = [] if is_blind else [name for name in required if name not in running]
    return missing.report(stopped, agent.last.get("servers"))


def _names(agent: Agent, key: str) -> list[str]:
    found = agent.get(key)
    if found is None and not agent.settings["original"]:
        raise Unreachable(f"Memcached has no {key}: what fills it does not run, or has no data itself")
    return [name for name in str(found or "").split("%") if name]
