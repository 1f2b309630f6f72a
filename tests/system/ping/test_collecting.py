"""Collecting from real servers that answer well, slowly, or lie."""

import gzip
import re
import socket
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.system.conftest import free_port
from tests.system.ping.lying_host import Host, lying_host
from tests.system.ping.namespaces import skip_without_ipv6
from tests.unit.plugins.ping.archive.files import DAY, begin_of, days, put, raw
from WardenServer.plugins.common.ping.archive import collecting, day_file, fetching, storing
from WardenServer.plugins.common.ping.archive.collecting import Got
from WardenServer.plugins.common.ping.archive.day_file import Seen
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.configuration import Archive

#: Seconds that a host may say nothing that says nothing for ever.
PATIENCE = 0.5
GOOD = ["good", "plain_close", "gzip", "chunked", "redirect/4"]


def fetch(root: Path, *monitors: Monitor, of: list[date] | None = None, again: bool = False, **more: Any) -> list[Got]:
    is_silent = any(monitor.url.endswith(("/held", "/silent")) for monitor in monitors)
    settings = {"patience": PATIENCE if is_silent else 20.0, "largest": 1_000_000, **more}
    return collecting.collect(Archive(root, **settings), monitors, of or [DAY], again)


def one(root: Path, host: Host, way: str, **more: Any) -> Got:
    [got] = fetch(root, Monitor("m", host.way(way)), **more)
    return got


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def text(root: Path, name: str = "m", day: date = DAY) -> bytes:
    return gzip.decompress(Folders(root).raw(name, day).read_bytes())


# -- whole answers


@pytest.mark.parametrize("way", GOOD)
def test_a_whole_answer_becomes_the_file_of_its_day(root: Path, host: Host, way: str):
    assert one(root, host, way) == Got(Monitor("m", host.way(way)), DAY, 40)
    assert text(root) == raw(DAY, 40)
    assert files(root) == ["data/m/ping-2026-11-25.txt.gz"]
    if way == "good":
        assert host.queries[0] == "&".join(f"{name}={value}" for name, value in fetching.query(DAY).items())


def test_the_query_stands_beside_that_of_the_url(root: Path, host: Host):
    fetch(root, Monitor("m", f"{host.way('good')}?sites=all"))
    assert host.queries[0].startswith("sites=all&in_form=1&begin_hour=00&")


def test_user_and_password_go_to_the_host_alone(root: Path, host: Host):
    with lying_host() as other:
        url = host.way("error").replace("http://", "http://user:hunter2hunter2@")
        [got] = fetch(root, Monitor("m", url))
        assert host.users == ["Basic dXNlcjpodW50ZXIyaHVudGVyMg=="] and "hunter2" not in got.trouble
        assert other.users == []


def test_no_data_makes_no_file_and_takes_none_away(root: Path, host: Host):
    assert one(root, host, "nothing") == Got(Monitor("m", host.way("nothing")), DAY)
    assert files(root) == []
    one(root, host, "good")
    assert one(root, host, "nothing", again=True) == Got(Monitor("m", host.way("nothing")), DAY, 40)
    assert text(root) == raw(DAY, 40)


def test_days_over_the_end_of_a_month(root: Path, host: Host):
    of = days(date(2024, 2, 27), 4)
    found = fetch(root, Monitor("m", host.way("good")), of=[*reversed(of), of[0]])
    assert [(got.day, got.lines) for got in found] == [(day, 40) for day in of]
    assert [day for _, day in host.asked] == of, "one after the other"
    assert all(text(root, day=day) == raw(day, 40) for day in of)


def test_today_and_the_future_are_left_out(root: Path, host: Host):
    today = datetime.now(UTC).date()
    found = fetch(root, Monitor("m", host.way("good")), of=days(today - timedelta(1), 4))
    assert [got.day for got in found] == [today - timedelta(1)]
    assert len(host.asked) == 1


def test_an_address_of_ipv6_may_be_the_name(root: Path):
    skip_without_ipv6()
    with lying_host(socket.AF_INET6) as host:
        [got] = fetch(root, Monitor("::1", host.way("good")))
    assert got.lines == 40 and text(root, "::1") == raw(DAY, 40)


def test_our_own_data_are_taken_from_our_files(root: Path, tmp_path: Path):
    own = tmp_path / "own"
    own.mkdir()
    before, of, after = raw(date(2026, 11, 30), 5, "me"), raw(date(2026, 12, 1), 500, "me"), b"half a line"
    (own / "ping-2026-11.txt").write_bytes(before)
    (own / "ping-2026-12.txt").write_bytes(of + after)
    found = fetch(root, Monitor("me", ""), of=days(date(2026, 11, 29), 3), own_folder=own)
    today = datetime.now(UTC).date()
    expected = [(date(2026, 11, 29), 0), (date(2026, 11, 30), 5), (date(2026, 12, 1), 500)]
    assert [(got.day, got.lines) for got in found] == [each for each in expected if each[0] < today]
    if date(2026, 12, 1) < today:
        assert text(root, "me", date(2026, 12, 1)) == of


# -- what is there already


