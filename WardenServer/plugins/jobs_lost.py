"""Once a day: files whose arrival was missed become jobs. It runs where there is a table [jobs].

It looks at all files, not only at new ones, and queues what is neither known nor moved, and still is not ten minutes
later. With after = "keep" the rows of
ended jobs go whose files are gone. What it finds is told as an event.

Publishes in the document "jobs":

    lost                jobs of files that were missed, found by the last look
    vanished_files      rows that it removed, as their files are gone
    lost_problem        what people should put right, else ""
"""

from typing import TYPE_CHECKING, Any

from WardenServer.agent import Agent, Value
from WardenServer.plugins.common.jobs.opening import open_loop

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.loop import Loop

AT = "03:20"
KEY = "jobs"
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

#: Most rounds, ten minutes apart.
ROUNDS = 5

FIELDS = {
    "lost": {"dtype": "int", "format": "%d"},
    "vanished_files": {"dtype": "int", "format": "%d"},
    "lost_problem": {"dtype": "str"},
}

loop: "Loop"


def setup(agent: Agent) -> None:
    """Read the table."""
    global loop
    loop = open_loop("Lost", agent.settings["jobs"], agent.log, agent.soon)


def work(agent: Agent) -> dict[str, Any]:
    """One look: two rounds, since what has just come is not lost; more where no processor is there."""
    for _ in range(ROUNDS):
        report = loop.run(agent.stopping)
        if report.again is None or agent.stopping.wait(report.again):
            break
    totals, problem = loop.totals, "; ".join(report.problems)
    if totals["lost"]:
        agent.tell(f"{totals['lost']} jobs whose files had been missed are queued now", "warning")
    fields = {
        "lost": totals["lost"],
        "vanished_files": totals["missing"],
        "lost_problem": Value(problem, "WARNING" if problem else "VALID"),
    }
    loop.totals.clear()
    return agent.tolerate(fields)


def close(agent: Agent) -> None:
    """Let go of the database."""
    loop.close()
