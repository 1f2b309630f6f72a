"""The documents as other programs read them: Memcached clients of other makers, and the bare protocol."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import libmc
import memcache
import pytest
from pymemcache.client.hash import HashClient

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, free_port
from WardenServer.local.local_servers import LocalMemcached
from WardenServer.machine.child import Child
from WardenServer.servers import client

Write = Callable[..., Path]

VALUES = """
import numpy as np
from WardenServer import NoData
INTERVAL = 0.1
def work(agent):
    return {"text": "20 °C 温 \\U0001f600 \\r\\nEND\\r\\n", "number": 100.25, "count": 3, "on": True, "list": [1, 2, 3],
            "curve": np.array([0.0, 0.5, float("nan")]), "image": np.eye(2), "texts": ["ä", ""], "empty": [],
            "nothing": None, "nodata": NoData("shut"), "nan": float("nan"), "timestamp": 1.5e9}
"""

DOCUMENT = {
    "text": "20 °C 温 \U0001f600 \r\nEND\r\n", "number": 100.25, "count": 3, "on": True, "list": [1, 2, 3],
    "curve": [0.0, 0.5, None], "image": [[1.0, 0.0], [0.0, 1.0]], "texts": ["ä", ""], "empty": [],
    "nothing": None, "nodata": None, "nan": None, "reason": "nodata: shut", "timestamp": 1.5e9,
}  # fmt: skip


class Raw:
    """The text protocol, as somebody speaks it with nc."""

    def __init__(self, server: str) -> None:
        host, _, port = server.partition(":")
        self._socket = socket.create_connection((host, int(port)), 5)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, line: str) -> list[str]:
        """The first line of the answer, as words."""
        self._socket.sendall(f"{line}\r\n".encode())
        return self._file.readline().decode().split()

    def get(self, key: str) -> tuple[str, bytes]:
        """Flags and value; ("", b"") when there is none."""
        answer = self.ask(f"get {key}")
        if answer == ["END"]:
            return "", b""
        value, name, flags, size = answer
        assert (value, name) == ("VALUE", key)
        data = self._file.read(int(size))
        assert self._file.readline() + self._file.readline() == b"\r\nEND\r\n"
        return flags, data

    def life(self, key: str) -> int | None:
        """Seconds that a document has to live, -1: for ever; None when there is none."""
        status, *flags = self.ask(f"mg {key} t")
        return int(flags[0].removeprefix("t")) if status == "HD" else None


def get_with_python_memcached(server: str, key: str) -> Any:
    client = memcache.Client([server])
    try:
        return client.get(key)
    finally:
        client.disconnect_all()


def get_with_libmc(server: str, key: str) -> Any:
    return libmc.Client([server]).get(key)


def get_raw(server: str, key: str) -> Any:
    with Raw(server) as raw:
        flags, value = raw.get(key)
    assert flags == "0"
    return value


@pytest.mark.parametrize("get", [get_with_python_memcached, get_with_libmc, get_raw])
def test_other_clients_read_the_json_text(hub: MakeHub, write: Write, get: Callable[[str, str], Any]) -> None:
    write("every", VALUES)
    server = hub()
    server.wait_document("every", "text")
    value = get(server.servers, f"{server.settings.prefix}every")
    assert isinstance(value, bytes), "the text alone, not an object of Python's"
    assert json.loads(value.decode("utf-8"), parse_constant=pytest.fail) == DOCUMENT
    assert "温".encode() in value, "for readers without JSON too"
    about = json.loads(get(server.servers, f"{server.settings.prefix}warden.{server.settings.instance}"))
    assert about["agents"]["every"]["key"] == "every"


def test_every_key_has_the_prefix_and_nothing_else_stands_in_memcached(
    hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    write("every", VALUES + 'KEY = "Ring"\n')
    with LocalMemcached(free_port(), tmp_path / "memcached") as memcached, Raw(memcached.address) as raw:
        server = hub(servers=memcached.address)
        own = f"warden.{server.settings.instance}"
        expected = {f"{server.settings.prefix}{key}" for key in ("Ring", own, f"{own}.stands")}
        wait_for(lambda: all(raw.get(key)[0] for key in expected))
        server.wait_state("RUNNING")
        assert keys(memcached.address) == expected


def keys(server: str) -> set[str]:
    """All keys of a Memcached."""
    found = set()
    with Raw(server) as raw:
        line = raw.ask("lru_crawler metadump all")
        while line != ["END"]:
            found.add(line[0].removeprefix("key="))
            line = raw._file.readline().decode().split()
    return found


AGENT = 'INTERVAL = {}\nKEY = "{}"\nOFFSET = 0.5\ndef work(agent):\n    return {{agent.name: 1}}\n'


def test_a_document_lives_ten_intervals_of_its_slowest_agent_and_at_least_ten_seconds(
    hub: MakeHub, write: Write
) -> None:
    write("fast", AGENT.format(0.1, "fast"))
    write("slow", AGENT.format(6, "slow"))
    write("both_fast", AGENT.format(0.1, "both"))
    write("both_slow", AGENT.format(4, "both"))
    server = hub()
    prefix = server.settings.prefix
    server.wait_document("slow", "slow")
    server.wait_document("both", "both_slow")
    server.wait_document("fast", "fast")
    with Raw(server.servers) as raw:
        # Memcached counts whole seconds: of a life just begun it says one less, for a moment.
        wait_for(lambda: raw.life(f"{prefix}fast") == 10)
        assert 9 <= (raw.life(f"{prefix}fast") or 0) <= 10
        wait_for(lambda: raw.life(f"{prefix}both") == 40)
        assert 52 <= (raw.life(f"{prefix}slow") or 0) <= 60
        assert 7 <= (raw.life(f"{prefix}warden.{server.settings.instance}") or 0) <= 10


def test_the_documents_of_a_hub_that_dies_vanish(hub: MakeHub, write: Write) -> None:
    write("fast", AGENT.format(0.1, "fast"))
    server = hub(expire="1")
    server.wait_document("fast", "fast")
    with Raw(server.servers) as raw:
        assert raw.life(f"{server.settings.prefix}fast") in (0, 1, 2)
        kill(server)
        wait_for(lambda: raw.life(f"{server.settings.prefix}fast") is None, 4)


def test_with_expire_0_the_documents_of_a_hub_that_dies_stay(hub: MakeHub, write: Write) -> None:
    write("fast", AGENT.format(0.1, "fast"))
    write("slow", AGENT.format(4, "slow"))
    server = hub(expire="0")
    server.wait_document("fast", "fast")
    server.wait_document("slow", "slow")
    kill(server)
    with Raw(server.servers) as raw:
        assert raw.life(f"{server.settings.prefix}fast") == -1
        assert raw.life(f"{server.settings.prefix}slow") == -1
        about = raw.life(f"{server.settings.prefix}warden.{server.settings.instance}")
        assert about is None or 0 <= about <= 10, "the hub itself is not passed off as alive"


def kill(server: Hub) -> None:
    """As a crash or a power cut does."""
    assert server._process is not None
    server._process.kill()
    wait_for(lambda: not server.alive)


# -- several servers with one key space

COUNT = 24  # documents; by chance all on one of two servers, once in eight millions


@contextmanager
def reader(servers: list[str]) -> Iterator[HashClient]:
    """pymemcache as others use it for several servers."""
    client = HashClient(servers)
    try:
        yield client
    finally:
        client.close()


def test_several_servers_are_one_key_space_for_pymemcache(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    for number in range(COUNT):
        write(f"agent{number}", AGENT.format(0.5, f"key{number}"))
    with (
        LocalMemcached(free_port(), tmp_path / "one") as one,
        LocalMemcached(free_port(), tmp_path / "other") as other,
        reader([one.address, other.address]) as client,
    ):
        server = hub(servers=f"{one.address},{other.address}")
        prefix = server.settings.prefix
        expected = {f"{prefix}key{number}": f"agent{number}" for number in range(COUNT)}
        wait_for(lambda: len(client.get_many(expected)) == COUNT)
        for key, agent in expected.items():
            assert json.loads(client.get(key))[agent] == 1
        assert json.loads(client.get(f"{prefix}warden.{server.settings.instance}"))["memcached"] == [
            one.address,
            other.address,
        ]
        server.wait_state("RUNNING")
        on_one, on_other = keys(one.address), keys(other.address)
        assert on_one
        assert on_other
        assert not on_one & on_other & expected.keys(), "each document stands on one server"


@pytest.mark.parametrize("loss", ["flushed", "restarted", "away"])
def test_each_of_several_servers_gets_its_documents_again_when_it_has_lost_them(
    hub: MakeHub, write: Write, tmp_path: Path, loss: str
) -> None:
    write("fast", AGENT.format(0.1, "fast"))
    for number in range(COUNT):  # that run once while the test goes on
        write(f"agent{number}", AGENT.format(1000, f"key{number}"))
    with (
        LocalMemcached(free_port(), tmp_path / "one") as one,
        LocalMemcached(free_port(), tmp_path / "other") as other,
    ):
        server = hub(servers=f"{one.address},{other.address}")
        expected = {f"{server.settings.prefix}key{number}" for number in range(COUNT)}

        def whole() -> bool:
            with reader([one.address, other.address]) as client:
                return client.get_many(expected).keys() == expected

        wait_for(whole)
        for lost in (one, other):
            lose(server, lost, loss)
            wait_for(whole, 10, f"for all documents; {server.log()[-1000:]}")
        server.wait_state("RUNNING")


def lose(server: Hub, memcached: LocalMemcached, how: str) -> None:
    """Let a Memcached lose all it has."""
    if how == "flushed":
        with Raw(memcached.address) as raw:
            assert raw.ask("flush_all") == ["OK"]
        return
    memcached.stop()
    if how == "away":
        server.wait_state("ALARM")
        assert "Memcached" in server.proxy.status()
    memcached.start()


def test_with_one_of_several_servers_away_the_others_get_their_documents(
    hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    for number in range(COUNT):
        write(f"agent{number}", AGENT.format(0.5, f"key{number}"))
    with (
        LocalMemcached(free_port(), tmp_path / "one") as one,
        LocalMemcached(free_port(), tmp_path / "other") as other,
    ):
        server = hub(servers=f"{one.address},{other.address}")
        expected = {f"{server.settings.prefix}key{number}" for number in range(COUNT)}
        wait_for(lambda: expected <= keys(one.address) | keys(other.address))
        server.wait_state("RUNNING")
        for away, there in ((one, other), (other, one)):
            away.stop()
            assert away.address in server.wait_state("ALARM")
            now = time.time()
            with Raw(there.address) as raw:
                for key in keys(there.address) & expected:
                    wait_for(lambda key=key: stamp(raw, key) > now, 3, f"for a new {key}; {server.log()[-1000:]}")  # noqa: B023
            away.start()
            server.wait_state("RUNNING")


def stamp(raw: Raw, key: str) -> float:
    """When a document was made; 0 when there is none."""
    _, value = raw.get(key)
    return float(json.loads(value)["timestamp"]) if value else 0.0


def test_a_memcached_on_a_unix_socket(hub: MakeHub, write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("socket")  # a short path: Unix takes 107 bytes
    folder.chmod(0o755)
    place = folder / "m.sock"
    write("ring", "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n")
    server = hub(servers=str(place))
    assert f"Memcached {place} does not answer" in server.wait_state("ALARM")
    with Child("memcached", ["memcached", "-u", "root", "-s", str(place)], folder / "out") as memcached:
        wait_for(place.exists)
        server.wait_document("ring", "x", 1)
        server.wait_state("RUNNING")
        memcached.stop()
        server.wait_state("ALARM")
    assert "listens on" not in server.log(), "no other machine reaches it"


def test_a_unix_socket_among_several_servers(
    hub: MakeHub, write: Write, tmp_path_factory: pytest.TempPathFactory, memcached: LocalMemcached
) -> None:
    folder = tmp_path_factory.mktemp("sockets")
    place = folder / "m.sock"
    for number in range(20):
        write(f"agent{number}", "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n")
    with Child("memcached", ["memcached", "-u", "root", "-s", str(place)], folder / "out"):
        wait_for(place.exists)
        server = hub(servers=f"unix:{place},{memcached.address}")
        readers = HashClient([f"unix:{place}", memcached.address], timeout=2)
        keys = [f"{server.settings.prefix}agent{number}" for number in range(20)]
        wait_for(lambda: len(readers.get_many(keys)) == len(keys))
        held = [sum(client.get(key) is not None for key in keys) for client in readers.clients.values()]
        assert sum(held) == len(keys)
        assert min(held) > 0
        readers.close()


PLACES = """
from WardenServer import NoData
INTERVAL = 0.1
KEY = "own"
FIELDS = {
    "servers": {"key": "starter.RunningServers", "form": "text"},
    "stamp": {"key": "starter.timestamp", "form": "float", "unit": "s"},
    "count": {"key": "starter.count", "form": "int"},
    "ok": {"key": "keithley.state", "form": "bool"},
    "Gap": {"key": "P022.undulator", "unit": "mm"},
    "State": {"key": "P022.undulator"},
}
def work(agent):
    if agent.settings["dark"]:
        raise NoData("shut")
    return {"servers": "a/1%b/2", "stamp": 1502190000.25, "count": 3, "ok": True, "Gap": 12.5, "State": "ON", "more": 1}
