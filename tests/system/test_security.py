"""What others on the machine, on the network, or in Memcached can do: nothing; and what they do is in the log."""

import hashlib
import json
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import tango
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import Events, MakeHub, clean_environment, free_port
from WardenServer.loading import loader
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.machine.child import Child
from WardenServer.results.board import Board
from WardenServer.running.hand_over import HandOver
from WardenServer.running.runner import Runner
from WardenServer.settings import config
from WardenServer.sinks.memcached import Memcached

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]
GOOD = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"


# -- who can connect


def listening(pid: int | None) -> set[str]:
    """The addresses at which a process takes connections or datagrams."""
    assert pid is not None
    sockets = psutil.Process(pid).net_connections("inet")
    return {
        place.laddr.ip for place in sockets if place.status == psutil.CONN_LISTEN or place.type == socket.SOCK_DGRAM
    }


def test_all_that_up_starts_listens_on_loopback_only(
    hub: MakeHub, write: Write, database: LocalDatabase, memcached: LocalMemcached
) -> None:
    write("ring", GOOD)
    server = hub()
    server.wait_valid("ring_x")
    with Events(server.proxy, "ring_x"):
        for child in (server, database, memcached):
            assert listening(child.pid) == {"127.0.0.1"}, child.name


class OpenMemcached(LocalMemcached):
    """One that listens everywhere, as its own default is."""

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(port, folder)
        del self.command[1:3]


