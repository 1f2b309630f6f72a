"""State and status tell the truth."""

from typing import Any

import pytest

from WardenServer.results import health
from WardenServer.results.hub_document import AgentEntry


def agent(state: str, **rest: Any) -> AgentEntry:
    return AgentEntry(state, **rest)


@pytest.mark.parametrize(
    ("running", "states", "problems", "expected"),
    [
        (True, ["good", "no data", "waiting", "stopped"], [], "RUNNING"),
        (True, ["good", "failing"], [], "ALARM"),
        (True, ["good", "stalled"], [], "ALARM"),
        (True, ["good", "refused"], [], "ALARM"),
        (True, ["good"], ["Memcached is away"], "ALARM"),
        (False, ["good", "failing"], [], "ON"),
        (True, ["refused"], [], "FAULT"),
        (True, [], [], "FAULT"),
    ],
)
def test_states(running: bool, states: list[str], problems: list[str], expected: str) -> None:
    agents = {str(n): agent(state) for n, state in enumerate(states)}
    assert health.state(running, agents, problems) == expected


def test_the_status_names_who_since_when_why_and_what_else() -> None:
    agents = {
        "ring": agent("failing", since=0.0, last_error="no beam"),
        "slow": agent("stalled", last_error="its run started 30 s ago"),
        "dark": agent("no data", reason="shutter closed"),
        "warm": agent("good", warnings={"t": 'warm.py: field "t" is NaN'}),
    }
    lines = health.status("ALARM", agents, ["Memcached is away"]).splitlines()
    assert lines[0] == "4 agents run, and something needs care."
    assert "Memcached is away" in lines
    assert any(line.startswith("ring is failing") and line.endswith("no beam") for line in lines)
    assert "slow is stalled: its run started 30 s ago" in lines
    assert "dark: no data: shutter closed" in lines
    assert 'warm warns: warm.py: field "t" is NaN' in lines


def test_a_refused_reload_shows_on_the_agent_whose_old_code_runs_on() -> None:
    merged = health.with_refused({"a": agent("good")}, {"a": "line 3 is wrong", "b": "no work"})
    assert merged["a"].state == "failing"
    assert merged["a"].last_error == "line 3 is wrong; the old code runs on"
    assert merged["b"].state == "refused"


def test_p99() -> None:
    assert health.p99([]) == 0.0
    assert health.p99([3.0]) == 3.0
    assert health.p99(range(1000)) == pytest.approx(989, abs=1)


def test_the_status_names_overruns_burners_pauses_and_code_that_waits() -> None:
    agents = {
        "slow": agent("good", skipping=12),
        "burner": agent("good", cpu=0.97),
        "ring": agent("failing", since=0.0, last_error="no beam", tries_every=12.8),
        "new": agent("good", pending=True),
    }
    lines = health.status("ALARM", agents, [])
    assert "slow skips: 12 run(s)" in lines
    assert "burner uses 97% of a processor; ISOLATE = True" in lines
    assert "no beam; tried every 12.8 s" in lines
    assert "new: its new code waits for the next run" in lines


def test_notes_are_said_last() -> None:
    said = health.status("RUNNING", {}, ["first"], ["others reach it"])
    assert said.splitlines()[1:] == ["first", "Note: others reach it"]