SETTINGS = {"dark": False}
"""


@pytest.mark.parametrize("apart", [False, True])
def test_one_agent_fills_several_documents_and_plain_keys_in_the_forms_of_old_readers(
    hub: MakeHub, write: Write, apart: bool
) -> None:
    write("places", PLACES + f"ISOLATE = {apart}\n")
    server = hub()
    server.wait_document("own", "more")
    old = memcache.Client([server.servers], debug=0)
    prefix = server.settings.prefix
    keys = ("starter.RunningServers", "starter.timestamp", "starter.count", "keithley.state")
    expected = ["a/1%b/2", 1502190000.25, 3, 1]  # to readers a bool is a number
    try:
        wait_for(lambda: None not in [old.get(prefix + key) for key in keys])
        assert [old.get(prefix + key) for key in keys] == [b"a/1%b/2", *expected[1:]]
    finally:
        old.disconnect_all()
    with Raw(server.servers) as raw:
        assert raw.get(f"{prefix}starter.timestamp") == ("1", b"F1502190000.25\n.")
        assert raw.get(f"{prefix}keithley.state") == ("2", b"1")
    undulator = server.document("P022.undulator")
    assert {name: undulator[name] for name in ("Gap", "State")} == {"Gap": 12.5, "State": "ON"}
    assert set(server.document("own")) == {"more", "timestamp"}
    assert [json.loads(server.proxy.GetDocument(key)) for key in keys] == expected
    assert json.loads(server.proxy.GetDocument("P022.undulator"))["Gap"] == 12.5
    shown = replace(server.settings, memcached=(server.servers,))
    assert [client.document(shown, key) for key in keys] == [str(value) for value in expected]
    assert server.wait_valid("places_ok") is True
    about = server.wait_document(server.settings.fields_key, "starter.timestamp.value")["starter.timestamp.value"]
    assert (about["key"], about["field"], about["form"], about["unit"]) == ("starter.timestamp", "value", "float", "s")
    server.file.write_text("[agents.places]\ndark = true\n")
    server.proxy.Reload()
    wait_for(lambda: server.memcached.get(prefix + keys[0]) is None, what="for a plain key without a value to go")
    server.wait_document("P022.undulator", "Gap", None)
    assert server.memcached.get(prefix + "keithley.state") is None
    assert json.loads(server.proxy.GetDocument("keithley.state")) is None


def test_a_key_with_a_plain_value_belongs_to_one_field(hub: MakeHub, write: Write) -> None:
    field = 'FIELDS = {{"x": {{"key": "{}", "form": "int"}}}}'
    write("a_first", f"INTERVAL = 0.1\n{field.format('plain')}\ndef work(agent): return {{'x': 1}}")
    write("b_second", "INTERVAL = 0.1\nKEY = 'plain'\ndef work(agent): return {'y': 1}")
    write("c_wrong", f"INTERVAL = 0.1\n{field.format('other')}\ndef work(agent): return {{'x': 1.5}}")
    server = hub()
    wait_for(lambda: 'field "x" is 1.5, which is no int' in server.proxy.status())
    assert "the key plain of agent a_first can hold one plain value and nothing else" in server.proxy.status()


def test_the_life_of_documents_may_be_said_by_agent(hub: MakeHub, write: Write) -> None:
    write("x", 'INTERVAL = 1.0\ndef work(agent): return {"x": 1}')
    server = hub()
    server.wait_document("x", "x")
    server.file.write_text("[agents.x]\nexpire = 0\n")
    server.proxy.Reload()
    with Raw(server.servers) as raw:
        wait_for(lambda: raw.ask(f"mg {server.settings.prefix}x t") == ["HD", "t-1"], what="for a life without end")
