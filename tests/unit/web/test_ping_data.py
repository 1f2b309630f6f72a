"""Raw data of pings by HTTP, as collectors of PingER ask for them."""

import asyncio
import os
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from anyio import CapacityLimiter

from tests.unit.plugins.ping.serving.test_asked import COLLECTOR
from tests.unit.web.conftest import WALL, Ask
from WardenServer.errors import Unreachable
from WardenServer.settings import config
from WardenServer.web import ping_data
from WardenServer.web.ping_data import ADDRESSES

DAY = int(datetime(2007, 8, 6, tzinfo=UTC).timestamp())
QUERY = f"/ping_data?{COLLECTOR}"
ELSEWHERE = {"client": "192.0.2.9", "ping_serve": True}


def raw(time: int, host: str = "far.example.org") -> str:
    return f"here.example.org 192.0.2.1 {host} 192.0.2.2 100 {time} 10 10 1.1 1.2 1.3\n"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with a table [ping]; the folder of its raw data, which has a line a minute of one day."""
    file, folder = tmp_path / "warden.toml", tmp_path / "raw"
    file.write_text(f'[ping]\nhosts = ["far.example.org"]\nfolder = "{folder}"\n')
    monkeypatch.setattr(config, "CONFIG_FILE", file)
    folder.mkdir()
    lines = (raw(time, f"host{time % 3}") for time in range(DAY, DAY + 86_400, 60))
    (folder / "ping-2007-08.txt").write_text("".join(lines))
    return folder


def test_a_collector_gets_the_lines_of_a_day(ask: Ask, kept: Path) -> None:
    with (kept / "ping-2007-08.txt").open("a") as file:
        file.write(raw(DAY + 86_399) + raw(DAY + 86_400) + raw(DAY + 86_400)[:-1])
    found = ask("GET", QUERY)
    assert found.headers["content-type"].startswith("text/plain")
    assert found.text.splitlines()[0] + "\n" == raw(DAY, f"host{DAY % 3}")
    assert found.text.endswith(raw(DAY + 86_399))
    assert found.text.count("\n") == 1441


@pytest.mark.parametrize("address", ADDRESSES)
def test_both_addresses_are_the_same(ask: Ask, kept: Path, address: str) -> None:
    found = ask("GET", f"{address}?in_form=1&begin={DAY + 59}&end={DAY + 61}")
    assert found.text == raw(DAY + 60, f"host{(DAY + 60) % 3}")


def test_an_empty_time_says_so_in_the_words_that_collectors_know(ask: Ask, kept: Path) -> None:
    found = ask("GET", f"/ping_data?in_form=1&begin={DAY - 100}&end={DAY - 50}")
    assert (found.status_code, found.text) == (200, "No data\n")
    assert found.headers["content-type"].startswith("text/plain")


def test_a_folder_that_is_not_there_has_no_data(ask: Ask, kept: Path) -> None:
    (kept / "ping-2007-08.txt").unlink()
    kept.rmdir()
    assert ask("GET", QUERY).text == "No data\n"


def test_only_some_hosts(ask: Ask, kept: Path) -> None:
    found = ask("GET", f"{QUERY}&host=HOST0&host=").text.splitlines()
    assert found
    assert all(line.split()[2] == "host0" for line in found)
    assert ask("GET", f"{QUERY}&host=host0&host=host1&host=host2").text.count("\n") == 1440
    assert ask("GET", f"{QUERY}&host=elsewhere").text == "No data\n"


@pytest.mark.parametrize("host", ["a%20b", "a%0A", "%20", "x" * 256])
def test_what_is_no_host_is_refused(ask: Ask, kept: Path, host: str) -> None:
    refused = ask("GET", f"{QUERY}&host={host}")
    assert refused.status_code == 400
    assert "write the name or the address of one host" in refused.json()["error"]


def test_without_in_form_there_is_a_form_that_may_be_sent_here(ask: Ask, kept: Path) -> None:
    found = ask("GET", "/ping_data")
    assert found.headers["content-type"].startswith("text/html")
    assert "<form" in found.text
    assert "form-action 'self'" in found.headers["content-security-policy"]


def test_help_is_plain_text(ask: Ask, kept: Path) -> None:
    found = ask("GET", "/ping_data?help=1")
    assert found.headers["content-type"].startswith("text/plain")
    assert "begin_offset" in found.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("begin_month=13", "begin_month is '13'; write a month from 1 to 12"),
        ("in_form=1&begin=soon&end=2", "begin is 'soon'; write Unix seconds, such as 1301011226"),
        ("in_form=1&begin=3&end=2", "begin is 3 and end 2 in Unix seconds; give the earlier time as begin"),
        ("in_form=1&begin=3", "end_year is missing; add it, or give end in Unix seconds"),
        ("in_form=1&beginn=3", "there is no parameter 'beginn'; there are: begin, "),
        ("begin=1&begin=2", "parameter begin is given 2 times; 1 is the most"),
    ],
)
def test_what_means_nothing_is_refused(ask: Ask, kept: Path, query: str, sentence: str) -> None:
    refused = ask("GET", f"/ping_data?{query}")
    assert refused.status_code == 400
    assert refused.json()["error"].startswith(sentence)


def test_a_head_has_no_body(ask: Ask, kept: Path) -> None:
    found = ask("HEAD", QUERY)
    assert (found.status_code, found.content) == (200, b"")
    assert found.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("address", ADDRESSES)
def test_without_the_table_there_is_nothing_to_give(ask: Ask, address: str) -> None:
    refused = ask("GET", address)
    assert refused.status_code == 404
    assert "no table [ping]" in refused.json()["error"]


@pytest.mark.parametrize(("asks", "status", "said"), [(ELSEWHERE, 503, "log of the web server"), ({}, 404, "at_once")])
def test_what_is_wrong_in_the_settings_is_not_for_everybody(
    ask: Ask, kept: Path, tmp_path: Path, asks: dict[str, Any], status: int, said: str
) -> None:
    with (tmp_path / "warden.toml").open("a") as file:
        file.write('at_once = "many"\n')
    found = ask("GET", QUERY, **asks)
    assert (found.status_code, said in found.text, "many" in found.text) == (status, True, status == 404)


def test_a_file_that_cannot_be_read_is_said_before_the_answer_begins(ask: Ask, kept: Path) -> None:
    with mock.patch.object(ping_data, "blocks", side_effect=Unreachable("ping-2007-08.txt cannot be read")):
        assert ask("GET", QUERY).status_code == 503


# -- who may


@pytest.mark.parametrize("address", ADDRESSES)
def test_others_may_not_unless_it_is_said(ask: Ask, kept: Path, address: str) -> None:
    for query in ("", f"?{COLLECTOR}", "?help=1"):
        assert ask("GET", address + query, client="192.0.2.9").status_code == 401
        assert ask("GET", address + query, web_login="always").status_code == 401
    wall = {"Authorization": f"Bearer {WALL}"}
    assert ask("GET", address, client="192.0.2.9", headers=wall).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("host", ["192.0.2.1:8060", "pinger.example.org", "PINGER.example.org:80", ""])
def test_with_ping_serve_others_may_under_any_name(ask: Ask, kept: Path, address: str, host: str) -> None:
    found = ask("GET", f"{address}?{COLLECTOR}", headers={"Host": host}, web_login="always", **ELSEWHERE)
    assert found.text.count("\n") == 1440


@pytest.mark.parametrize(
    "url", ["/api/me", "/", "/api/documents", "/metrics", "/ping_data/", "//ping_data", "/ping_Data"]
)
def test_with_ping_serve_nothing_else_is_open(ask: Ask, kept: Path, url: str) -> None:
    refused = ask("GET", url, headers={"Host": "pinger.example.org"}, **ELSEWHERE)
    assert refused.status_code == 400
    assert "web_hosts" in refused.json()["error"]


@pytest.mark.parametrize("url", ["/api/documents", "/api/fields", "/metrics", "/api/events"])
def test_with_ping_serve_the_rest_needs_a_login(ask: Ask, kept: Path, url: str) -> None:
    assert ask("GET", url, **ELSEWHERE).status_code == 401


def test_with_ping_serve_nobody_can_change_anything(ask: Ask, kept: Path) -> None:
    assert ask("POST", "/ping_data", json={}, **ELSEWHERE).status_code == 405


def test_without_ping_serve_a_strange_name_is_refused(ask: Ask, kept: Path) -> None:
    assert ask("GET", QUERY, headers={"Host": "pinger.example.org"}).status_code == 400


# -- limits


def lines_of(rest: Generator[bytes, None, None], answers: CapacityLimiter) -> list[dict[str, Any]]:
    """What an answer with lines sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.3"}}
    asyncio.run(ping_data._Lines(b"a\n", rest, CapacityLimiter(1), answers)(scope, receive, send))
    return sent


def test_so_many_answers_at_a_time() -> None:
    closed = []

    def blocks() -> Generator[bytes, None, None]:
        try:
            yield b"b\n"
        finally:
            closed.append(True)

    answers = CapacityLimiter(1)
    sent = lines_of(blocks(), answers)
    assert (sent[0]["status"], b"".join(each.get("body", b"") for each in sent)) == (200, b"a\nb\n")
    assert answers.available_tokens == 1
    answers.acquire_on_behalf_of_nowait("another")
    begun = blocks()
    next(begun)
    refused = lines_of(begun, answers)
    assert refused[0]["status"] == 503
    assert b"too many ask" in refused[1]["body"]
    assert closed == [True, True]


@pytest.fixture
def opened() -> Iterator[Callable[[], int]]:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    yield lambda: len(os.listdir("/proc/self/fd")) - before  # noqa: PTH208


def test_no_file_stays_open(ask: Ask, kept: Path, opened: Callable[[], int]) -> None:
    ask("HEAD", QUERY)
    ask("GET", QUERY)
    assert opened() == 0
