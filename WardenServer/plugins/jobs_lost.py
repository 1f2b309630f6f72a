"""Once a day: files whose arrival was missed become jobs. It runs where there is a table [jobs].

It looks at all files, not only at new ones. What is neither known nor moved, and is no job ten minutes later either, is
queued. With after = "keep" the rows of ended jobs go whose files are gone. What it queues is told as an event.

Publishes in the document "jobs":

    lost                jobs of files that were missed, since the agent's start
    vanished_files      rows that it removed since then, as their files are gone
    lost_problem        what people should put right, else ""
"""

from typing import Any

from WardenServer.agent import Agent, Value
from WardenServer.plugins.common.jobs.opening import AgentLoop

AT = "03:20"
KEY = "jobs"
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

FIELDS = {
    "lost": {"dtype": "int", "format": "%d"},
    "vanished_files": {"dtype": "int", "format": "%d"},
    "lost_problem": {"dtype": "str"},
}

loop = AgentLoop("Lost")
setup, close, save, load = loop.setup, loop.close, loop.save, loop.load


def work(agent: Agent) -> dict[str, Any]:
    """One round. It asks for a second one after ten minutes, since what has just come is not lost."""
    report = loop.opened.run(agent.stopping)
    totals, problem = loop.opened.totals, "; ".join(report.problems)
    if report.lost:
        agent.tell(f"{report.lost} jobs whose files had been missed are queued now", "warning")
    return agent.tolerate({
        "lost": totals["lost"],
        "vanished_files": totals["missing"],
        "lost_problem": Value(problem, "WARNING" if problem else "VALID"),
    })  # fmt: skip
