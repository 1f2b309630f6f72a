"""Why a value is missing."""

import time
from typing import Any

import pytest

from tests.unit.web.conftest import Ask, make_view
from WardenServer.web.view import View
from WardenServer.web.why import now

ASK = "/api/why?key=Petra&field=Current"


def view(agent: dict[str, Any], document: Any) -> View:
    """A view in which the agent and its document are so."""
    made = make_view()
    assert made.hub is not None
    hub = {**made.hub, "agents": {"ring": {"interval": 1.0, **agent}}}
    return make_view(hub=hub, documents={} if document is None else {"Petra": document})


@pytest.mark.parametrize(
    ("agent", "document", "text", "since", "cure"),
    [
        ({"state": "refused", "last_error": "line 3"}, None, "agent ring is refused: line 3", None, "correct its file"),
        ({"state": "failing", "last_error": "so", "since": 5.0}, {}, "agent ring is failing: so", 5.0, "warden try"),
        ({"state": "stalled", "last_error": "at 3"}, {}, "agent ring is stalled: at 3", None, "ISOLATE"),
        ({"state": "stopped"}, {}, "agent ring is stopped", None, "start it again"),
        ({"state": "waiting"}, None, "agent ring is waiting", None, "first run"),
        ({"state": "no data", "reason": "no beam"}, {}, "agent ring is no data: no beam", None, "reads from"),
        ({"state": "good"}, None, "Petra is not in Memcached", None, "too large"),
        ({"state": "good"}, {"Current": None, "timestamp": 7.0, "reason": {"Current": "hot"}}, "hot", 7.0, None),
        ({"state": "good"}, {"Current": None, "timestamp": 7.0, "error": "broken"}, "broken", 7.0, None),
        ({"state": "good"}, {"Current": None}, "agent ring gave no value", None, None),
        ({"state": "good"}, {"Current": 1, "timestamp": 7.0}, "the value is old", 7.0, None),
        ({"state": "good"}, {"Current": 1, "timestamp": 4e9}, "the value is there", 4e9, None),
    ],
)
def test_what_is_said(agent: dict[str, Any], document: Any, text: str, since: float | None, cure: str | None) -> None:
    said = now(view(agent, document), "Petra", "Current")
    assert text in said["text"]
    assert said["since"] == since
    assert (cure in said["cure"]) if cure else said["cure"] is None


def test_of_a_field_that_nobody_fills() -> None:
    assert "no agent fills x of Petra now" in now(make_view(), "Petra", "x")["text"]


def test_of_a_plain_value_and_without_a_hub(ask: Ask) -> None:
    assert ask("GET", "/api/why?key=shutter&field=value").json()["text"] == "the value is there"
    gone = View(1, time.time(), "Memcached x does not answer")
    assert ask("GET", ASK, view=gone).json() == {"text": "Memcached x does not answer", "since": None, "cure": None}
