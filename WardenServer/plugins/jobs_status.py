"""How the queue of jobs is: Socorro's server status, and what people ask besides. It runs where there is a [jobs].

Each round adds a row to the table server_status. Jobs that failed are told as events. Publishes in the document "jobs":

    waiting, running    jobs that nobody has begun, and that a processor has begun
    done, failed        jobs that ended in the last hour, and those of them that failed
    processors, dead    processors that are alive, and that are taken for dead
    rate                jobs that end in an hour, measured over the last one
    finish              when all jobs of now will have ended at this rate, in Unix seconds
    latency             mean time from when files were first seen to the result; latency_p95, latency_max
    process_time        mean time from a job's start to its end; wait_time: from when it was queued to its end
    oldest              how long the oldest job that has not ended is queued
    late                results that came when the job was somebody else's

An alarm for slow results:

    [agents.jobs_status.fields.latency]
    max_alarm = 60.0
"""

from typing import TYPE_CHECKING, Any

from WardenServer.agent import Agent
from WardenServer.plugins.common.jobs.opening import open_status

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.status_loop import StatusLoop

INTERVAL = 10.0
KEY = "jobs"
EXCLUSIVE = True

SETTINGS = {"jobs": ...}

_COUNT = {"dtype": "int", "format": "%d"}
_SECONDS = {"dtype": "float", "unit": "s", "format": "%.1f"}
FIELDS = {
    **dict.fromkeys(("waiting", "running", "done", "failed", "late"), _COUNT),
    "processors": {**_COUNT, "min_warning": 0},
    "dead": {**_COUNT, "max_warning": 1},
    "rate": {"dtype": "float", "unit": "1/h", "format": "%.1f"},
    "finish": {"dtype": "float", "unit": "s", "format": "%.0f"},
    **dict.fromkeys(("latency", "latency_p95", "latency_max", "process_time", "wait_time", "oldest"), _SECONDS),
}

#: Most failures that one run tells one by one.
MOST = 50

loop: "StatusLoop"


def setup(agent: Agent) -> None:
    """Read the table."""
    global loop
    loop = open_status(agent.settings["jobs"])


def work(agent: Agent) -> dict[str, Any]:
    """One look."""
    status, failures, more = loop.look(MOST)
    for each in failures:
        agent.tell(f"job {each.id} has failed: {each.reason}"[:2000], "warning", f"jobs.failed.{each.number}")
    if more:
        agent.tell(f"{more} more jobs have failed; see: warden jobs list --state failed", "warning")
    oldest = None if status.oldest_queued is None else max(0.0, status.now - status.oldest_queued)
    return {
        **{name: getattr(status, name) for name in FIELDS if name != "oldest"},
        "oldest": oldest,
    }


def close(agent: Agent) -> None:
    """Let go of the database."""
    loop.close()


def save() -> int | None:
    """Which failures were told."""
    return loop.seen


def load(state: int | None) -> None:
    """Tell none of them again."""
    loop.seen = state