def test_what_is_there_and_whole_is_not_fetched_again(root: Path, host: Host):
    one(root, host, "good")
    assert one(root, host, "good").had and len(host.asked) == 1
    before = Folders(root).raw("m", DAY).read_bytes()
    assert not one(root, host, "good", again=True).had and len(host.asked) == 2
    assert Folders(root).raw("m", DAY).read_bytes() == before, "the same data make the same bytes"


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(raw(DAY, 100))[:-10], gzip.compress(b"No data")],
                         ids=["empty", "no gzip", "half a gzip", "no data"])  # fmt: skip
def test_what_is_there_and_damaged_is_replaced_by_less(root: Path, host: Host, content: bytes):
    put(root, "m", DAY, content)
    assert one(root, host, "good").lines == 40
    assert text(root) == raw(DAY, 40)


def test_what_was_fetched_during_its_day_is_fetched_again(root: Path, host: Host):
    put(root, "m", DAY, 30, datetime(2026, 11, 25, 23, 59, tzinfo=UTC))
    assert one(root, host, "good").lines == 40
    assert one(root, host, "good").had


@pytest.mark.parametrize(("lines", "left"), [(39, 40), (40, 40), (41, 41)])
def test_fewer_lines_replace_no_more(root: Path, host: Host, lines: int, left: int):
    one(root, host, "good")
    host.lines = lines
    assert one(root, host, "good", again=True) == Got(Monitor("m", host.way("good")), DAY, left)
    assert text(root) == raw(DAY, left)


# -- lies

LIES = {
    "silent": "does not answer (ReadTimeout); start it, or correct its URL",
    "held": "does not answer (ReadTimeout); start it, or correct its URL",
    "error": "answers with status 500; see its log",
    "gone": "answers with status 404; correct its URL",
    "unchanged": "answers with status 304; correct its URL",
    "half_gzip": "sends half a gzip; fetch it again",
    "bad_gzip": "does not answer as it should (Error -3 while decompressing data",
    "no_gzip": "does not answer as it should (Error -3 while decompressing data",
    "brotli": "packs its answer as 'br', for which nobody asked",
    "bomb": "sends more than 1000000 bytes; correct its URL, or raise `largest`",
    "cut": "does not answer as it should (peer closed connection",
    "chunked_cut": "does not answer as it should (peer closed connection",
    "within_line": "sends an answer that ends within a line; fetch it again",
    "page": "sends a page in place of raw data; correct its URL",
    "other_lines": "sends something else than raw data of 2026-11-25 (0 of 50 lines are that); correct its URL",
    "wrong_day": "sends something else than raw data of 2026-11-25 (0 of 40 lines are that); correct its URL",
    "empty": 'sends nothing, not even "No data"; see its log',
    "endless": "sends more than 1000000 bytes; correct its URL, or raise `largest`",
    "endless_line": "sends no lines; correct its URL",
    "round": "redirects more than 5 times; correct its URL",
    "redirect/9": "redirects more than 5 times; correct its URL",
    "elsewhere": "does not answer as it should (Request URL has an unsupported protocol 'ftp://'.)",
    "nowhere": "does not answer (",
    "no_http": "does not answer as it should (Server disconnected without sending a response.); correct its URL",
}


@pytest.mark.parametrize("way", LIES)
def test_a_lie_is_a_sentence_and_what_was_there_is_kept(root: Path, host: Host, way: str):
    before = put(root, "m", DAY, 12).read_bytes()
    got = one(root, host, way, again=True)
    assert got.trouble.startswith("m ") and LIES[way] in got.trouble
    assert (got.lines, got.had) == (12, False)
    assert Folders(root).raw("m", DAY).read_bytes() == before
    assert files(root) == ["data/m/ping-2026-11-25.txt.gz"]


@pytest.mark.parametrize("way", ["half_gzip", "cut", "page", "within_line"])
def test_a_lie_leaves_nothing_behind(root: Path, host: Host, way: str):
    assert one(root, host, way).lines == 0
    assert files(root) == []


def test_a_redirection_whose_page_has_no_end_is_followed_all_the_same(root: Path, host: Host):
    assert one(root, host, "endless_redirect") == Got(Monitor("m", host.way("endless_redirect")), DAY, 40)


def test_a_day_has_a_limit_as_a_whole(root: Path, host: Host, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(storing, "WHOLE", 0.3)
    assert one(root, host, "drip").trouble == "m does not end its answer within 0.3 s; see its log"
    assert files(root) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}/x", r"m \(http://127.0.0.1:\d+/x\) does not answer \(All connection"),
        ("http://a:hunter2hunter2@127.0.0.1:{port}/x?token=hunter2", r"m \(http://127.0.0.1:\d+/x\) does not answer"),
        ("http://name.invalid/x", r"m \(http://name.invalid/x\) does not answer"),
        ("ftp://127.0.0.1/x", "m has a URL that is none; write https://HOST/PATH"),
        ("http:///x", "m has a URL that is none; write https://HOST/PATH"),
        ("http://user:hunter2#@a:b", "m has a URL that is none; write https://HOST/PATH"),
        ("http://[::/x", "m has a URL that is none; write https://HOST/PATH"),
        ("http://" + "a" * 300 + "/", "m .*(cannot be asked|does not answer)"),
        ("http://a\0b/", "m has a URL that is none; write https://HOST/PATH"),
        ("https://127.0.0.1:{tls}/x", "m .*(does not answer|does not answer as it should)"),
    ],
)
def test_a_host_that_is_not_there_is_said_without_secrets(root: Path, host: Host, url: str, said: str):
    [got] = fetch(root, Monitor("m", url.format(port=free_port(), tls=host.url.rpartition(":")[2])))
    assert got.lines == 0 and re.match(said, got.trouble), got.trouble
    assert "hunter2" not in got.trouble


