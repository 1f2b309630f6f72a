"""Memcached and the Tango database come, go and hang: the hub runs on, says so, and all is whole again afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tango
from pymemcache.exceptions import MemcacheError

from tests.conftest import wait_for
from tests.system.conftest import Events, Hub, MakeHub, clean_environment, free_port
from WardenServer import config, embedded

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
#: Runs once while the test goes on.
SLOW = QUICK.replace("INTERVAL = 0.1", "INTERVAL = 100\nOFFSET = 1").replace("'n'", "'runs'")
SLOW_AGENTS = [f"slow{number}" for number in range(20)]

#: Seconds after which the whole board stands in a Memcached that is there again: its pauses are up to 1 s.
LIMIT = 4.0

Write = Callable[..., Path]
MakeSettings = Callable[..., config.Settings]


@pytest.fixture
def own_memcached(tmp_path: Path) -> Iterator[embedded.Memcached]:
    """A Memcached of the test's own, not started."""
    server = embedded.Memcached(free_port(), tmp_path)
    yield server
    if server.alive:
        os.kill(server.pid or 0, signal.SIGCONT)
    server.stop()


@pytest.fixture
def agents(write: Write) -> None:
    write("quick", QUICK)
    for name in SLOW_AGENTS:
        write(name, SLOW)


def whole(server: Hub) -> bool:
    """Whether the document of every agent, and the hub's own, stands in Memcached."""
    try:
        keys = [*SLOW_AGENTS, "quick", server.settings.hub_key]
        return len(server.memcached.get_many([server.settings.prefix + key for key in keys])) == len(keys)
    except (MemcacheError, OSError):
        return False


def wait_whole(server: Hub, limit: float = LIMIT) -> None:
    wait_for(lambda: whole(server), limit, f"for all documents; {server.log()[-1500:]}")
    for name in SLOW_AGENTS:
        assert server.document(name)["runs"] == 1, "it was sent again, not run again"


def wait_ticking(server: Hub) -> None:
    first = server.proxy.Ticks
    wait_for(lambda: server.proxy.Ticks >= first + 15 and server.proxy.quick_n > first, 5)


def end(server: embedded.Child) -> None:
    os.kill(server.pid or 0, signal.SIGKILL)
    wait_for(lambda: not server.alive)


