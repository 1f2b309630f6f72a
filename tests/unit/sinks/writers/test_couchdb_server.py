"""What answers of a CouchDB mean, and answers that no CouchDB gives."""

import json
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from WardenServer.errors import Unreachable
from WardenServer.sinks.writers.couchdb_server import LARGEST, Refused, Server

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server("http://daq:pass%20word@couch.example:5984/path/", "daq/run+1")
    yield made
    made.close()


def answers(server: Server, *found: httpx.Response | Exception) -> list[httpx.Request]:
    """Let the server give these answers, one after the other; the requests, as they come."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given = found[min(len(asked), len(found) - 1)]
        asked.append(request)
        if isinstance(given, Exception):
            raise given
        return given

    real = server._open()
    server._client = httpx.Client(transport=httpx.MockTransport(answer), auth=real._auth, headers=real.headers)
    real.close()
    return asked


def error(status: int, reason: str = "because") -> httpx.Response:
    return httpx.Response(status, json={"error": "wrong", "reason": reason})


def test_a_document_is_put_under_its_quoted_id(server: Server) -> None:
    asked = answers(server, httpx.Response(201, json={"ok": True, "id": "a", "rev": "1-0"}))
    assert server.put("Größe /?#%_5", '{"x": 1}')
    (request,) = asked
    raw = b"/path/daq%2Frun%2B1/Gr%C3%B6%C3%9Fe%20%2F%3F%23%25_5"
    assert (request.method, request.url.raw_path, request.content) == ("PUT", raw, b'{"x": 1}')
    assert request.headers["content-type"] == "application/json"
    assert httpx.BasicAuth("daq", "pass word")._auth_header == request.headers["authorization"]
    assert "pass" not in str(request.url)


def test_one_that_is_there_is_no_failure(server: Server) -> None:
    answers(server, error(409, "Document update conflict."))
    assert not server.put("a_1", "{}")


def test_a_missing_database_is_made(server: Server) -> None:
    asked = answers(server, error(404), httpx.Response(201, json={"ok": True}), httpx.Response(201, json={"ok": True}))
    assert server.put("a_1", "{}")
    assert [request.url.raw_path for request in asked[1:]] == [b"/path/daq%2Frun%2B1", b"/path/daq%2Frun%2B1/a_1"]


def test_one_that_may_not_be_made_is_said(server: Server) -> None:
    answers(server, error(404), error(401, "You are not a server admin."))
    with pytest.raises(Unreachable, match=r"daq/run\+1 is missing .*not a server admin.\); make it, or correct datab"):
        server.put("a_1", "{}")


@pytest.mark.parametrize("answer", [error(413), error(400), httpx.Response(413, text="<html>"), error(414)])
def test_what_is_wrong_with_the_document_is_refused(server: Server, answer: httpx.Response) -> None:
    answers(server, answer)
    with pytest.raises(Refused, match=r"is refused by http://couch\.example:5984/path \("):
        server.put("a_1", "{}")


def test_an_id_that_fits_into_no_url_is_refused(server: Server) -> None:
    answers(server, error(500))
    with pytest.raises(Refused, match="cannot be part of a URL"):
        server.put("a" * 100_000, "{}")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (error(401, "Name or password is wrong."), "of the user daq (401: Name or password is wrong.); correct"),
        (error(403, "pass word is no word"), "of the user daq (403: *** is no word); correct user and password in url"),
        (error(503), "cannot take documents now (503: because); see its log"),
        (error(429), "cannot take documents now (429: because)"),
        (httpx.Response(500, text="no json"), "cannot take documents now (status 500)"),
        (httpx.Response(404, text="<html>"), "the hub may not make it (status 404)"),
        (httpx.Response(400, text="<html>"), "does not answer as CouchDB does (status 400); correct url"),
        (httpx.Response(409, text="<html>"), "does not answer as CouchDB does (status 409)"),
        (httpx.Response(301, headers={"location": "http://b"}), "does not answer as CouchDB does (status 301)"),
        (httpx.Response(201, text="[1]"), "does not answer as CouchDB does (status 201)"),
        (httpx.Response(201, json={"ok": "yes"}), "does not answer as CouchDB does (status 201)"),
        (httpx.Response(200, json={"ok": True}), "does not answer as CouchDB does (status 200)"),
        (httpx.Response(201, text="[" * 50_000), "does not answer as CouchDB does (status 201)"),
        (httpx.Response(201, content=b"x" * (LARGEST + 1)), "sends an answer without end"),
        (httpx.ConnectError("pass%20word refused"), "does not answer (*** refused); start it, or correct url"),
        (httpx.ReadTimeout(""), "does not answer (ReadTimeout); start it"),
        (httpx.RemoteProtocolError("cut"), "does not answer (cut); start it"),
    ],
)
def test_whatever_else_it_says_nothing_is_delivered(
    server: Server, answer: httpx.Response | Exception, said: str
) -> None:
    answers(server, answer)
    with pytest.raises(Unreachable) as refused:
        server.put("a_1", "{}")
    assert said in str(refused.value)
    assert not any(secret in str(refused.value) for secret in ("pass word", "pass%20word"))


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        ({"x": 1.0, "big": 9007199254740992}, {"x": 1, "big": 9007199254740993}),
        ({"list": [1, None]}, {"list": [1.0, None]}),
        ({"_rev": "1-0", "_id": "a_1", "x": "ß"}, {"x": "ß"}),
    ],
)
def test_a_document_is_ours_whatever_became_of_its_numbers(server: Server, there: object, ours: object) -> None:
    answers(server, httpx.Response(200, json=there))
    assert server.holds("a_1", json.dumps(ours))


@pytest.mark.parametrize("there", [{"x": 2}, {"x": 1, "y": 1}, {"y": 1}])
def test_another_one_is_not_ours(server: Server, there: object) -> None:
    answers(server, httpx.Response(200, json=there))
    assert not server.holds("a_1", '{"x": 1}')


@pytest.mark.parametrize("answer", [error(404), error(401), error(500), httpx.Response(200, text="garbage")])
def test_where_nothing_is_known_it_is_not_decided(server: Server, answer: httpx.Response) -> None:
    answers(server, answer)
    with pytest.raises(Unreachable):
        server.holds("a_1", "{}")


def test_a_host_that_is_none_is_said() -> None:
    server = Server("http://a..b\u2603" + "x" * 80, "daq")
    with pytest.raises(Unreachable, match="correct url"):
        server.put("a_1", "{}")


def test_httpx_is_only_needed_by_those_who_use_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(Unreachable, match=r"the library httpx; install it: pip install 'wardenserver\[couchdb\]'"):
        server.put("a_1", "{}")