@pytest.mark.parametrize("kind", [LocalMemcached, OpenMemcached])
def test_a_memcached_that_others_reach_is_said(
    kind: type[LocalMemcached], settings: MakeSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with kind(free_port(), tmp_path) as server:
        is_open = listening(server.pid) != {"127.0.0.1"}
        sink = Memcached(settings(memcached=[server.address]))
        for _ in range(2):
            sink.publish([])
            for each in sink._servers.values():
                each.item_size = 0  # as after a loss: it is asked again
        said = [record.getMessage() for record in caplog.records if "can read and change" in record.getMessage()]
        sink.release()
    assert is_open is (kind is OpenMemcached)
    assert said == sink.notes
    assert [server.address in note for note in said] == ([True] if is_open else []), "once, whatever happens"
    assert sink.problems == {}


# -- what stands in Memcached


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


def test_a_pickle_in_memcached_stays_text(
    memcached: LocalMemcached, settings: MakeSettings, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    prefix = f"{tmp_path.name}."
    made = settings(prefix=prefix)
    client = Client(memcached.address)
    raw = pickle.dumps(Evil(trap), protocol=0)
    for flags in (1, 2, 16):  # python-memcached's pickle, pymemcache's compressed and pickle
        for key in ("host", made.hub_key, f"{made.hub_key}.stands"):
            client.set(prefix + key, raw, flags=flags, noreply=False)
        place = ("--set", f"memcached={memcached.address}", "--set", f"prefix={prefix}")
        nobody = {"TANGO_HOST": f"127.0.0.1:{free_port()}", "HOME": str(tmp_path)}
        for command in (["get", "host"], ["status"]):
            done = subprocess.run(
                [sys.executable, "-m", "WardenServer", *command, *place],
                env=clean_environment(**nobody), capture_output=True, text=True, timeout=30, check=False,
            )  # fmt: skip
            assert "Traceback" not in done.stderr
            if command[0] == "get":
                assert done.stdout == raw.decode("utf-8", "replace") + "\n"
            else:
                assert "UNKNOWN" in done.stdout
        sink = Memcached(settings(prefix=prefix, memcached=[memcached.address]))
        sink.publish([])
        assert sink.ok
        sink.release()
    client.close()
    assert not trap.exists()
    pickle.loads(raw)
    assert trap.exists(), "it would have worked"


def test_watch_shows_a_pickle_as_text(memcached: LocalMemcached, settings: MakeSettings, tmp_path: Path) -> None:
    from WardenServer.servers import client as asking

    trap, raw = tmp_path / "trap", pickle.dumps(Evil(tmp_path / "trap"))
    client = Client(memcached.address)
    client.set(f"{tmp_path.name}.host", raw, flags=1, noreply=False)
    client.close()
    made = settings(prefix=f"{tmp_path.name}.", memcached=[memcached.address])
    assert next(asking.changes(made, "host", pytest.fail)) == raw.decode("utf-8", "replace")
    assert not trap.exists()


# -- who changes things


def clients_in(server: Child, command: str) -> list[str]:
    """Who the log says has run a command."""
    log = server.output.read_text(encoding="utf-8")
    return re.findall(rf"INFO +warden\.device: {command} by client (.*)", log)


@pytest.mark.parametrize("database_there", [True, False])
def test_the_log_names_the_clients_that_change_something(
    database_there: bool, hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    write("ring", GOOD)
    server = hub(port=0 if database_there else free_port())
    server.wait_valid("ring_x")
    assert clients_in(server, "Init") == [], "nobody has asked for the start"
    proxy = server.proxy
    proxy.set_logging_level(4)  # INFO
    proxy.add_logging_target(f"file::{tmp_path / 'tango.log'}")
    other = subprocess.run(
        [sys.executable, "-c", f"import os, tango; tango.DeviceProxy({server.device!r}).Stop(); print(os.getpid())"],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    wait_for(lambda: clients_in(server, "Stop"))
    local = clients_in(server, "Stop")[0].partition(" (")[0]
    assert local in ("127.0.0.1", "this computer")
    mine, its = (f"{local} (pid {pid}, C++ or Python)" for pid in (os.getpid(), other.stdout.strip()))
    proxy.Stop()
    proxy.Start()
    proxy.Reload()
    for command in ("StopAgent", "StartAgent", "RunAgent"):
        try:
            proxy.command_inout(command, "ring")
        except tango.DevFailed as error:
            assert "runs already" in error.args[0].desc  # as it may
    with pytest.raises(tango.DevFailed, match="there is no agent"):
        proxy.RunAgent("no\nsuch")
    proxy.Init()
    wait_for(lambda: clients_in(server, "Init"))
    assert clients_in(server, "Stop") == [its, mine]
    for command in ("Start", "Reload", "StopAgent 'ring'", "StartAgent 'ring'", "RunAgent 'ring'", "Init"):
        assert clients_in(server, command) == [mine], command
    assert clients_in(server, r"RunAgent 'no\\nsuch'") == [mine], "one line, whatever they say"
    log = tmp_path / "tango.log"
    wait_for(lambda: log.exists() and f"Stop by client {its}" in log.read_text() and "Init by" in log.read_text())


# -- secrets


SECRET = "hunter2-of-the-ring"


def test_an_agent_has_its_secret_and_nobody_else_sees_it(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    write("ring", """
INTERVAL = 0.1
SETTINGS = {"password": ""}
def work(agent):
    agent.log.warning("tried %s", agent.settings["password"])
    try:
        raise KeyError(agent.settings["password"])
    except KeyError:
        agent.log.exception("failed")
    return {"length": len(agent.settings["password"])}
""")  # fmt: skip
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "warden.toml").write_text(f'[agents.ring]\npassword = {{ file = "{tmp_path / "secret"}" }}\n')
    server = hub()
    assert server.wait_valid("ring_length") == len(SECRET)
    server.proxy.set_logging_level(3)
    server.proxy.add_logging_target(f"file::{tmp_path / 'tango.log'}")
    file = server.settings.state_folder / "logs" / f"{server.settings.instance}.log"
    for log in (server.output, file, tmp_path / "tango.log"):
        wait_for(
            lambda log=log: log.exists() and "tried ***" in log.read_text() and "KeyError: '***'" in log.read_text()
        )
        assert SECRET not in log.read_text()


def test_the_secret_of_an_isolated_agent_is_not_in_lists_of_processes(
    write: Write, settings: MakeSettings, tmp_path: Path
) -> None:
    write("far", """
import os
ISOLATE = True
INTERVAL = 1
SETTINGS = {"password": ""}
def work(agent):
    return {"length": len(agent.settings["password"]), "pid": os.getpid()}
""")  # fmt: skip
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "w.toml").write_text(f'[agents.far]\npassword = {{ file = "{tmp_path / "secret"}" }}\n')
    from dataclasses import replace

    made = replace(settings(), agents={"far": config.load(tmp_path / "w.toml", {}).agents["far"]})
    board = Board()
    runner = Runner(loader.load(made).contracts["far"], board)
    runner.open()
    try:
        assert runner.take_place(0.0, HandOver())
        runner.wake()
        assert runner.wait_idle(20)
        found = board.document("far")
        assert found is not None
        assert found["length"] == len(SECRET), found
        process = psutil.Process(found["pid"])
        assert SECRET not in " ".join(process.cmdline())
        assert SECRET not in "".join(process.environ().values())
    finally:
        runner.close()
        assert runner.join(10)


def test_an_isolated_agent_runs_only_what_is_known_also_when_it_starts_again(
    write: Write, settings: MakeSettings, tmp_path: Path
) -> None:
    text = "import os\nISOLATE = True\nINTERVAL = 1\ndef work(agent):\n    return {'x': 1, 'pid': os.getpid()}\n"
    path = write("far", text)
    pins = tmp_path / "hashes"
    pins.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  far.py\n")
    board = Board()
    runner = Runner(loader.load(settings(plugin_hashes=str(pins))).contracts["far"], board)

    def run() -> dict[str, Any]:
        runner.passes = 0  # no pause after a failure
        assert runner.take_place(0.0, HandOver())
        runner.wake()
        assert runner.wait_idle(20)
        return dict(board.document("far") or {})

    runner.open()
    try:
        first = run()
        assert first["x"] == 1, first
        write("far", text.replace("'x': 1", "'x': 2"))
        os.kill(first["pid"], signal.SIGKILL)
        again: list[dict[str, Any]] = []

        def refused() -> bool:
            again.append(run())
            return "is not the one that was approved" in again[-1]["error"]

        wait_for(refused, what="for a run that found its process dead, and began another")
        assert all(document["x"] is None for document in again)
    finally:
        runner.close()
        assert runner.join(10)


def test_errors_and_notes_reach_readers_without_the_secret(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    write("ring", """
INTERVAL = 0.1
SETTINGS = {"password": "", "url": ""}
def work(agent):
    raise ValueError(f"{'x' * 480} {agent.settings['url']} {agent.settings['password']}")
""")  # fmt: skip
    write("none", """
from WardenServer import NoData
INTERVAL = 0.1
SETTINGS = {"password": ""}
def work(agent):
    raise NoData(f"not with {agent.settings['password']}")
""")  # fmt: skip
    write("good", GOOD)
    tables = (
        f'[agents.ring]\npassword = "{SECRET}"\nurl = "http://u:{SECRET}@host"\n[agents.none]\npassword = "{SECRET}"\n'
    )
    (tmp_path / "warden.toml").write_text(tables)
    (tmp_path / "warden.toml").chmod(0o644)
    server = hub()
    server.wait_document("ring", "error")
    wait_for(lambda: "not with ***" in json.dumps(server.document("none")))
    wait_for(lambda: "ring is failing" in server.proxy.status() and "not with ***" in server.proxy.status())
    assert "Note: " in server.proxy.status()
    assert "others may read it" in server.proxy.status()
    hub_key = server.settings.hub_key
    everything = [server.document("ring"), server.document("none"), server.document(hub_key)]
    for text in (json.dumps(everything), server.proxy.status(), server.proxy.GetInfo(), server.log()):
        assert "hunter2" not in text
    (tmp_path / "warden.toml").chmod(0o600)
    server.proxy.Reload()
    wait_for(lambda: "Note: " not in server.proxy.status())


def test_a_note_is_no_alarm(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    write("ring", GOOD).chmod(0o666)
    with OpenMemcached(free_port(), tmp_path) as memcached:
        server = hub(allow_writable_plugins="yes", servers=memcached.address)
        server.wait_document("ring", "x")
        wait_for(lambda: server.proxy.status().count("Note: ") == 2)
        assert "can read and change all documents" in server.proxy.status()
        assert "others may write to" in server.proxy.status()
        server.wait_state("RUNNING")
        assert len(server.document(server.settings.hub_key)["notes"]) == 2
