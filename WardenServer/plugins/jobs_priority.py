"""What people and programs ask for comes first: Socorro's priority loop. It runs where there is a table [jobs].

Requests come by `warden jobs prioritize`, over the web, as rows of the table priorityjobs, and by this agent's answer:

    warden ask jobs_priority '{"prioritize": ["scan0001/image_00001"]}'

A job that waits gets a higher priority. Files that are no job yet become one, also from the deferred folder.

Publishes in the document "jobs":

    raised, refused     requests since the agent's start: for jobs that wait, and for what cannot be done first
    urgent              new jobs by request since the start
    priority_problem    what people should put right, else ""
"""

from typing import Any

from WardenServer.agent import Agent, Value
from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs.opening import AgentLoop

INTERVAL = 5.0
KEY = "jobs"
TIMEOUT = 600.0
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

FIELDS = {
    "raised": {"dtype": "int", "format": "%d"},
    "refused": {"dtype": "int", "format": "%d"},
    "urgent": {"dtype": "int", "format": "%d"},
    "priority_problem": {"dtype": "str"},
}

loop = AgentLoop("Priority")
setup, close, save, load = loop.setup, loop.close, loop.save, loop.load


def work(agent: Agent) -> dict[str, Any]:
    """One round."""
    report = loop.opened.run(agent.stopping)
    totals, problem = loop.opened.totals, "; ".join(report.problems)
    return agent.tolerate({
        "raised": totals["raised"],
        "refused": totals["refused"],
        "urgent": totals["queued"],
        "priority_problem": Value(problem, "WARNING" if problem else "VALID"),
    })  # fmt: skip


def answer(agent: Agent, request: Any) -> dict[str, int]:
    """Take requests for ids: {"prioritize": [ID, ...]}; they are served at once."""
    from WardenServer.plugins.common.jobs import requests

    ids = request.get("prioritize") if isinstance(request, dict) and len(request) == 1 else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise SettingError('jobs_priority was asked what it does not know; ask {"prioritize": ["ID", "ID"]}')
    asked = requests.ask(loop.opened.database, ids)
    agent.soon()
    return {"asked": len(asked)}
