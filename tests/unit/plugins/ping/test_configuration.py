"""The tables [ping] and [ping_archive]: what they mean, their defaults, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping import configuration
from WardenServer.plugins.common.ping.configuration import Archive, Ping, read_archive, read_ping
from WardenServer.plugins.common.ping.hosts import Host, Pings

GIVEN = {"folder": "/state/ping", "hosts": ["www.desy.de"]}
ARCHIVE = {"folder": "/state/archive"}


def test_a_host_is_all_that_is_needed() -> None:
    assert read_ping(GIVEN) == Ping(Path("/state/ping"), hosts=(Host("www.desy.de"),))
    assert read_ping({"folder": "/state/ping", "beacons": "/etc/beacons.txt"}).beacons == "/etc/beacons.txt"


def test_all_that_can_be_said() -> None:
    ping = read_ping({
        "folder": "/data", "name": "me.desy.de", "address": "192.0.2.1", "beacons": "https://u:p@h:8443/b.txt?x=1",
        "hosts": ["a.b", "c.d send=3 wait=0.2", "# nothing"], "refresh": "2h", "pings": ["5x64", "6x1400"],
        "wait": 0.5, "every": "10min", "phase": 30, "patience": 2, "at_once": 50, "rate": 1000,
        "method": "fping", "tcp_port": 443, "attributes": 0, "gateway": "gw.desy.de", "keep_months": 2,
    })  # fmt: skip
    default = Host("", pings=(Pings(5, 64), Pings(6, 1400)), wait=0.5)
    hosts = (Host("a.b", pings=default.pings, wait=0.5), Host("c.d", pings=(Pings(3, 64),), wait=0.2))
    assert ping == Ping(
        Path("/data"), "me.desy.de", "192.0.2.1", hosts, "https://u:p@h:8443/b.txt?x=1", 7200.0, default, 600.0, 30.0,
        2.0, 50, 1000.0, "fping", 443, 0, "gw.desy.de", 2,
    )  # fmt: skip


def test_what_is_empty_is_as_if_it_was_not_given() -> None:
    assert read_ping({**GIVEN, "name": "", "address": "", "beacons": "", "gateway": ""}) == read_ping(GIVEN)
    assert read_archive({**ARCHIVE, "nodes": ""}) == read_archive(ARCHIVE)


@pytest.mark.parametrize(("said", "phase"), [("random", None), (0, 0.0), ("1min", 60.0), (1799, 1799.0)])
def test_the_phase(said: Any, phase: float | None) -> None:
    assert read_ping({**GIVEN, "phase": said}).phase == phase


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"hosts": ["a"]}, r"\[ping\] needs folder"),
        ({"folder": "/data"}, r'\[ping\] names no host; add hosts = \["www.example.org"\], or beacons'),
        ({"folder": "/data", "hosts": ["# a.b"]}, "names no host"),
        ({**GIVEN, "hots": []}, 'unknown setting "hots"; did you mean "hosts"?'),
        ({**GIVEN, "hosts": "a.b"}, "hosts is 'a.b'; write a list of lines"),
        ({**GIVEN, "hosts": [1]}, "write a list of lines"),
        ({**GIVEN, "hosts": ["../x"]}, r"\[ping\]: hosts: '../x': name is '../x'; write a name"),
        ({**GIVEN, "hosts": ["a", "a"]}, "take one of the lines out"),
        ({**GIVEN, "name": "a b"}, "name is 'a b'; write a name"),
        ({**GIVEN, "name": 1}, "write a text in quotes"),
        ({**GIVEN, "address": "a.b"}, "address is 'a.b'; write an address"),
        ({**GIVEN, "gateway": "../x"}, "gateway is '../x'; write a name"),
        ({**GIVEN, "pings": []}, r'pings is \[\]; write a list, such as \["10x100"'),
        ({**GIVEN, "pings": ["10x100", "10x100"]}, "write each once"),
        ({**GIVEN, "pings": ["0x100"]}, "a number of pings from 1 to 1000, and bytes from 16 to 65507"),
        ({**GIVEN, "pings": ["10x8"]}, "bytes from 16 to 65507"),
        ({**GIVEN, "pings": [100]}, "sets such as"),
        ({**GIVEN, "pings": ["10 x 100"]}, "sets such as"),
        ({**GIVEN, "wait": 0}, "from 0.01 to 60"),
        ({**GIVEN, "wait": "nan"}, "from 0.01 to 60"),
        ({**GIVEN, "wait": True}, "from 0.01 to 60"),
        ({**GIVEN, "patience": 0.01}, "from 0.1 to 3600"),
        ({**GIVEN, "every": 0}, 'a duration such as "30min", from 1 on'),
        ({**GIVEN, "every": "inf"}, "from 1 on"),
        ({**GIVEN, "every": "soon"}, "from 1 on"),
        ({**GIVEN, "every": [1]}, "from 1 on"),
        ({**GIVEN, "refresh": -1}, "from 1 on"),
        ({**GIVEN, "phase": "never"}, "phase is 'never'; write seconds"),
        ({**GIVEN, "phase": -1}, "phase is -1"),
        ({**GIVEN, "phase": 1800}, "phase is 1800 s, and a round begins every 1800 s; write less"),
        ({**GIVEN, "at_once": 0}, "a whole number from 1 to"),
        ({**GIVEN, "at_once": 2.0}, "a whole number from 1 to"),
        ({**GIVEN, "rate": 0}, "more than 0"),
        ({**GIVEN, "rate": float("nan")}, "more than 0"),
        ({**GIVEN, "rate": "fast"}, "more than 0"),
        ({**GIVEN, "method": "icmp"}, '"auto" or "raw" or "unprivileged" or "fping" or "ping" or "tcp"'),
        ({**GIVEN, "method": ["raw"]}, '"auto" or "raw"'),
        ({**GIVEN, "tcp_port": 70000}, "from 1 to 65535"),
        ({**GIVEN, "attributes": -1}, "from 0 to"),
        ({**GIVEN, "keep_months": True}, "from 0 to"),
        ({**GIVEN, "beacons": "beacons.txt"}, "beacons is wrong; write a URL such as"),
        ({**GIVEN, "beacons": "ftp://host/b"}, "beacons is wrong; write a URL that begins with http"),
        ({**GIVEN, "beacons": "http://"}, "write a URL that begins with http"),
        ({**GIVEN, "beacons": "http://h:99999/"}, "write a URL that begins with http"),
        ({**GIVEN, "beacons": "http://h/\n"}, "write a URL that begins with http"),
        ({**GIVEN, "beacons": 3}, "write a URL such as"),
    ],
)  # fmt: skip
def test_mistakes_in_ping(table: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        read_ping(table)


def test_a_password_is_not_said_again() -> None:
    for reads, table in (
        (read_ping, {**GIVEN, "beacons": "ftp://me:swordfish@host/b"}),
        (read_archive, {**ARCHIVE, "monitors": {"a.b": "ftp://me:swordfish@host/b"}}),
    ):
        with pytest.raises(SettingError) as raised:
            reads(table)  # type: ignore[operator]
        assert "swordfish" not in str(raised.value)


def test_an_archive() -> None:
    assert read_archive(ARCHIVE) == Archive(Path("/state/archive"))
    archive = read_archive({
        **ARCHIVE, "own": {**GIVEN, "name": "me.desy.de"}, "nodes": "/etc/nodes.csv", "at_once": 2, "patience": "2min",
        "monitors": {"a.b": "http://h/ping_data", "::1": "https://[::1]:8/x?y"}, "largest": 10_000,
        "unreachable_is_loss": True, "sizes": [1000], "by": ["node"],
    })  # fmt: skip
    assert archive == Archive(
        Path("/state/archive"), Path("/etc/nodes.csv"),
        {"a.b": "http://h/ping_data", "::1": "https://[::1]:8/x?y"}, Path("/state/ping"), "me.desy.de", 2, 120.0,
        10_000, True, (1000,), ("node",),
    )  # fmt: skip


def test_a_machine_that_names_itself_nowhere_has_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "full_name", lambda: "me.here")
    assert read_archive({**ARCHIVE, "own": GIVEN}).own_name == "me.here"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"folder": ""}, r"\[ping_archive\] needs folder"),
        ({"own": 3}, "own is 3; write nothing"),
        ({"own": {**GIVEN, "rate": 0}}, r"\[ping\]: rate is 0"),
        ({"own_name": "me"}, 'unknown setting "own_name"'),
        ({"nodes": "nodes.csv"}, "nodes is 'nodes.csv'; write a path that begins with /"),
        ({"monitors": ["a"]}, "monitors is wrong; write a table"),
        ({"monitors": {"../x": "http://h/"}}, "monitors is wrong; write a name"),
        ({"monitors": {"a.b": "http://h/", "A.B": "http://h/"}}, "write each host once"),
        ({"monitors": {"a.b": 3}}, "write a URL that begins with http"),
        ({"at_once": 0}, "from 1 to 1000"),
        ({"largest": "big"}, "from 1000 to 1000000000000"),
        ({"unreachable_is_loss": 1}, "write true or false"),
        ({"sizes": [64]}, "from 100 to 65507"),
        ({"sizes": []}, r"a list, such as \[100, 1000\]"),
        ({"sizes": "100"}, r"a list, such as \[100, 1000\]"),
        ({"by": ["beam"]}, '"site" or "node"'),
        ({"by": ["node", "node"]}, "each once"),
    ],
)
def test_mistakes_in_an_archive(more: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        read_archive({**ARCHIVE, **more})
