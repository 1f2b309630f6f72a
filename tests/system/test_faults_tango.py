"""Tango clients that hold, flood, vanish or talk nonsense, and a server that dies: the tick and the others go on."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Events, Hub, MakeHub, about, check_tick, make_hub
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
#: A hundred fields that change with every run, and one of 80 kB.
MANY = """
import numpy as np
INTERVAL = 0.1
n = 0
def work(agent):
    global n
    n += 1
    return {**{f"f{number}": n for number in range(100)}, "curve": np.full(10_000, float(n))}
"""
#: The text of a file, which changes seldom.
FILE = "INTERVAL = 0.1\nfrom pathlib import Path\ndef work(agent):\n    return {{'text': Path({!r}).read_text()}}\n"
#: Fails while a file is there.
FAILING = "import os\nINTERVAL = 0.1\ndef work(agent):\n    assert not os.path.exists({!r})\n    return {{}}\n"

HOLDING = str(Path(__file__).with_name("holding_server.py"))

SUBSCRIBE = """
import sys, time, tango
device, *attributes = sys.argv[1:]
proxy = tango.DeviceProxy(device)
got = []
for attribute in attributes:
    proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, got.append)
print("ready", flush=True)
time.sleep(100)
"""
COUNT = """
import sys, time, tango
device, attribute, file = sys.argv[1:]
proxy = tango.DeviceProxy(device)
def show(event):
    if not event.err:
        with open(file, "w") as out:
            out.write(str(int(event.attr_value.value[0])))
proxy.subscribe_event(attribute, tango.EventType.CHANGE_EVENT, show)
print("ready", flush=True)
time.sleep(100)
"""
READ_ALL = """
import sys, tango
proxy = tango.DeviceProxy(sys.argv[1])
names = list(proxy.get_attribute_list())
print("ready", flush=True)
while True:
    proxy.read_attributes(names)
"""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the agent `file` reads."""
    path = tmp_path_factory.mktemp("text") / "text"
    path.write_text("0")
    return path


@pytest.fixture(scope="module")
def shared(
    text: Path,
    database: LocalDatabase,
    memcached: LocalMemcached,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hub]:
    """One hub for all clients, with a command `Hold`."""
    agents = {"quick": QUICK, "many": MANY, "file": FILE.format(str(text))}
    agents["failing"] = FAILING.format(str(text.with_name("broken")))
    server = make_hub("faults_tango", agents, tmp_path_factory.mktemp("faults"), database, memcached.address)
    server.command = [HOLDING if word == "WardenServer" else word for word in server.command if word != "-m"]
    with server:
        server.wait_valid("many_f99")
        server.wait_valid("file_text")
        yield server


