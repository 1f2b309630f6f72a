"""Counts its runs, hands the count over when it is reloaded, and enters every run in a journal from which the soak sees
that none was lost or doubled."""

import time
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 1.0
SETTINGS = {"journal": "", "takes": 0.0, "size": 16}

EDITION = 0  # the soak edits this line
n = 0


def work(agent: Agent) -> dict[str, Any]:
    """One run: a line in the journal, then `takes` seconds of waiting."""
    global n
    began = time.monotonic()
    n += 1
    with open(agent.settings["journal"], "a", encoding="ascii", buffering=1) as journal:  # noqa: PTH123  # 200 times a second
        journal.write(f"{agent.name} {n} {began:.6f}\n")
    agent.stopping.wait(agent.settings["takes"])
    curve = [n + step / 10 for step in range(agent.settings["size"])]
    fields = {"n": n, "at": time.time(), "edition": EDITION, "text": f"run {n}", "curve": curve}
    return {f"{agent.name}_{name}": value for name, value in fields.items()}


def save() -> int:
    """The count."""
    return n


def load(state: int) -> None:
    """Go on counting."""
    global n
    n = state
