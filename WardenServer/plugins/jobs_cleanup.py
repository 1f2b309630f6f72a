"""Ended jobs are tidied away, and people hear of those that failed: Socorro's cleanup loop. It runs where there is a
table [jobs].

With after = "move" or "delete" the files go, then the row. A move that fails keeps both, and is tried again. Each job
that fails is told as an event. Steps of jobs, by which `warden jobs why` explains them, are kept for 30 days.

Publishes in the document "jobs":

    moved, deleted      ended jobs since the agent's start, by what became of their files
    missing             those whose files were gone
    cleanup_problem     what people should put right, else ""
"""

from typing import Any

from WardenServer.agent import Agent, Value
from WardenServer.plugins.common.jobs.opening import AgentLoop

INTERVAL = 60.0
KEY = "jobs"
TIMEOUT = 3600.0
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

FIELDS = {
    "moved": {"dtype": "int", "format": "%d"},
    "deleted": {"dtype": "int", "format": "%d"},
    "missing": {"dtype": "int", "format": "%d"},
    "cleanup_problem": {"dtype": "str"},
}

loop = AgentLoop("Cleanup")
setup, close, save, load = loop.setup, loop.close, loop.save, loop.load


def work(agent: Agent) -> dict[str, Any]:
    """One round."""
    report = loop.opened.run(agent.stopping)
    totals, problem = loop.opened.totals, "; ".join(report.problems)
    return agent.tolerate({
        "moved": totals["moved"],
        "deleted": totals["deleted"],
        "missing": totals["missing"],
        "cleanup_problem": Value(problem, "WARNING" if problem else "VALID"),
    })  # fmt: skip
