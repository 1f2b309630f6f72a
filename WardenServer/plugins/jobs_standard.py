"""New files become jobs, and the jobs of dead processors are given to others: Socorro's standard loop.

It runs where the settings have a table [jobs]; so do jobs_priority, jobs_cleanup, jobs_lost and jobs_status.

    [jobs]
    storage = "/data/scans"
    suffixes = [".json", ".cbf"]

Files of one name with all suffixes make one job, once their size and time have not changed for a second. A watch of the
file system asks for a run as soon as files come; the walk every INTERVAL is the truth, since file servers tell nothing.

Publishes in the document "jobs":

    queued              new jobs since the agent's start
    unsettled           files that may still be written
    reassigned, died    jobs that others got since the start, and processors that were removed
    vanished            jobs that have failed since the start, as their processors vanished too often
    standard_problem    what people should put right, else ""
"""

from typing import Any

from WardenServer.agent import Agent, Value
from WardenServer.plugins.common.jobs.opening import AgentLoop

INTERVAL = 10.0
KEY = "jobs"
TIMEOUT = 600.0
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

FIELDS = {
    "queued": {"dtype": "int", "format": "%d"},
    "unsettled": {"dtype": "int", "format": "%d"},
    "reassigned": {"dtype": "int", "format": "%d"},
    "died": {"dtype": "int", "format": "%d"},
    "vanished": {"dtype": "int", "format": "%d"},
    "standard_problem": {"dtype": "str"},
}

loop = AgentLoop("Standard")
close, save, load = loop.close, loop.save, loop.load


def setup(agent: Agent) -> None:
    """Begin to watch."""
    loop.setup(agent)
    loop.opened.watch()


def work(agent: Agent) -> dict[str, Any]:
    """One round."""
    report = loop.opened.run(agent.stopping)
    totals = loop.opened.totals
    problem = "; ".join(filter(None, [*report.problems, loop.opened.note]))
    return agent.tolerate({
        "queued": totals["queued"],
        "unsettled": report.unsettled,
        "reassigned": totals["reassigned"],
        "died": totals["dead"],
        "vanished": totals["failed"],
        "standard_problem": Value(problem, "WARNING" if problem else "VALID"),
    })  # fmt: skip
