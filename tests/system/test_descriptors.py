"""No file descriptor is left: the tick goes on, what needs one says so, and all is well once there are some."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub, free_port
from WardenServer.local.local_servers import LocalMemcached

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
FAR = "import os\nISOLATE = True\n" + QUICK.replace("{'n': n}", "{'n': n, 'pid': os.getpid()}")

Write = Callable[..., Path]


@pytest.fixture
def own_memcached(tmp_path: Path) -> Iterator[LocalMemcached]:
    with LocalMemcached(free_port(), tmp_path) as server:
        yield server


#: Descriptors that the hub may have, from its start on: a limit that is lowered later is set back.
FEW = 128


@contextmanager
def exhausted(server: Hub) -> Iterator[None]:
    """No descriptor is left: clients have taken them, and more wait for those that become free."""
    process = psutil.Process(server.pid)
    places = [one.laddr for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    with ExitStack() as clients:
        for place in places * (FEW // 2):
            clients.enter_context(socket.create_connection((place.ip, place.port), 2))
        yield


def test_a_hub_without_descriptors_runs_on_and_recovers(
    hub: MakeHub, write: Write, own_memcached: LocalMemcached
) -> None:
    write("quick", QUICK)
    write("far", FAR)
    server = hub(own_memcached.address, history="yes", within=["prlimit", f"--nofile={FEW}:{FEW}"])
    server.wait_valid("quick_n")
    pid = server.wait_document("far", "pid")["pid"]
    server.wait_state("RUNNING")
    proxy = server.proxy
    threads, missed = proxy.NumThreads, proxy.MissedTicks
    with exhausted(server):
        os.kill(pid, signal.SIGKILL)
        os.kill(own_memcached.pid or 0, signal.SIGKILL)
        wait_for(lambda: not own_memcached.alive)
        own_memcached.start()
        server.memcached.close()  # the test's own connection, to the one that was killed
        wait_for(lambda: f"{own_memcached.address} does not answer ([Errno 24]" in proxy.status(), 5)
        wait_for(lambda: "far is failing" in proxy.status() and "Too many open files" in proxy.status(), 5)
        newest, ticks = proxy.quick_n, proxy.Ticks
        wait_for(lambda: proxy.quick_n > newest + 15 and proxy.Ticks > ticks + 15, 5)
        began = time.monotonic()
        with pytest.raises(tango.DevFailed, match=r"cannot be read .*Too many open files"):
            proxy.Reload()
        proxy.Stop()
        proxy.Start()
        assert time.monotonic() - began < 2.0
        wait_for(lambda: proxy.quick_n > 0)
        newest = proxy.quick_n
        wait_for(lambda: proxy.quick_n > newest + 5, 5, "for the agents after a reload")
    server.wait_state("RUNNING")
    newest = server.wait_document("quick", "n")["n"]
    server.wait_document("quick", "n", newest + 5)
    assert server.wait_document("far", "pid")["pid"] != pid
    assert proxy.MissedTicks - missed < 10
    wait_for(lambda: proxy.NumThreads == threads, 5, "for all threads, and no more")
    code = f"import tango; print(tango.DeviceProxy('{server.device}').state())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "RUNNING\n"
    assert "Traceback" not in server.log()


def test_the_server_takes_all_descriptors_it_may_have(hub: MakeHub, write: Write) -> None:
    write("quick", QUICK)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    server = hub(within=["prlimit", "--nofile=256:"])  # the hub's alone: the tests may have more open than that
    assert psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE) == (min(hard, 65_536), hard)
