"""The agent run_differ: what it publishes, tells and answers, and what it says where something is missing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.runs.fake_runs import Stage, stand_in
from WardenServer.agent import Agent
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins import run_differ
from WardenServer.plugins.common.runs import loop as module
from WardenServer.results.field import kind_of
from WardenServer.results.result import clean

NOTHING = dict.fromkeys(run_differ.FIELDS)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stand_in(monkeypatch)
    made = Stage(tmp_path)
    monkeypatch.setattr(module.configuration, "read", lambda table: made.runs)
    monkeypatch.setattr(module, "open_store", lambda runs: made.store)
    monkeypatch.setattr(module, "open_source", lambda runs, store: made.source)
    return made


@pytest.fixture
def asked() -> list[str]:
    """Runs that were asked for."""
    return []


@pytest.fixture
def agent(stage: Stage, asked: list[str]) -> Iterator[Agent]:
    made = Agent("run_differ", {"runs": {"documents": ["P"]}}, ask_for_run=lambda: asked.append("soon"))
    run_differ.setup(made)
    yield made
    run_differ.close(made)
    assert stage.source.is_closed and stage.store.is_closed


def work(agent: Agent) -> tuple[dict[str, Any], dict[str, str], Any]:
    """One run: fields, reasons, and what the fields have of their own."""
    fields, reasons, owned = clean(run_differ.work(agent))
    return dict(fields), dict(reasons), owned


def test_without_runs_the_fields_are_null(agent: Agent):
    fields, reasons, _ = work(agent)
    assert fields == {**NOTHING, "problem": ""}
    assert reasons == {"golden_distance": "no run was declared golden"}


def test_a_difference_is_in_the_document_and_told_as_an_event(stage: Stage, agent: Agent):
    stage.source.add(11, {"P": {"x": 1}})
    work(agent)
    stage.source.add(12, {"P": {"x": 2}}, opened=100.0, closed=None)
    fields, _, _ = work(agent)
    assert fields.pop("changed_at") > 1.7e9
    assert list(fields.pop("partitions")) == ["P"]
    assert fields == {
        "run": 12, "open": True, "opened": 100.0, "old": 11, "new": 12, "changes": 1,
        "text": "x in P has changed:\n1 → 2 (+100 %)", "link": "http://warden/#/diff?old=11&new=12&partition=P",
        "golden": None, "golden_distance": None, "unavailable": 0, "problem": "",
    }  # fmt: skip
    [event] = agent.told
    assert (event.id, event.severity, event.agent) == ("runs.P.11.12", "warning", "run_differ")
    assert event.text.startswith("Run parameters changed between run 11 and run 12 (P):\nx in P has changed:\n1 → 2")


def test_whether_a_run_is_open_is_said_where_it_is_known(stage: Stage, agent: Agent):
    stage.source.add(11, {"P": {"x": 1}})
    assert work(agent)[0]["open"] is None
    stage.source.add(12, {"P": {"x": 1}}, opened=100.0, closed=101.0)
    assert work(agent)[0]["open"] is False


def test_fields_are_declared_as_they_come(stage: Stage, agent: Agent):
    stage.source.add(11, {"P": {"x": 1}})
    stage.store.kept.golden = 11
    work(agent)
    stage.source.add(12, {"P": {"x": 2}}, opened=100.0)
    fields, _, _ = work(agent)
    assert fields.keys() == run_differ.FIELDS.keys()
    for name, value in fields.items():
        kind, said = kind_of(value), run_differ.FIELDS[name]
        assert kind is not None, name
        assert (kind.dtype, kind.dims) == (said["dtype"], said.get("dims", 0)), name


def test_a_problem_is_a_warning(stage: Stage, agent: Agent):
    assert stage.runs.log is not None
    stage.runs.log.mkdir()
    stage.source.add(11, {"P": {"x": 1}})
    work(agent)
    stage.source.add(12, {"P": {"x": 2}})
    fields, _, owned = work(agent)
    assert fields["problem"].startswith("the log of addresses") and owned["problem"].quality == "WARNING"


def test_where_there_is_more_to_do_it_asks_for_a_run(stage: Stage, agent: Agent, asked: list[str]):
    stage.source.add(1, {"P": {"x": 1}})
    work(agent)
    for number in range(2, 60):
        stage.source.add(number, {"P": {"x": 1}})
    work(agent)
    assert asked == ["soon"]
    work(agent)
    assert asked == ["soon"]


def test_an_agent_that_cannot_see_fails(stage: Stage, agent: Agent):
    stage.source.away = "the database is away; start it"
    with pytest.raises(Unreachable, match="the database is away; start it"):
        run_differ.work(agent)


def test_it_answers_and_looks_again(stage: Stage, agent: Agent, asked: list[str]):
    stage.source.add(11, {"P": {"x": 1}})
    assert run_differ.answer(agent, {"golden": 11}) == {"golden": 11}
    assert asked == ["soon"]
    assert work(agent)[0]["golden_distance"] == 0
    with pytest.raises(SettingError):
        run_differ.answer(agent, {})


def test_a_secret_in_a_value_does_not_get_into_an_event(stage: Stage, agent: Agent):
    stage.source.add(1, {"P": {"x": ["http://a"]}})
    work(agent)
    stage.source.add(2, {"P": {"x": ["http://user:hunter2hunter2@a"]}})
    work(agent)
    [event] = agent.told
    assert "user:***@a" in event.text and "hunter2" not in event.text


def test_a_library_that_is_missing_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in ("loop", "store"):
        monkeypatch.delitem(sys.modules, f"WardenServer.plugins.common.runs.{name}")
    with pytest.raises(SettingError, match=r"runs need the library sqlalchemy; install it with: pip install"):
        run_differ.setup(Agent("run_differ", {"runs": {}}))
