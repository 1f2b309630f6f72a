"""What changed since the last run: CMS HCAL's RunInfoDiffer. It runs where the settings have a table [runs].

    [runs]
    documents = ["Petra"]
    attributes = ["p02/motor/eh1.01/Position"]

Each new run is compared with the last one with a change, partition by partition; of a hub's own runs, a partition is
a document or a device. Each difference is told once, as an event. With the first run that it sees it begins anew.

Publishes in the document "runs":

    run, open, opened   the newest run, whether it is open, and since when; null where that is not known
    old, new            the runs of the newest difference, and changed_at: when it was found
    changes             how many parameters changed in it, and in which partitions
    partitions
    text, link          the short form, and the page; without `link` in [runs] an address within the page
    golden              the run that others are measured by
    golden_distance     how many parameters of the newest run differ from it
    unavailable         how many parameters could not be read in the run compared last; null before there is one
    problem             what people should put right, else ""

A golden run, and a change that is known:

    warden ask run_differ '{"golden": 12}'
    warden ask run_differ '{"acknowledge": {"partition": "P", "parameter": "Q", "run": 12, "reason": "new beam"}}'
"""

from typing import TYPE_CHECKING, Any

from WardenServer.agent import Agent, Value
from WardenServer.errors import SettingError
from WardenServer.plugins.common.runs.opening import libraries

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.differences import Difference
    from WardenServer.plugins.common.runs.loop import Loop
    from WardenServer.plugins.common.runs.source import Run

INTERVAL = 10.0
KEY = "runs"
TIMEOUT = 600.0
EXCLUSIVE = True

SETTINGS = {"runs": ...}

_COUNT = {"dtype": "int", "format": "%d"}
_TIME = {"dtype": "float", "unit": "s", "format": "%.0f"}
_TEXT = {"dtype": "str"}
FIELDS = {
    **dict.fromkeys(("run", "old", "new", "changes", "golden", "golden_distance", "unavailable"), _COUNT),
    **dict.fromkeys(("opened", "changed_at"), _TIME),
    **dict.fromkeys(("text", "link", "problem"), _TEXT),
    "open": {"dtype": "bool"},
    "partitions": {"dtype": "str", "dims": 1},
}

loop: "Loop"


def setup(agent: Agent) -> None:
    """Read the table."""
    global loop
    with libraries(SettingError):
        from WardenServer.plugins.common.runs.loop import open_loop

        loop = open_loop(agent.settings["runs"], agent.log)


def work(agent: Agent) -> dict[str, Any]:
    """One look."""
    seen = loop.run(agent.stopping, lambda text, id: agent.tell(text, "warning", id))
    if seen.more:
        agent.soon()
    return agent.tolerate({
        **_of_run(seen.run),
        **_of_difference(seen.difference),
        "golden": seen.golden,
        "golden_distance": seen.distance,
        "unavailable": seen.unreadable,
        "problem": Value(seen.problem, "WARNING" if seen.problem else "VALID"),
    })  # fmt: skip


def close(agent: Agent) -> None:
    """Let go of the databases."""
    loop.close()


def answer(agent: Agent, request: Any) -> dict[str, Any]:
    """Declare a golden run, or acknowledge a change."""
    from WardenServer.plugins.common.runs import answering

    said = answering.answer(loop.store, loop.source, request)
    agent.soon()
    return said


def _of_run(run: "Run | None") -> dict[str, Any]:
    if run is None:
        return dict.fromkeys(("run", "open", "opened"))
    is_known = run.opened is not None or run.closed is not None
    return {"run": run.number, "open": run.closed is None if is_known else None, "opened": run.opened}


def _of_difference(difference: "Difference | None") -> dict[str, Any]:
    from WardenServer.plugins.common.runs.telling import address

    if difference is None:
        return dict.fromkeys(("old", "new", "changes", "partitions", "text", "link", "changed_at"))
    return {
        "old": difference.old,
        "new": difference.new,
        "changes": difference.changes,
        "partitions": list(difference.partitions),
        "text": difference.text,
        "link": address(loop.runs.link, difference),
        "changed_at": difference.at,
    }
