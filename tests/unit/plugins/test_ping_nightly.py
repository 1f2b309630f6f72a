"""The agent ping_nightly: what it publishes, tells and answers."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.ping.archive.fakes import Fakes, fakes
from tests.unit.plugins.ping.archive.files import days, put
from WardenServer.agent import Agent
from WardenServer.errors import SettingError
from WardenServer.plugins import ping_nightly
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.results.field import kind_of
from WardenServer.results.result import clean

__all__ = ["fakes"]

YESTERDAY = datetime.now(UTC).date() - timedelta(1)


@pytest.fixture
def asked() -> list[str]:
    """Runs that were asked for."""
    return []


@pytest.fixture
def agent(tmp_path: Path, fakes: Fakes, asked: list[str]) -> Agent:
    table = {"folder": str(tmp_path), "monitors": {"a": "http://user:hunter2hunter2@a/", "b": "http://b/"}}
    for host in "ab":
        for day in days(YESTERDAY - timedelta(40), 42):
            put(tmp_path, host, day, 10)
    made = Agent("ping_nightly", {"ping_archive": table}, ask_for_run=lambda: asked.append("soon"))
    ping_nightly.setup(made)
    return made


def work(agent: Agent) -> tuple[dict[str, Any], Any]:
    """One run: fields, and what they have of their own."""
    fields, _, owned = clean(ping_nightly.work(agent))
    return dict(fields), owned


def test_a_night_is_in_the_document(agent: Agent):
    fields, owned = work(agent)
    assert fields.pop("took") > 0
    assert {name: list(fields.pop(name)) for name in ("missing", "short")} == {"missing": [], "short": []}
    assert fields.pop("tables") > 32 and fields.pop("changed") > 4
    assert fields == {
        "day": str(YESTERDAY), "hosts": 2, "fetched": 2, "lines": 20, "warnings": 0, "problem": "",
    }  # fmt: skip
    assert owned.get("problem") is None or owned["problem"].quality == "VALID"


def test_faults_are_listed_and_told(agent: Agent, tmp_path: Path, fakes: Fakes):
    put(tmp_path, "a", YESTERDAY, b"")
    put(tmp_path, "b", YESTERDAY, 2)
    fakes.nodes = Nodes(problems=("line 3 means nothing",))
    fields, owned = work(agent)
    assert list(fields["missing"]) == [f"a {YESTERDAY}"] and list(fields["short"]) == [f"b {YESTERDAY}"]
    assert fields["problem"] == "line 3 means nothing" and owned["problem"].quality == "WARNING"
    assert [(event.id, event.severity) for event in agent.told] == [
        (f"ping.missing.a.{YESTERDAY}", "warning"), (f"ping.short.b.{YESTERDAY}", "warning"),
    ]  # fmt: skip


def test_fields_are_declared_as_they_come(agent: Agent, tmp_path: Path):
    put(tmp_path, "a", YESTERDAY, b"")
    put(tmp_path, "b", YESTERDAY, 2)
    fields, _ = work(agent)
    assert fields.keys() == ping_nightly.FIELDS.keys()
    for name, value in fields.items():
        kind, said = kind_of(value), ping_nightly.FIELDS[name]
        assert kind is not None, name
        assert (kind.dtype, kind.dims) == (said["dtype"], said.get("dims", 0)), name


@pytest.mark.parametrize(("text", "last"), [("2026-01-02..2026-01-05", "2026-01-05"), (" 2026-01-02 ", "2026-01-02")])
def test_a_repair_is_queued_and_a_run_is_asked_for(
    agent: Agent, fakes: Fakes, asked: list[str], text: str, last: str
):
    assert ping_nightly.answer(agent, {"restore": text}) == {"queued": f"2026-01-02..{last}"}
    assert asked == ["soon"]
    work(agent)
    assert "hourly 2026-01-02" in fakes.done


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({}, "does not know what is asked; ask"),
        (None, "does not know what is asked; ask"),
        ({"restore": 5}, "does not know what is asked; ask"),
        ({"restore": "2026-01-01", "more": 1}, "does not know what is asked; ask"),
        ({"restore": ""}, "is no time; write days such as"),
        ({"restore": "2026-13-01"}, "is no time; write days such as"),
        ({"restore": "2026-01-01.."}, "is no time; write days such as"),
        ({"restore": "x" * 1000}, "is no time; write days such as"),
        ({"restore": "2026-01-02..2026-01-01"}, "ends before it begins; write the first day first"),
        ({"restore": "9999-12-31"}, "is not over; ask for days up to yesterday"),
    ],
)
def test_what_cannot_be_asked_is_said(agent: Agent, asked: list[str], request_: Any, said: str):
    with pytest.raises(SettingError, match=said):
        ping_nightly.answer(agent, request_)
    assert asked == []


@pytest.mark.parametrize("library", ["polars", "httpx"])
def test_a_library_that_is_missing_is_named_with_the_cure(library: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingError, match=rf"ping need the library {library}; install it with: pip install"):
        ping_nightly.setup(Agent("ping_nightly", {"ping_archive": {}}))
