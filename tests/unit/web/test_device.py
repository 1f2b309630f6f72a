"""What changes something goes to the hub's device."""

import json
from typing import Any

import pytest

from tests.unit.web.conftest import BEARER, Ask, make_view
from WardenServer.errors import Unreachable
from WardenServer.servers import client

FIELDS = [f"Petra.{name}" for name in ("Current", "State", "Text", "Spots", "Nothing")] + ["shutter.value"]
ABOUT = {"stack": ["ring.py:3 in work"], "file": "/p/ring.py", "source": "<script>", "settings": {"password": "***"}}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the device was told."""
    told: list[Any] = []

    def command(settings: object, name: str, argument: Any = None) -> Any:
        told.append((name, argument))
        return json.dumps(ABOUT) if name == "GetAgent" else "done" if name == "Reload" else None

    monkeypatch.setattr(client, "command", command)
    return told


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("agents/ring/run", ("RunAgent", "ring")),
        ("agents/ring/start", ("StartAgent", "ring")),
        ("agents/ring/stop", ("StopAgent", "ring")),
        ("hub/start", ("Start", None)),
        ("hub/stop", ("Stop", None)),
        ("hub/reload", ("Reload", None)),
    ],
)
def test_commands(ask: Ask, told: list[Any], url: str, command: tuple[str, Any]) -> None:
    answer = ask("POST", f"/api/{url}", headers=BEARER)
    assert answer.status_code == 200
    assert answer.json() == {"said": "done" if command[0] == "Reload" else ""}
    assert told == [command]


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("mute", {"rule": "beam", "until": 1795860000, "why": "shift"}),
        ("unmute", {"rule": "beam"}),
        ("acknowledge", {"rule": "beam"}),
    ],
)
def test_alarms(ask: Ask, told: list[Any], word: str, body: dict[str, Any]) -> None:
    assert ask("POST", f"/api/alarms/{word}", headers=BEARER, json=body).json() == {"said": ""}
    [(command, argument)] = told
    assert (command, json.loads(argument)) == (word.capitalize(), body)


def test_nothing_is_changed_by_who_may_not_nor_by_get(ask: Ask, told: list[Any]) -> None:
    assert ask("POST", "/api/hub/stop").status_code == 401
    assert ask("GET", "/api/hub/stop", headers=BEARER).status_code == 405
    assert ask("POST", "/api/agents/nobody/run", headers=BEARER).status_code == 404
    assert told == []


def test_an_agent_with_its_fields(ask: Ask, told: list[Any]) -> None:
    said = ask("GET", "/api/agents/old").json()
    assert said["fields"] == ["Old.a.b"]
    assert (said["state"], said["stack"]) == ("failing", None)
    assert told == []
    assert ask("GET", "/api/agents").json().keys() == {"ring", "old"}


def test_the_stack_of_an_agent_that_hangs(ask: Ask, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    view = make_view(hub={"state": "ALARM", "agents": {"ring": {"state": "stalled"}}})
    assert ask("GET", "/api/agents/ring", view=view).json()["stack"] == ["ring.py:3 in work"]

    def away(*_: object) -> None:
        raise Unreachable("device does not answer")

    monkeypatch.setattr(client, "command", away)
    assert ask("GET", "/api/agents/ring", view=view).json() == {"state": "stalled", "fields": FIELDS, "stack": None}


def test_source_and_settings_need_the_token(ask: Ask, told: list[Any]) -> None:
    assert ask("GET", "/api/agents/ring/source").status_code == 401
    said = ask("GET", "/api/agents/ring/source", headers=BEARER).json()
    assert said == {"file": "/p/ring.py", "source": "<script>", "settings": {"password": "***"}}


def test_a_device_that_is_away_is_503_and_a_refusal_422(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unreachable("device does not answer")

    def refuses(*_: object) -> None:
        raise client.RefusedByHub('there is no rule "beam"')

    for command, status in ((away, 503), (refuses, 422)):
        monkeypatch.setattr(client, "command", command)
        refused = ask("POST", "/api/alarms/unmute", headers=BEARER, json={"rule": "beam"})
        assert refused.status_code == status
        assert refused.json()["error"]