def test_a_host_that_is_not_there_is_asked_once_and_has_what_it_has(root: Path, host: Host):
    of = days(DAY - timedelta(3), 4)
    put(root, "m", of[1], 12)
    put(root, "m", of[2], 5, datetime(2026, 1, 1, tzinfo=UTC))
    found = fetch(root, Monitor("m", host.way("silent")), of=of)
    assert len(host.asked) == 1
    assert [got.had for got in found] == [False, True, False, False]
    assert [got.lines for got in found] == [0, 12, 5, 0]
    assert len({got.trouble for got in found}) == 2


def test_a_lie_of_one_day_does_not_keep_from_the_next(root: Path, host: Host):
    found = fetch(root, Monitor("m", host.way("error")), of=days(DAY - timedelta(2), 3))
    assert len(host.asked) == len(found) == 3


def test_a_name_that_leads_elsewhere_is_refused(root: Path, host: Host, tmp_path: Path):
    [got] = fetch(root, Monitor("../../x", host.way("good")))
    assert "is no host; write" in got.trouble and host.asked == []
    assert files(tmp_path) == []


def test_a_place_that_cannot_be_written_is_said(root: Path, host: Host):
    root.mkdir()
    (root / "data").touch()
    got = one(root, host, "good")
    assert got.trouble.endswith("cannot be written (Not a directory); make room, or correct its rights")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_said_and_what_was_there_is_kept(root: Path, host: Host):
    path = put(root, "m", DAY, 12)
    path.with_suffix(".part").symlink_to("/dev/full")
    host.lines = 5000
    got = one(root, host, "good", again=True)
    assert "cannot be written (No space left on device); make room" in got.trouble
    assert day_file.look(path) == Seen(12)


# -- side by side


def test_hosts_are_asked_side_by_side(root: Path, host: Host):
    host.together = threading.Barrier(4)
    hosts = [Monitor(f"m{number}", host.way("together")) for number in range(8)]
    found = fetch(root, *hosts, at_once=4)
    assert [(got.monitor, got.lines) for got in found] == [(each, 40) for each in hosts]
    assert host.most == 4


def test_a_bad_host_keeps_no_other_waiting(root: Path, host: Host):
    told: list[str] = []
    hosts = [Monitor("bad", host.way("held")), Monitor("good", host.way("good"))]

    def got(one: Got) -> None:
        told.append(one.monitor.name)
        host.free.set()  # only once the good one is done

    collecting.collect(Archive(root), hosts, [DAY], got=got)
    assert told == ["good", "bad"]


def test_what_is_done_is_told_in_the_callers_thread(root: Path, host: Host):
    threads: set[threading.Thread] = set()
    collecting.collect(
        Archive(root), [Monitor("m", host.way("good"))], [DAY], got=lambda one: threads.add(threading.current_thread())
    )
    assert threads == {threading.current_thread()}


def test_it_can_be_ended_while_hosts_say_nothing(root: Path, host: Host):
    stopping, found = threading.Event(), list[list[Got]]()
    hosts = [Monitor("a", host.way("good")), Monitor("b", host.way("silent")), Monitor("c", host.way("held"))]
    thread = threading.Thread(
        target=lambda: found.append(collecting.collect(Archive(root), hosts, days(DAY, 1), stopping=stopping))
    )
    thread.start()
    wait_for(lambda: host.held == 2 and len(host.asked) == 3)
    stopping.set()
    thread.join(10)
    assert [[got.monitor.name for got in each] for each in found] == [["a"]]
    assert files(root) == ["data/a/ping-2026-11-25.txt.gz"]


def test_what_is_told_may_raise(root: Path, host: Host):
    def got(one: Got) -> None:
        raise KeyError("any")

    with pytest.raises(KeyError, match="any"):
        collecting.collect(Archive(root), [Monitor(name, host.way("good")) for name in "abc"], [DAY], got=got)


def test_a_proxy_of_the_environment_is_used(root: Path, host: Host, monkeypatch: pytest.MonkeyPatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", host.url)
    [got] = fetch(root, Monitor("m", "http://name.invalid/good"))
    assert got.trouble == "" and got.lines == 40


def test_a_file_has_the_mode_of_the_umask(root: Path, host: Host):
    one(root, host, "good")
    assert Folders(root).raw("m", DAY).stat().st_mode & 0o777 == 0o644


def test_the_times_of_a_day_end_with_its_last_second():
    assert raw(DAY, 2).splitlines()[-1].split()[5] == str(begin_of(DAY) + 86399).encode()
