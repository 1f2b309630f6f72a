"""What holds for every request and every answer."""

import socket

import pytest

from tests.unit.web.conftest import BEARER, Ask


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8060", "localhost", "localhost:9", "LOCALHOST", "[::1]:8060", "192.0.2.7", socket.gethostname()]
)
def test_our_names_and_every_address_are_answered(ask: Ask, host: str) -> None:
    assert ask("GET", "/api/me", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8060", "", "[::1", "a b"]
)
def test_a_name_that_others_let_lead_here_is_refused(ask: Ask, host: str) -> None:
    refused = ask("GET", "/api/documents", headers={"Host": host})
    assert refused.status_code == 400
    assert "add it to the setting web_hosts" in refused.json()["error"]


def test_more_names_come_from_the_settings(ask: Ask) -> None:
    assert ask("GET", "/api/me", headers={"Host": "p02.example"}, web_hosts=["P02.example"]).status_code == 200
    assert ask("GET", "/api/me", headers={"Host": "hub.example"}, web_listen="hub.example:80").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:9", "http://127.0.0.1"])
def test_pages_of_others_can_change_nothing(ask: Ask, origin: str) -> None:
    refused = ask("POST", "/api/hub/stop", headers={**BEARER, "Origin": origin})
    assert refused.status_code == 403
    assert "pages of others" in refused.json()["error"]
    assert ask("POST", "/api/login", headers={"Origin": origin}, json={"token": "x"}).status_code == 403


def test_our_own_page_can(ask: Ask) -> None:
    ours = {"Origin": "http://127.0.0.1:8060"}
    assert ask("POST", "/api/logout", headers=ours).status_code == 200
    behind_a_proxy = {"Origin": "https://p02.example"}
    assert ask("POST", "/api/logout", headers=behind_a_proxy, web_hosts=["p02.example"]).status_code == 200


@pytest.mark.parametrize("url", ["/", "/static/icon.svg", "/metrics"])
def test_what_may_be_a_page_says_what_a_browser_may_do(ask: Ask, url: str) -> None:
    policy = ask("GET", url).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("url", ["/", "/api/me", "/nothing", "/static/nothing", "/static/page.css", "/metrics"])
def test_every_answer_is_taken_for_what_it_is(ask: Ask, url: str) -> None:
    headers = ask("GET", url).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "cache-control" in headers


def test_what_is_large_is_compressed(ask: Ask) -> None:
    assert ask("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


# -- what is too much


@pytest.mark.parametrize(
    "url",
    [
        "/api/value?key=" + "a" * 10_000,
        "/api/value?" + "a" * 10_000 + "=1",
        "/api/documents/" + "a" * 10_000,
        "/api/agents/" + "a" * 10_000,
        "/pages/" + "a" * 10_000,
        "/api/history?key=a&field=b&range=" + "9" * 10_000,
    ],
)
def test_what_is_too_long_is_refused(ask: Ask, url: str) -> None:
    refused = ask("GET", url)
    assert refused.status_code == 400
    assert len(refused.json()["error"]) < 300


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/api/value?key=Petra", "parameter field is missing; add field=..."),
        ("/api/value?key=&field=a", "parameter key is missing; add key=..."),
        ("/api/value?key=Petra&feild=a", "there is no parameter 'feild'; there are: key, field"),
        ("/api/value?key=Petra&field=a&key=b", "parameter key is given 2 times; 1 is the most"),
        ("/api/documents?x=1", "there is no parameter 'x'; there are: none"),
    ],
)
def test_wrong_parameters_are_named(ask: Ask, url: str, sentence: str) -> None:
    refused = ask("GET", url)
    assert (refused.status_code, refused.json()) == (400, {"error": sentence})


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 70_000, "application/json", 413),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"tokens": 1}', "application/json", 400),
        (b"\xff", "application/json", 400),
    ],
)
def test_wrong_bodies_are_refused(ask: Ask, content: bytes, kind: str, status: int) -> None:
    refused = ask("POST", "/api/login", content=content, headers={"Content-Type": kind})
    assert refused.status_code == status
    assert refused.json()["error"]


def test_another_method_is_refused_with_the_right_one(ask: Ask) -> None:
    refused = ask("POST", "/api/documents")
    assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})
    assert ask("HEAD", "/api/me").status_code == 200


@pytest.mark.parametrize(
    "url", ["/static/../app.py", "/static/%2e%2e/app.py", "/pages/..%2f..%2fsecret", "/pages/.hidden"]
)
def test_no_other_file_can_be_reached(ask: Ask, url: str) -> None:
    assert ask("GET", url).status_code == 404
