"""SIGTERM and SIGINT in every phase of the server's life: it ends within seconds, in order, and leaves nothing."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Events, Hub, MakeHub, free_port
from WardenServer.local import local_servers
from WardenServer.local.local_servers import LocalDatabase, LocalMemcached
from WardenServer.watchdog import agents_at_work

#: Seconds an end may take.
LIMIT = 4.0

#: What the agent does, by phase. FLAG is touched when the phase has begun.
HEAD = "import pathlib, time\nINTERVAL = 0.1\nOFFSET = 0\ndef begun():\n    pathlib.Path(FLAG).touch()\n"
WORK = "def work(agent):\n    begun()\n    return {'x': time.monotonic()}\n"
PHASES = {
    "import": "begun()\ntime.sleep(60)\n" + WORK,
    "setup": "def setup(agent):\n    begun()\n    time.sleep(60)\n" + WORK,
    "run": "def work(agent):\n    begun()\n    time.sleep(60)\n",
    "burning run": "def work(agent):\n    begun()\n    while True: pass\n",
    "isolated run": "ISOLATE = True\ndef work(agent):\n    begun()\n    time.sleep(60)\n",
    "between runs": WORK,
    "close": WORK + "def close(agent):\n    time.sleep(60)\n",
}

Write = Callable[..., Path]


class Life:
    """A hub with one agent, and what it has started."""

    def __init__(self, server: Hub, flag: Path) -> None:
        self.server = server
        self._flag = flag
        self._children: list[psutil.Process] = []

    def wait_begun(self) -> None:
        wait_for(self._flag.exists, 10, self.server.log())
        self._children = psutil.Process(self.server.pid).children(recursive=True)

    def end(self, *numbers: signal.Signals) -> None:
        """Signals, one after the other; it ends in order, and nothing is left."""
        began = time.monotonic()
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(self.server.pid or 0, number)
            time.sleep(0.05)
        wait_for(lambda: not self.server.alive, LIMIT, self.server.log())
        assert time.monotonic() - began < LIMIT
        assert self.server.code == 0, self.server.log()
        assert "Traceback" not in self.server.log()
        self.wait_nothing_left()

    def wait_nothing_left(self) -> None:
        wait_for(lambda: not any(child.is_running() and child.status() != "zombie" for child in self._children), 5)
        assert not agents_at_work.place(self.server.settings).exists()


@pytest.fixture
def life(hub: MakeHub, write: Write, tmp_path: Path) -> Callable[..., Life]:
    def make(phase: str, **options: str) -> Life:
        flag = tmp_path / "begun"
        write("one", HEAD.replace("FLAG", repr(str(flag))) + PHASES[phase])
        return Life(hub(**options), flag)

    return make


@pytest.mark.parametrize("phase", PHASES)
def test_the_end_in_every_phase_of_an_agent(life: Callable[..., Life], phase: str) -> None:
    one = life(phase)
    one.wait_begun()
    one.end(signal.SIGTERM)


@pytest.mark.parametrize("numbers", [[signal.SIGINT], [signal.SIGTERM, signal.SIGINT, signal.SIGTERM]])
def test_other_signals_and_several(life: Callable[..., Life], numbers: list[signal.Signals]) -> None:
    one = life("run")
    one.wait_begun()
    one.end(*numbers)


@pytest.mark.parametrize("command", ["Init", "Reload"])
def test_the_end_during_a_command(life: Callable[..., Life], write: Write, tmp_path: Path, command: str) -> None:
    one = life("between runs")
    one.wait_begun()
    slow = tmp_path / "slow"
    write("slow", HEAD.replace("FLAG", repr(str(slow))) + PHASES["import"])

    def ask() -> None:
        with suppress(tango.DevFailed):  # it ends meanwhile
            one.server.proxy.command_inout(command)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(slow.exists)
    one.end(signal.SIGTERM)
    asking.join(10)


def test_the_end_while_events_are_pushed(life: Callable[..., Life], write: Write) -> None:
    for number in range(20):
        write(f"more{number}", HEAD.replace("FLAG", "'/dev/null'") + PHASES["between runs"])
    one = life("between runs")
    one.wait_begun()
    one.server.wait_valid("more19_x")
    with Events(one.server.proxy, "more19_x") as change:
        wait_for(lambda: len(change.got) > 5)
        one.end(signal.SIGTERM)


@pytest.fixture
def stopped() -> Iterator[Callable[[local_servers.Child], None]]:
    """Stop a server for the time of the test."""
    pids: list[int] = []

    def stop(server: local_servers.Child) -> None:
        pids.append(server.pid or 0)
        os.kill(pids[-1], signal.SIGSTOP)

    yield stop
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def test_the_end_while_memcached_hangs(
    life: Callable[..., Life], tmp_path: Path, stopped: Callable[[local_servers.Child], None]
) -> None:
    with LocalMemcached(free_port(), tmp_path / "memcached") as own:
        one = life("between runs", servers=own.address)
        one.wait_begun()
        stopped(own)
        one.server.wait_state("ALARM", 5)
        one.end(signal.SIGTERM)
        os.kill(own.pid or 0, signal.SIGCONT)


@pytest.mark.parametrize("way", ["SIGTERM", "Kill"])
def test_the_end_while_the_database_hangs(
    life: Callable[..., Life], tmp_path: Path, stopped: Callable[[local_servers.Child], None], way: str
) -> None:
    with LocalDatabase(free_port(), tmp_path / "database") as own:
        one = life("between runs", tango_host=own.address)
        one.wait_begun()
        server = one.server
        admin = tango.DeviceProxy(f"tango://{server.database}/dserver/BeamlineWarden/{server.settings.instance}")
        admin.ping()
        stopped(own)
        if way == "Kill":
            admin.Kill()
            one.end()
        else:
            one.end(signal.SIGTERM)
        assert "the Tango database does not answer: the server ends, and the database" in server.log()
        os.kill(own.pid or 0, signal.SIGCONT)


def test_before_it_is_ready_it_ends_at_once(
    life: Callable[..., Life], hub: MakeHub, write: Write, tmp_path: Path
) -> None:
    """Tango's own rule: nothing is known of the server yet, so there is nothing to be done in order."""
    one = life("between runs")
    server = one.server
    one.wait_begun()
    one.end(signal.SIGTERM)
    begun = tmp_path / "slow"
    write("slow", HEAD.replace("FLAG", repr(str(begun))) + PHASES["import"])
    server.launch()
    wait_for(begun.exists)
    os.kill(server.pid or 0, signal.SIGTERM)
    wait_for(lambda: not server.alive, LIMIT)
    assert server.code in (0, -signal.SIGKILL)
    begun.unlink()
    server.launch()
    wait_for(server.answers, 15, "for the next start, which finds nothing in its way")


BLOCKED = """import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1})
os.execvp(sys.argv[1], sys.argv[1:])
"""


def test_signals_end_it_also_where_its_starter_had_blocked_them(hub: MakeHub, write: Write) -> None:
    write("child", """
import subprocess
INTERVAL = 1
def work(agent):
    child = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True)
    return {"blocked": next(line.split()[1] for line in child.stdout.splitlines() if line.startswith("SigBlk"))}
""")
    server = hub(within=[sys.executable, "-c", BLOCKED])
    assert int(server.wait_document("child", "blocked")["blocked"], 16) == 0
    os.kill(server.pid or 0, signal.SIGTERM)
    wait_for(lambda: not server.alive, 5)
    assert server.code == 0
