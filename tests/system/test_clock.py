"""The wall clock is stepped, the process stands still: the tick, the agents and their documents do not notice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from pymemcache.client.base import Client

from tests.conftest import wait_for
from tests.system.conftest import Events, MakeHub, clean_environment
from WardenServer.servers import ports
from WardenServer.settings import config

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
#: Its next run would be long after the test: a clock that is stepped must not bring it nearer.
DAILY = QUICK.replace("INTERVAL = 0.1", "INTERVAL = 1800\nOFFSET = 0")

#: Imported by Python before everything else: what time.time says is an hour off when the file says so.
CLOCK = """import os, time
real = time.time
def stepped():
    try:
        return real() + float(open(os.environ["CLOCK_FILE"]).read() or 0)
    except OSError:
        return real()
time.time = stepped
"""

Write = Callable[..., Path]


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Step the wall clock of the servers that are started from now on, by seconds off the real time."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CLOCK)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("CLOCK_FILE", str(tmp_path / "clock"))

    def write_offset(seconds: float) -> None:
        (tmp_path / "clock.part").write_text(str(seconds))
        (tmp_path / "clock.part").replace(tmp_path / "clock")

    return write_offset


def test_the_wall_clock_is_stepped_an_hour_on_and_back(
    hub: MakeHub, write: Write, step: Callable[[float], None]
) -> None:
    write("quick", QUICK)
    write("daily", DAILY)
    server = hub(hang_limit="5")
    server.wait_document("daily", "n", 1)
    ticks, missed = server.proxy.Ticks, server.proxy.MissedTicks
    began = time.monotonic()
    for offset in (3600.0, -3600.0, 0.0):
        step(offset)
        wait_for(lambda want=offset: abs(server.document("quick")["timestamp"] - time.time() - want) < 5, 5)
        newest = server.document("quick")["n"]
        server.wait_document("quick", "n", newest + 8, 5)
        with Events(server.proxy, "quick_n") as change:
            wait_for(lambda got=change.got: len(got) > 8, 5)
            assert set(change.qualities) == {"VALID"}
        server.wait_state("RUNNING", 3)
    took = time.monotonic() - began
    assert server.document("daily")["n"] == 1
    assert server.proxy.MissedTicks - missed < 10
    assert abs((server.proxy.Ticks - ticks) * 0.1 - took) < 2
    agents = server.document(server.settings.hub_key)["agents"]
    assert {agent["failures"] for agent in agents.values()} == {0}
    assert all(0 <= agent["age"] < took + 10 for agent in agents.values())


def test_a_server_that_stood_still_counts_what_it_missed_and_catches_up_with_nothing(
    hub: MakeHub, write: Write
) -> None:
    names = [f"quick{number}" for number in range(5)]
    for name in names:
        write(name, QUICK)
    server = hub()
    for name in names:
        server.wait_document(name, "n")
    server.wait_valid("quick0_n")
    proxy = server.proxy
    with Events(proxy, "quick0_n") as change:
        wait_for(lambda: len(change.got) > 3)
        before = {name: server.document(name)["n"] for name in names}
        ticks, missed = proxy.Ticks, proxy.MissedTicks
        os.kill(server.pid or 0, signal.SIGSTOP)
        time.sleep(3)  # the time itself is what is tested
        os.kill(server.pid or 0, signal.SIGCONT)
        got, woken = len(change.got), time.time()
        wait_for(lambda: all(server.document(name)["timestamp"] > woken for name in names), 2, "for fresh documents")
        wait_for(lambda: len(change.got) > got + 10, 5, "for events")
        wait_for(lambda: proxy.MissedTicks >= missed + 25, 3)
        runs = {name: server.document(name)["n"] - before[name] for name in names}
        ran = proxy.Ticks - ticks - (proxy.MissedTicks - missed)
        assert all(0 < run <= ran + 10 for run in runs.values()), "no burst"
        assert proxy.MissedTicks - missed < 45, "counted once"
        assert not change.errors
    server.wait_state("RUNNING")
    assert server.log().count("tick(s) missed: for") >= 1


# -- `warden up` itself


@pytest.fixture
def up(tmp_path: Path, settings: Callable[..., config.Settings]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`warden up` with servers of its own, and the file it writes to."""
    made = settings()
    said = tmp_path / "up.out"
    command = [sys.executable, "-m", "WardenServer", "up", "--set", f"state_folder={made.state_folder}"]
    command += ["--set", "shipped=no", "--set", f"plugin_folders={made.plugin_folders[0]}"]
    (tmp_path / "warden.toml").touch()
    environment = clean_environment(WARDEN_CONFIG=str(tmp_path / "warden.toml"))
    with said.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process, said
    finally:
        if process.poll() is None:
            for each in (*psutil.Process(process.pid).children(recursive=True), process):
                each.kill()
            process.wait(10)


def test_up_that_stood_still_goes_on_and_its_servers_meanwhile_too(
    write: Write, up: tuple[subprocess.Popen[bytes], Path], settings: Callable[..., config.Settings]
) -> None:
    write("quick", QUICK)
    process, said = up
    wait_for(lambda: b"RUNNING:" in said.read_bytes() or process.poll() is not None, 30, said.read_text())
    family = psutil.Process(process.pid).children(recursive=True)
    port = ports.known(settings().state_folder)["memcached"]

    def ticks() -> int:
        with closing(Client(("127.0.0.1", port), timeout=2)) as client:
            return int(json.loads(client.get("warden.local"))["ticks"])

    os.kill(process.pid, signal.SIGSTOP)
    try:
        first = ticks()
        wait_for(lambda: ticks() > first + 15, 5, "for the tick of a hub whose launcher stands still")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    [server] = [child for child in family if "serve" in child.cmdline()]
    server.kill()
    wait_for(lambda: b"Device server has ended" in said.read_bytes(), 10)
    wait_for(lambda: said.read_bytes().count(b"RUNNING:") > 1, 20, said.read_text())
    os.kill(process.pid, signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(5) == 0
    wait_for(lambda: not any(child.is_running() and child.status() != "zombie" for child in family), 5)
