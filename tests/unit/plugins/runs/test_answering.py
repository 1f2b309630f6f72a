"""What people ask of the agent."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.runs.fake_runs import Stage, stand_in
from WardenServer.errors import SettingError
from WardenServer.plugins.common.runs.answering import answer

SAID = {"partition": "P", "parameter": "x", "run": 12, "reason": " new beam ", "by": "shift"}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    stand_in(monkeypatch)
    made = Stage(tmp_path)
    made.source.add(12, {"P": {"x": 1}})
    return made


def ask(stage: Stage, request: Any) -> dict[str, Any]:
    store: Any = stage.store
    return answer(store, stage.source, request)


def test_a_golden_run_is_declared_and_taken_back(stage: Stage):
    assert ask(stage, {"golden": 12}) == {"golden": 12}
    assert stage.store.kept.golden == 12
    assert ask(stage, {"golden": None}) == {"golden": None}
    assert stage.store.kept.golden is None


def test_a_change_is_acknowledged(stage: Stage):
    assert ask(stage, {"acknowledge": SAID}) == {"acknowledged": 12}
    ask(stage, {"acknowledge": {name: value for name, value in SAID.items() if name != "by"}})
    first, second = stage.store.kept.acknowledged
    assert (first.partition, first.parameter, first.run, first.reason) == ("P", "x", 12, "new beam")
    assert (first.by, second.by) == ("shift", "unknown")


@pytest.mark.parametrize("run", ["12", 12.0, True, 0, -3, 2**63, [], {}])
def test_what_is_no_number_of_a_run_is_refused(run: Any, stage: Stage):
    with pytest.raises(SettingError, match="write the number of a run, such as 12"):
        ask(stage, {"golden": run})


def test_a_run_that_is_not_there_is_refused_with_the_newest(stage: Stage):
    with pytest.raises(SettingError, match="there is no run 13; the newest is 12"):
        ask(stage, {"golden": 13})
    stage.source.runs.clear()
    with pytest.raises(SettingError, match="there is no run 13; there is none yet"):
        ask(stage, {"acknowledge": {**SAID, "run": 13}})


@pytest.mark.parametrize("name", ["partition", "parameter", "reason", "by"])
@pytest.mark.parametrize("value", ["", "  ", 3, "x" * 1001])
def test_texts_that_are_none_are_refused(name: str, value: Any, stage: Stage):
    with pytest.raises(SettingError, match=f"{name} is .*; write a text of 1 to"):
        ask(stage, {"acknowledge": {**SAID, name: value}})
    assert stage.store.kept.acknowledged == []


@pytest.mark.parametrize(
    "request_", [None, 3, "golden", [], {}, {"golden": 12, "more": 1}, {"acknowledge": 12}, {"gold": 12}]
)
def test_other_requests_are_refused_with_the_cure(request_: Any, stage: Stage):
    with pytest.raises(SettingError, match=r'run_differ was asked what it does not know; ask \{"golden": RUN\}'):
        ask(stage, request_)


def test_an_unknown_part_is_named(stage: Stage):
    with pytest.raises(SettingError, match="acknowledge does not know resaon"):
        ask(stage, {"acknowledge": {**SAID, "resaon": "x"}})