@contextmanager
def clients(count: int, script: str, *words: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Client processes that are ready; ended by kill -9."""
    command = [sys.executable, "-c", script, *words]
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)))
            stack.callback(started[-1].kill)
        for client in started:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
        yield started


def check_events(change: Events, count: int = 5) -> None:
    """Events go on to come."""
    got = len(change.got)
    wait_for(lambda: len(change.got) >= got + count, 5, "for events")


# -- clients that hold


def test_a_client_that_holds_the_device_makes_events_late_and_loses_none(shared: Hub, text: Path) -> None:
    proxy = shared.proxy
    proxy.set_timeout_millis(10_000)
    before = shared.wait_document(shared.settings.hub_key, "ticks")
    broken = text.with_name("broken")
    with (
        Events(shared.proxy, "file_text") as change,
        Events(shared.proxy, "quick_n") as quick,
        Events(shared.proxy, "State") as state,
    ):
        holding = threading.Thread(target=proxy.command_inout, args=("Hold", 5.0))
        holding.start()
        shared.wait_document("quick", "n", shared.document("quick")["n"] + 10)
        text.write_text("changed while the device was held")
        shared.wait_document("file", "text", text.read_text())
        broken.touch()
        wait_for(lambda: shared.document(shared.settings.hub_key)["state"] == "ALARM")
        shared.wait_document("quick", "n", shared.document("quick")["n"] + 20)
        after = shared.document(shared.settings.hub_key)
        assert holding.is_alive()
        holding.join()
        wait_for(lambda: change.values[-1] == text.read_text(), 3, f"for the last value: {change.values}")
        wait_for(lambda: state.values[-1] == tango.DevState.ALARM, 3, f"for ALARM: {state.values}")
        broken.unlink()
        wait_for(lambda: state.values[-1] == tango.DevState.RUNNING, 3, f"for RUNNING: {state.values}")
        newest = shared.document("quick")["n"]
        wait_for(lambda: quick.values[-1] > newest)
        assert not change.errors + quick.errors
    assert after["ticks"] > before["ticks"] + 10
    assert after["missed"] - before["missed"] < 5
    assert after["agents"]["quick"]["skipped"] - before["agents"]["quick"]["skipped"] < 5
    assert "Traceback" not in shared.log()


def test_a_client_that_reads_all_without_pause_holds_up_no_run(shared: Hub) -> None:
    with Events(shared.proxy, "quick_n") as change, clients(2, READ_ALL, shared.device):
        check_tick(shared, 20)
        check_events(change)
        assert not change.errors


# -- clients that vanish or hang


def test_a_hundred_subscriptions_that_vanish_leave_nothing(shared: Hub) -> None:
    process = psutil.Process(shared.pid)
    names = [f"many_f{number}" for number in range(10)]
    with Events(shared.proxy, "quick_n") as change:
        with clients(1, SUBSCRIBE, shared.device, *names):
            check_events(change)
        memory, threads, files = process.memory_info().rss, process.num_threads(), process.num_fds()
        with clients(10, SUBSCRIBE, shared.device, *names):
            check_events(change)
        check_tick(shared)
        check_events(change)
        wait_for(lambda: process.num_fds() <= files, 10, f"for {files} descriptors: {process.num_fds()}")
        wait_for(lambda: process.num_threads() <= threads + 10, 10, f"for {threads} threads: {process.num_threads()}")
        assert process.memory_info().rss - memory < 20_000_000
        assert not change.errors


def test_a_client_that_hangs_is_cut_off_and_comes_back(shared: Hub, tmp_path: Path) -> None:
    process, got = psutil.Process(shared.pid), tmp_path / "got"
    with (
        Events(shared.proxy, "quick_n") as change,
        clients(1, COUNT, shared.device, "many_curve", str(got)) as [client],
    ):
        wait_for(lambda: got.exists() and got.read_text() not in ("", "0"))
        memory, before = process.memory_info().rss, about(shared)
        client.send_signal(signal.SIGSTOP)
        wait_for(lambda: "takes no events and is cut off" in shared.log(), 20, "for the cut")
        after = about(shared)
        assert after["missed"] - before["missed"] < 5
        assert runs_of(after) - runs_of(before) >= after["ticks"] - before["ticks"] - 5
        check_events(change)
        assert process.memory_info().rss - memory < 50_000_000
        newest = shared.document("many")["f0"]
        client.send_signal(signal.SIGCONT)
        wait_for(lambda: int(got.read_text() or 0) > newest, 25, f"for events: {got.read_text()}, {newest}")
        assert not change.errors


# -- nonsense


def listening(server: Hub) -> list[int]:
    """All ports of the server: of CORBA, and of ZMQ for heartbeats and events."""
    found = psutil.Process(server.pid).net_connections("tcp")
    return sorted({connection.laddr.port for connection in found if connection.status == psutil.CONN_LISTEN})


NONSENSE = {
    "noise": os.urandom(100_000),
    "text": b"GET / HTTP/1.1\r\nHost: warden\r\n\r\n" * 100,
    "a GIOP request of 4 GB": b"GIOP\x01\x02\x00\x00\xff\xff\xff\xff" + bytes(1000),
    "half a GIOP header": b"GIOP\x01",
    "a ZMQ greeting and a frame of 8 EB": b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48) + b"\x02" + b"\x7f" * 8,
    "nothing": b"",
}


def test_nonsense_at_every_port_does_no_harm(shared: Hub) -> None:
    process = psutil.Process(shared.pid)
    ports = listening(shared)
    assert len(ports) >= 3
    with Events(shared.proxy, "quick_n") as change, ExitStack() as stack:
        check_events(change)
        memory = process.memory_info().rss
        for port in ports:
            for nonsense in NONSENSE.values():
                talker = stack.enter_context(socket.create_connection(("127.0.0.1", port), 2))
                talker.settimeout(0.2)
                try:
                    talker.sendall(nonsense)
                except OSError:
                    pass  # it was cut off, or is not listened to
        check_tick(shared)
        check_events(change)
        assert process.memory_info().rss - memory < 20_000_000
        assert not change.errors


# -- storms, and death


def test_a_storm_of_commands_from_several_clients_leaves_one_scheduler(shared: Hub) -> None:
    proxy = shared.proxy
    proxy.Init()
    shared.wait_state("RUNNING")
    shared.wait_valid("quick_n")
    threads = about_threads(shared)
    failed: list[str] = []

    def storm() -> None:
        mine = shared.proxy
        for command in ("Stop", "Reload", "Start", "Init") * 3:
            try:
                mine.command_inout(command)
            except tango.DevFailed as error:  # while another's Init is under way there is no hub
                if "the hub is not there" not in error.args[0].desc:
                    failed.append(error.args[0].desc)

    storms = [threading.Thread(target=storm) for _ in range(4)]
    for client in storms:
        client.start()
    for client in storms:
        client.join()
    assert failed == []
    proxy.Start()
    shared.wait_state("RUNNING")
    wait_for(lambda: about_threads(shared) <= threads, 10, f"for {threads} threads: {about_threads(shared)}")
    before = about(shared)
    check_tick(shared, 20)
    after = about(shared)
    ticks, runs = after["ticks"] - before["ticks"], runs_of(after) - runs_of(before)
    assert ticks - 5 <= runs <= ticks + 1, "one scheduler, not two"


def test_clients_do_not_wait_for_plugin_files_during_init(hub: MakeHub, write: Callable[..., Path]) -> None:
    write("quick", "import time\ntime.sleep(1.5)\n" + QUICK)
    server = hub()
    server.wait_state("RUNNING")
    proxy = server.proxy
    proxy.Init()
    assert proxy.state() == tango.DevState.INIT, "Tango would let all clients wait"
    assert "being loaded" in proxy.status()
    server.wait_state("RUNNING")


def runs_of(document: dict[str, Any]) -> int:
    return int(document["agents"]["quick"]["runs"])


def about_threads(server: Hub) -> int:
    """Threads that Python started."""
    return int(server.wait_valid("NumThreads"))


def test_a_server_that_is_killed_and_started_again_has_its_clients_back(
    hub: MakeHub, write: Callable[..., Path]
) -> None:
    write("quick", QUICK)
    write("many", MANY)
    server = hub()
    server.wait_valid("many_f99")
    proxy = server.proxy
    with Events(proxy, "quick_n") as change:
        check_events(change)
        wait_for((server.settings.state_folder / f"{server.settings.instance}-fields.json").exists)
        psutil.Process(server.pid).kill()
        wait_for(lambda: not server.alive)
        began = time.time()
        server.start()
        assert {"quick_n", "many_f99", "many_curve"} <= set(proxy.get_attribute_list()), "from the first moment"
        wait_for(lambda: server.document("quick")["timestamp"] > began, 5)
        server.wait_state("RUNNING")
        wait_for(lambda: change.got[-1].attr_value.time.totime() > began, 20, "for events")
        check_events(change)
