"""The Tango database comes, goes and hangs: the hub runs on, and all is whole again afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Events, MakeHub, clean_environment, free_port
from WardenServer.local import local_servers
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"

Write = Callable[..., Path]


def end(server: local_servers.Child) -> None:
    os.kill(server.pid or 0, signal.SIGKILL)
    wait_for(lambda: not server.alive)


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
    hub: MakeHub, write: Write, tmp_path: Path, memcached: LocalMemcached
) -> None:
    write("quick", QUICK)
    with LocalDatabase(free_port(), tmp_path / "database") as own:
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
    with LocalDatabase(free_port(), tmp_path / "database") as own:
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
