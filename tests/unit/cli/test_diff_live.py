"""`warden diff --live`: a run of the hub compared with what Memcached has now."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import WithRuns
from tests.unit.cli.runs_fakes import FakeSource
from tests.unit.cli.test_diff import said
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.differ.short import EMPTY
from WardenServer.plugins.common.runs.source import Side
from WardenServer.servers import documents

FIELDS = "warden.local.fields"


def entry(key: str, field: str, **more: Any) -> dict[str, Any]:
    return {"agent": "a", "key": key, "field": field, **more}


@pytest.fixture
def memcached(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What it holds: the document P as it was in run 1003, and one that is in no snapshot."""
    now = {"x": 2, "text": "a {\n t 7\n}", "same": 7, "timestamp": 1e9}
    known = {f"P.{name}": entry("P", name) for name in ("x", "text", "same")}
    held: dict[str, Any] = {
        "P": json.dumps(now), "Q": json.dumps({"y": 1}),
        FIELDS: json.dumps({**known, "Q.y": entry("Q", "y"), "timestamp": 1e9}),
    }  # fmt: skip

    def read(keys: Sequence[str]) -> dict[str, Any]:
        return {key: held[key] for key in keys if key in held}

    monkeypatch.setattr(documents, "read", read)
    return held


def put(memcached: dict[str, Any], **values: Any) -> None:
    memcached["P"] = json.dumps({**json.loads(memcached["P"]), **values})


def test_nothing_has_changed_since(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    done = with_runs("diff", "--live", 1003)
    assert (done.exit_code, done.stdout.strip(), done.stderr) == (0, EMPTY, "")


def test_something_has_changed_since(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    done = with_runs("diff", "--live", 1001)
    assert done.exit_code == 1
    assert "text in P has changed:\n  a {\n-  t 5\n+  t 7" in done.stdout


def test_without_a_run_the_newest_is_meant(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    done = with_runs("diff", "--live")
    assert (done.exit_code, done.stderr) == (0, "Diff of run 1003 and now\n")


def test_for_programs(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    put(memcached, new=5)
    found = json.loads(with_runs("diff", "--live", 1003, "P", "--json").stdout)
    assert (found["old"], found["new"]) == ("1003", "now")
    assert [each["parameter"] for each in found["changes"]] == ["new"]


def test_a_document_that_is_gone_is_no_change(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    del memcached["P"]
    done = with_runs("diff", "--live", 1003)
    assert done.exit_code == 0
    assert "x in P could not be read: Memcached has no document P" in done.stdout


def test_a_field_of_an_agent_that_fails_is_no_change(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    put(memcached, x=None, error="the device is off")
    done = with_runs("diff", "--live", 1003)
    assert done.exit_code == 0
    assert "x in P could not be read: the device is off" in done.stdout


def test_a_plain_key_has_its_form(with_runs: WithRuns, source: FakeSource, memcached: dict[str, Any]) -> None:
    source.sides[Side(1003)] = {("P", "value"): True}
    memcached |= {"P": 1, FIELDS: json.dumps({"P.value": entry("P", "value", form="bool")})}
    assert with_runs("diff", "--live", 1003).exit_code == 0
    memcached["P"] = 0
    assert with_runs("diff", "--live", 1003).exit_code == 1


def test_only_some_partitions(
    with_runs: WithRuns, source: FakeSource, memcached: dict[str, Any], settings_file: Path
) -> None:
    settings_file.write_text(settings_file.read_text().replace('["P"]', '["P", "Q"]'))
    assert with_runs("diff", "--live", 1003, "P").exit_code == 0
    assert with_runs("diff", "--live", 1003, "Q").exit_code == 1
    assert said(with_runs("diff", "--live", 1003, "R"), 2) == 'there is no partition "R"; there are: P, Q'


# -- code 3: nothing was compared


def test_a_run_that_is_not_there(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    assert said(with_runs("diff", "--live", 7), 3) == "run 7 is not there; the nearest: 1001"
    assert said(with_runs("diff", "--live", "1003:end"), 3).startswith("run 1003:end has no values")


def test_a_hub_that_does_not_run(with_runs: WithRuns, memcached: dict[str, Any]) -> None:
    del memcached[FIELDS]
    assert said(with_runs("diff", "--live", 1003), 3).startswith(f"Memcached has no document {FIELDS}")


@pytest.mark.parametrize("wrong", ["[1]", "no json", 5, "null"])
def test_a_document_of_others_in_place_of_the_hubs(
    wrong: Any, with_runs: WithRuns, memcached: dict[str, Any]
) -> None:
    memcached[FIELDS] = wrong
    assert said(with_runs("diff", "--live", 1003), 3).startswith(f"document {FIELDS} is none of a hub")


def test_memcached_is_away(with_runs: WithRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(keys: Sequence[str]) -> dict[str, Any]:
        raise Unreachable("Memcached at 127.0.0.1:1 does not answer")

    monkeypatch.setattr(documents, "read", read)
    assert said(with_runs("diff", "--live", 1003), 3) == "Memcached at 127.0.0.1:1 does not answer"


def test_a_run_database_knows_nothing_of_now(with_runs: WithRuns, settings_file: Path, tmp_path: Path) -> None:
    (tmp_path / "diffed.txt").write_text("X: P\n")
    settings_file.write_text(f'[runs]\ndatabase = "sqlite:////none.db"\nparameters = "{tmp_path}/diffed.txt"\n')
    sentence = said(with_runs("diff", "--live", 1003), 3)
    assert sentence.startswith("the runs come from a database of others, which knows nothing of now; leave --live out")
