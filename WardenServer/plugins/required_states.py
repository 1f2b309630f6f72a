"""Which of single servers do not work: keys that people list, with what other agents have found.

    [agents.check_individuals]
    plugin = "required_states"
    key = "P022.tango.individuals.check"
    states = "~/beamline/requires_tango_servers_as_keys.conf"
    interval = 1.0

`states` is a file with one Memcached key a line, # begins a comment. The keys hold 1 or 0, such as those of the agent
tango_alive; those with 0 are missing.

Publishes `servers` (keys with 0), `errors` (how many), and `new` (whether one was not there in the last run). Where a
key has no data the run fails: nobody can know then. With `original = true` such keys count as good.
"""

from pathlib import Path
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import Unreachable
from WardenServer.plugins.common import conf_file, missing

INTERVAL = 1.0

SETTINGS = {
    "states": ...,  # file: Memcached keys of single servers; must be given
    "original": False,
}

FIELDS = missing.FIELDS


def work(agent: Agent) -> dict[str, Any]:
    """Look at each key."""
    keys = conf_file.read(Path(agent.settings["states"]).expanduser())
    return missing.report([key for key in keys if not _is_good(agent, key)], agent.last.get("servers"))


def _is_good(agent: Agent, key: str) -> bool:
    found = agent.get(key)
    if found is None and not agent.settings["original"]:
        raise Unreachable(f"Memcached has no {key}: what fills it does not run, or has no data itself")
    return found is None or bool(found)
