"""A hub with the table [ping]: real pings, what it publishes and writes, and what a restart, a kill and a reload do."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub
from tests.system.ping.namespaces import skip_without_ipv6

#: All that ships besides is left out.
OTHERS = "host,processes,tango_database,tango_servers"
#: Short sets, so that a round takes a second.
HOSTS = ["127.0.0.1 send=3", "::1 send=3", "nowhere.invalid send=3", "2001:db8::1 send=3"]
TABLE = {
    "hosts": HOSTS, "name": "here.example.org", "address": "192.0.2.250", "wait": 0.05, "patience": 0.3, "every": 600,
}  # fmt: skip

Make = Callable[..., Hub]


@pytest.fixture
def make(hub: MakeHub, tmp_path: Path) -> Make:
    """A hub that pings: make(method="fping", within=[...])."""

    def start(within: tuple[str, ...] = (), **more: object) -> Hub:
        said = {**TABLE, "folder": str(tmp_path / "pings"), **more}
        if HOSTS[1] in said["hosts"]:
            skip_without_ipv6()
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
        (tmp_path / "warden.toml").write_text(f"[ping]\n{lines}")
        return hub(shipped="yes", disabled=OTHERS, within=within)

    return start


def lines(tmp_path: Path) -> list[list[str]]:
    paths = sorted((tmp_path / "pings").glob("ping-*.txt"))
    return [line.split(" ") for path in paths for line in path.read_text().splitlines()]


def whole(server: Hub, hosts: int = 4) -> dict[str, object]:
    """Wait for the end of a round, and until the documents of all hosts are those of the same result."""
    server.wait_document("ping", "hosts", hosts, 30)
    wait_for(lambda: server.document("ping").get("took") is not None, 30, "for the end of a round")
    document = server.document("ping")
    for line in HOSTS[:hosts]:
        key = f"ping.{line.split()[0]}"
        wait_for(lambda key=key: server.document(key).get("timestamp", 0) >= document["timestamp"], 20, f"for {key}")
    return document


def test_documents_attributes_and_raw_lines(make: Make, tmp_path: Path) -> None:
    server = make()
    document = whole(server)
    assert {name: document[name] for name in ("answering", "silent", "without_name", "lines", "skipped")} == {
        "answering": 2, "silent": 1, "without_name": 1, "lines": 3, "skipped": 0,
    }  # fmt: skip
    assert document["method"] == "raw" and document["problem"] == ""
    assert document["loss"] == pytest.approx(100 / 3)
    assert server.document("ping.silent")["servers"] == ["2001:db8::1"]

    host = server.document("ping.127.0.0.1")
    assert (host["state"], host["loss_100"], host["address"], host["method"]) == ("answers", 0.0, "127.0.0.1", "raw")
    assert 0 < host["rtt_min_100"] <= host["rtt_avg_100"] <= host["rtt_max_100"]
    assert host["jitter_100"] is not None
    assert server.document("ping.::1")["state"] == "answers"
    silent = server.document("ping.2001:db8::1")
    assert (silent["state"], silent["loss_100"], silent["rtt_avg_100"]) == ("silent", 100.0, None)
    unknown = server.document("ping.nowhere.invalid")
    assert (unknown["state"], unknown["loss_100"], unknown["address"]) == ("no name", None, "")

    assert server.wait_valid("ping_127_0_0_1_rtt_avg_100") == host["rtt_avg_100"]
    said = server.proxy.get_attribute_config("ping_127_0_0_1_rtt_avg_100")
    assert (said.unit, said.format, said.data_type) == ("ms", "%.3f", tango.DevDouble)
    assert server.proxy.read_attribute("ping_2001_db8_1_loss_100").value == 100.0
    quality = server.proxy.read_attribute("ping_problem").quality
    assert quality == tango.AttrQuality.ATTR_VALID
    at = server.proxy.read_attribute("ping_127_0_0_1_loss_100").time.totime()
    assert at == pytest.approx(host["measured"], abs=0.01)

    found = {line[2]: line for line in lines(tmp_path)}
    assert found.keys() == {"127.0.0.1", "::1", "2001:db8::1"}
    assert all(line[:2] == ["here.example.org", "192.0.2.250"] for line in found.values())
    assert {name: len(line) for name, line in found.items()} == {"127.0.0.1": 17, "::1": 17, "2001:db8::1": 8}
    assert found["127.0.0.1"][4] == "100" and found["127.0.0.1"][6:8] == ["3", "3"]


def test_a_round_that_is_asked_for_a_reload_a_restart_and_a_kill(make: Make, tmp_path: Path) -> None:
    server = make(hosts=HOSTS[:1])
    whole(server, 1)

    def ask() -> bool:
        with suppress(tango.DevFailed):  # a busy machine may answer late
            return json.loads(server.proxy.AskAgent(["ping", '{"round": true}'])).get("round") is True
        return False

    wait_for(ask)
    wait_for(lambda: len(lines(tmp_path)) == 2, 20, "for the round that was asked for")
    with pytest.raises(tango.DevFailed, match=r'ask {"round": true}'):
        server.proxy.AskAgent(["ping", '{"ring": true}'])

    (tmp_path / "warden.toml").write_text((tmp_path / "warden.toml").read_text().replace("send=3", "send=2"))
    server.proxy.Reload()
    wait_for(lambda: ask() or lines(tmp_path)[-1][6] == "2", 20, "for a round after the reload")

    wait_for(ask, 20, "for its end")
    wait_for(ask, 20, "for the end of one more")
    written = len(lines(tmp_path))
    before = set(psutil.Process(server.pid).children(recursive=True))
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    wait_for(lambda: not server.alive and not any(child.is_running() for child in before), 10, "for the end of all")
    server.start()
    document = whole_after_start(server)
    assert document["lines"] == 0, "the slot has had its round"
    assert all(len(line) in (15, 17) for line in lines(tmp_path)), "whole lines, whatever ends it"
    assert written <= len(lines(tmp_path)) <= written + 1


def whole_after_start(server: Hub) -> dict[str, object]:
    """Wait until a new hub knows when it measures next."""
    server.wait_document("ping", "lines", 0, 20)
    wait_for(lambda: server.document("ping").get("next") is not None, 20)
    return server.document("ping")


@pytest.mark.parametrize("method", ["fping", "ping", "tcp"])
def test_other_methods_by_force(make: Make, tmp_path: Path, method: str) -> None:
    if method != "tcp" and shutil.which(method) is None:
        pytest.skip(f"{method} is not installed")
    server = make(method=method, wait=0.1)
    document = whole(server)
    assert (document["method"], document["answering"], document["silent"]) == (method, 2, 1)
    for name in ("127.0.0.1", "::1"):
        host = server.document(f"ping.{name}")
        assert (host["loss_100"], host["method"]) == (0.0, method)
        assert host["marks"] == ("tcp" if method == "tcp" else "")
    marks = [path.read_text().splitlines() for path in (tmp_path / "pings").glob("marks-*.jsonl")]
    if method == "tcp":
        assert not lines(tmp_path) and len(marks[0]) == 3
    else:
        assert len(lines(tmp_path)) == 3 and not marks


def test_a_named_method_that_is_not_allowed_is_said_with_its_cure(make: Make) -> None:
    server = make(method="unprivileged", hosts=HOSTS[:1], within=without_raw())
    document = whole(server, 1)
    assert 'the method "unprivileged" cannot be used' in str(document["problem"])
    assert "ping_group_range" in str(document["problem"])
    assert server.document("ping.127.0.0.1")["state"] == "not measured"
    server.wait_valid("ping_problem")
    assert server.proxy.read_attribute("ping_problem").quality == tango.AttrQuality.ATTR_WARNING


def without_raw() -> tuple[str, ...]:
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    if Path("/proc/sys/net/ipv4/ping_group_range").read_text().split() != ["1", "0"]:
        pytest.skip("this machine lets everybody ping")
    return ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def test_without_the_right_to_raw_sockets_it_falls_back_and_says_so(make: Make) -> None:
    server = make(within=without_raw())
    document = whole(server)
    assert document["method"] in ("fping", "ping", "tcp")
    assert document["answering"] == 2
    said = f"IPv4 is measured by {document['method']}, since a socket for raw ICMP over IPv4"
    assert said in str(document["problem"]) and "CAP_NET_RAW" in str(document["problem"])
