"""What stands now."""

import pytest

from tests.unit.web.conftest import Ask, make_view
from WardenServer.web.view import View


def test_the_snapshot_has_all(ask: Ask) -> None:
    view = make_view()
    said = ask("GET", "/api/snapshot", view=view, zone="Europe/Berlin").json()
    assert said["id"] == 7
    assert (said["instance"], said["device"], said["zone"]) == ("local", "warden/hub/local", "Europe/Berlin")
    assert said["interval"] == 1.0
    assert said["problem"] is None
    for name in ("hub", "fields", "alarms", "documents"):
        assert said[name] == getattr(view, name)


def test_documents_and_plain_values(ask: Ask) -> None:
    assert ask("GET", "/api/documents").json().keys() == {"Petra", "shutter", "Old"}
    assert ask("GET", "/api/documents/shutter").json() is True
    assert ask("GET", "/api/documents/Petra").json()["Text"] == "<script>alert(1)</script>"


def test_one_value_is_bare(ask: Ask) -> None:
    assert ask("GET", "/api/value?key=Petra&field=Current").text == "100.5"
    assert ask("GET", "/api/value?key=Petra&field=State").text == '"ON"'
    assert ask("GET", "/api/value?key=Petra&field=Nothing").text == "null"
    assert ask("GET", "/api/value?key=Petra&field=Spots").text == "[1,2.5,null]"
    assert ask("GET", "/api/value?key=shutter&field=value").text == "true"
    assert ask("GET", "/api/value?key=Old&field=a.b").text == "3"


@pytest.mark.parametrize(
    "url", ["/api/documents/no/such", "/api/value?key=no&field=a", "/api/value?key=shutter&field=x"]
)
def test_what_is_not_there_is_404(ask: Ask, url: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 404
    assert "there is no document" in refused.json()["error"] or "has no field" in refused.json()["error"]


def test_404_says_what_is_wrong_with_the_hub(ask: Ask) -> None:
    refused = ask("GET", "/api/documents/Petra", view=View(1, 0.0, "Memcached x does not answer"))
    assert "(Memcached x does not answer)" in refused.json()["error"]


@pytest.mark.parametrize(
    ("state", "strict", "code", "word"),
    [
        ("RUNNING", "", 200, "ok"),
        ("RUNNING", "?strict", 200, "ok"),
        ("ALARM", "", 200, "degraded"),
        ("ALARM", "?strict", 503, "failed"),
        ("ON", "", 503, "failed"),
        ("FAULT", "", 503, "failed"),
    ],
)
def test_health(ask: Ask, state: str, strict: str, code: int, word: str) -> None:
    said = ask("GET", f"/health{strict}", view=make_view(hub={"state": state, "status": "so", "agents": {}}))
    assert said.status_code == code
    assert (said.json()["state"], said.json()["health"]) == (state, word)


def test_health_without_a_hub(ask: Ask) -> None:
    said = ask("GET", "/health", view=View(1, 0.0, "Memcached x does not answer"))
    assert (said.status_code, said.json()["state"]) == (503, "UNKNOWN")
    assert said.json()["error"] == "Memcached x does not answer"