@pytest.mark.usefixtures("agents")
def test_memcached_comes_after_the_hub(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    server = hub(own_memcached.address)
    status = server.wait_state("ALARM")
    assert f"Memcached {own_memcached.address} does not answer (" in status
    assert f"Memcached {own_memcached.address} does not answer (" in server.log()
    wait_for(lambda: not server.proxy.MemcachedOk)
    wait_ticking(server)
    own_memcached.start()
    wait_whole(server)
    assert own_memcached.address not in server.wait_state("RUNNING", LIMIT)
    wait_for(lambda: server.proxy.MemcachedOk)
    assert server.log().count("does not answer") == 1, "said once, not at every attempt"


@pytest.mark.usefixtures("agents")
def test_memcached_is_killed_and_comes_back_empty(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, 10)
    server.wait_state("RUNNING")
    end(own_memcached)
    server.wait_state("ALARM")
    wait_ticking(server)
    own_memcached.start()
    wait_whole(server)
    server.wait_state("RUNNING", LIMIT)


@pytest.mark.usefixtures("agents")
def test_memcached_is_restarted_at_once(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, 10)
    end(own_memcached)
    own_memcached.start()
    wait_whole(server)


@pytest.mark.usefixtures("agents")
def test_memcached_is_flushed_at_any_moment(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    key = server.settings.prefix + server.settings.hub_key
    wait_whole(server, 10)
    for quick_runs in (0, 3, 6, 8):  # of the ten between two documents of the hub about itself
        hub_itself = server.memcached.get(key)
        wait_for(lambda old=hub_itself: server.memcached.get(key) not in (None, old))
        server.wait_document("quick", "n", server.document("quick")["n"] + quick_runs)
        server.memcached.flush_all()
        wait_for(lambda: not server.document(SLOW_AGENTS[0]) or "sent again" in server.log(), 2)
        wait_whole(server)


@pytest.mark.usefixtures("agents")
def test_memcached_hangs_and_goes_on(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, 10)
    server.wait_state("RUNNING")
    os.kill(own_memcached.pid or 0, signal.SIGSTOP)
    status = server.wait_state("ALARM", 5)
    assert f"Memcached {own_memcached.address} does not answer (timed out)" in status
    wait_ticking(server)
    began = time.monotonic()
    server.proxy.Reload()
    assert time.monotonic() - began < 1.0
    os.kill(own_memcached.pid or 0, signal.SIGCONT)
    server.wait_state("RUNNING", LIMIT)
    wait_whole(server)
    newest = server.proxy.quick_n
    wait_for(lambda: server.document("quick").get("n", 0) > newest)


@pytest.mark.usefixtures("agents")
def test_a_hub_whose_memcached_hangs_ends_in_time(hub: MakeHub, own_memcached: embedded.Memcached) -> None:
    own_memcached.start()
    server = hub(own_memcached.address)
    wait_whole(server, 10)
    os.kill(own_memcached.pid or 0, signal.SIGSTOP)
    server.wait_state("ALARM", 5)
    admin = tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")
    began = time.monotonic()
    admin.Kill()
    wait_for(lambda: not server.alive, 5)
    assert (server.code, time.monotonic() - began < 4) == (0, True)


@pytest.mark.parametrize("silent", [False, True], ids=["nobody there", "accepts and says nothing"])
def test_serve_without_its_database_says_so_and_ends(tmp_path: Path, silent: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        if not silent:
            listening.close()
        command = [sys.executable, "-m", "WardenServer", "serve", "away", f"--set=state_folder={tmp_path}"]
        began = time.monotonic()
        done = subprocess.run(
            command, env=clean_environment(TANGO_HOST=place), capture_output=True, text=True, timeout=30, check=False
        )
        took = time.monotonic() - began
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith(f"warden: the Tango database at TANGO_HOST={place} does not answer; start it, correct")
    assert done.stdout == ""
    assert took < 8


def test_the_database_goes_and_comes_back(
    hub: MakeHub, write: Write, tmp_path: Path, memcached: embedded.Memcached
) -> None:
    write("quick", QUICK)
    with embedded.Database(free_port(), tmp_path / "database") as own:
        server = hub(tango_host=own.address)
        server.wait_valid("quick_n")
        proxy = server.proxy  # a client that was there before; new ones need the database to find the device
        with Events(proxy, "quick_n") as change:
            end(own)
            got = len(change.got)
            newest = proxy.quick_n
            wait_for(lambda: proxy.quick_n > newest + 10)
            wait_for(lambda: len(change.got) > got + 10)
            assert not change.errors
            server.wait_document("quick", "n", proxy.quick_n + 10)
            write("second", "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n")
            began = time.monotonic()
            proxy.Reload()
            assert time.monotonic() - began < 1.0
            server.wait_document("second", "x", 1)
            newest = proxy.quick_n
            wait_for(lambda: proxy.quick_n > newest + 10, 5, "for reads after the reload")
            wait_for(lambda: change.got[-1].attr_value.value > newest + 10, 10, "for events after the reload")
            own.start()
            wait_for(lambda: "second_x" in proxy.get_attribute_list(), 20, f"for second_x; {server.log()[-1500:]}")
            wait_for(lambda: proxy.read_attribute("second_x").value == 1)
            server.wait_state("RUNNING")
            assert not change.errors


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["away", "hangs"])
@pytest.mark.parametrize(("commands", "limit"), [(("Stop", "Start", "Reload"), 1.0), (("Init",), 3.0)])
def test_commands_answer_whatever_the_database_does(
    hub: MakeHub, write: Write, tmp_path: Path, number: signal.Signals, commands: tuple[str, ...], limit: float
) -> None:
    write("quick", QUICK)
    with embedded.Database(free_port(), tmp_path / "database") as own:
        server = hub(tango_host=own.address)
        server.wait_valid("quick_n")
        proxy = server.proxy
        proxy.set_timeout_millis(5_000)
        os.kill(own.pid or 0, number)
        try:
            for command in commands:
                began = time.monotonic()
                proxy.command_inout(command)
                assert time.monotonic() - began < limit, command
            before = server.wait_document("quick", "n")
            server.wait_document("quick", "n", before["n"] + 5)
            wait_for(lambda: proxy.state() == tango.DevState.RUNNING)
        finally:
            if own.alive:
                os.kill(own.pid or 0, signal.SIGCONT)
