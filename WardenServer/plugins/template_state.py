"""An agent that remembers: publishes how many runs it has had in all, and how many since it was started.

What is in the module's variables stays from run to run. To keep it also when the file is reloaded or the hub starts
again, give it out in `save` and take it back in `load`. To make your own, copy this file and change

* the variables below, and how `work` changes and returns them,
* what `save` returns (numbers, text, lists and dicts), and how `load` puts it back.
"""

from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0

FIELDS = {"RunsInAll": {"label": "runs in all"}, "RunsSinceStart": {"label": "runs since start"}}

runs_in_all = 0
runs_since_start = 0


def setup(agent: Agent) -> None:
    """Runs once before the first run: the place to open connections."""
    global runs_since_start
    runs_since_start = 0


def work(agent: Agent) -> dict[str, int]:
    """Count this run."""
    global runs_in_all, runs_since_start
    runs_in_all += 1
    runs_since_start += 1
    return {"RunsInAll": runs_in_all, "RunsSinceStart": runs_since_start}


def save() -> dict[str, int]:
    """What to remember."""
    return {"runs_in_all": runs_in_all}


def load(state: dict[str, Any]) -> None:
    """Take back what an earlier `save` returned; an older version of this file may have saved less."""
    global runs_in_all
    runs_in_all = state.get("runs_in_all", 0)
