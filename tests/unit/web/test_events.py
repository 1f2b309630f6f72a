"""Events by HTTP."""

from collections.abc import Callable

import pytest

from tests.unit.web.conftest import Ask
from WardenServer.results.event import Event, Severity
from WardenServer.settings import config
from WardenServer.sinks.events import store


@pytest.fixture(autouse=True)
def events(settings: Callable[..., config.Settings]) -> None:
    """Five events, one second apart."""
    file = store.Store(store.place(settings()))
    kinds = [Severity.INFO, Severity.WARNING, Severity.ALARM, Severity.INFO, Severity.ALARM]
    file.add([Event(f"e{n}", 1000.0 + n, f"agent{n % 2}", kind, f"Text {n} <b>") for n, kind in enumerate(kinds)])
    file.close()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["e4", "e3", "e2", "e1", "e0"]),
        ("?number=2", ["e4", "e3"]),
        ("?since=1001&until=1003", ["e3", "e2", "e1"]),
        ("?until=1001&number=1", ["e1"]),
        ("?until=1970-01-01T00:16:41Z", ["e1", "e0"]),
        ("?severity=alarm", ["e4", "e2"]),
        ("?severity=alarm&severity=warning", ["e4", "e2", "e1"]),
        ("?agent=agent1", ["e3", "e1"]),
        ("?text=TEXT 3", ["e3"]),
        ("?since=9e9", []),
    ],
)
def test_events_newest_first_and_filtered(ask: Ask, query: str, ids: list[str]) -> None:
    assert [event["id"] for event in ask("GET", f"/api/events{query}").json()] == ids


def test_an_event_is_whole(ask: Ask) -> None:
    assert ask("GET", "/api/events?number=1").json() == [
        {"id": "e4", "timestamp": 1004.0, "agent": "agent0", "severity": "alarm", "text": "Text 4 <b>"}
    ]


@pytest.mark.parametrize("query", ["number=0", "number=x", "number=1001", "severity=bad", "since=x", "until=1e15"])
def test_wrong_filters_are_refused(ask: Ask, query: str) -> None:
    refused = ask("GET", f"/api/events?{query}")
    assert refused.status_code == 400
    assert refused.json()["error"]


def test_without_a_file_there_are_none(ask: Ask, tmp_path: object) -> None:
    assert ask("GET", "/api/events", state_folder=f"{tmp_path}/other").json() == []
