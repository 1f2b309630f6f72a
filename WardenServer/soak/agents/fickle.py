"""Returns something else at every run, much of which cannot be published."""

import itertools
from typing import Any

from WardenServer.agent import Agent

INTERVAL = 0.3

_kinds = itertools.cycle(
    [1, "text", float("nan"), [1, 2], [[1.5], [2.5]], None, object(), {}, [1, "mixed"], float("inf"), b"bytes", 2**70]
)


def work(agent: Agent) -> dict[str, Any]:
    """The next kind of value."""
    return {"value": next(_kinds)}
