"""Pings made by programs: the real ones on loopback, and such as hang, lie and fail."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.conftest import wait_for
from tests.system.ping.namespaces import UNSHARE, skip_without_ipv6, skip_without_namespaces
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import commands
from WardenServer.plugins.common.ping.probe.commands import Command, Unmeasured
from WardenServer.plugins.common.ping.probe.sample import Measured

Program = Callable[[str], None]


def children() -> set[psutil.Process]:
    """Our processes; servers that other tests use are among them."""
    return set(psutil.Process().children())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Make a program that stands for ping: its lines of shell."""

    def make(script: str) -> None:
        path = tmp_path / "ping"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return make


def measure(name: str = "ping", address: str = "127.0.0.1", size: int = 100, patience: float = 1.0) -> Measured:
    return asyncio.run(Command(name, 0.0).ping(address, Pings(3, size), 0.05, patience))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("name", ["fping", "ping"])
def test_real_programs_on_loopback(name: str, address: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    if ":" in address:
        skip_without_ipv6()
    for size in (56, 1000):
        found = measure(name, address, size)
        assert (found.sent, found.received, found.marks) == (3, 3, ())
        assert [reply.sequence for reply in found.replies] == [0, 1, 2]
        assert all(reply.rtt > 0 for reply in found.replies)
        assert found.time > 1.7e9


@pytest.mark.parametrize("name", ["fping", "ping"])
def test_losses_order_and_replies_later_than_the_spacing(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    skip_without_namespaces()
    script = {
        "127.0.0.5": [[{}], [{"delay": 1100}], [], [{}, {}], [{"after": 5}], [{}], [{}], [{}]],
        "::1": [[], [], []],
    }
    module = "tests.system.ping.inside_programs"
    command = [*UNSHARE, sys.executable, "-m", module, name, json.dumps(script), "0.2", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert found["::1"] == [3, []]
    sent, replies = found["127.0.0.5"]
    times = dict(replies)
    assert (sent, times.keys()) == (8, {0, 1, 3, 4, 5, 6, 7})
    assert times[1] >= 1100
    order = [sequence for sequence, _ in replies]
    assert order.index(5) < order.index(4) < order.index(1), "in the order in which they came"
    assert order.count(3) == (2 if name == "ping" else 1), "fping does not say what came twice"


@pytest.mark.parametrize("name", ["fping", "ping"])
def test_a_host_that_is_not_there_loses_all(name: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    skip_without_ipv6()
    found = measure(name, "2001:db8::1", patience=0.2)
    assert (found.sent, found.replies) == (3, ())


def test_whether_they_can_be_used(program: Program) -> None:
    for name in ("fping", "ping"):
        if shutil.which(name) is not None:
            assert asyncio.run(commands.why_not(name, socket.AF_INET)) == ""
    program('echo "ping: socket: Operation not permitted" >&2; exit 2')
    said = asyncio.run(commands.why_not("ping", socket.AF_INET6))
    assert said == "ping has not measured ::1 (no summary line): ping: socket: Operation not permitted"


def test_one_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert asyncio.run(commands.why_not("fping", socket.AF_INET)) == "fping is not installed"
    with pytest.raises(Unmeasured, match="fping cannot be run"):
        measure("fping")


def test_what_it_is_asked_for(program: Program, tmp_path: Path) -> None:
    program(f'echo "$LC_ALL $*" > {tmp_path}/asked; echo "3 packets transmitted, 0 received"')
    measure(patience=1.5)
    assert (tmp_path / "asked").read_text() == "C -n -c 3 -i 0.05 -W 2 -s 100 127.0.0.1\n"
    asyncio.run(Command("ping", 0.5).ping("::1", Pings(3, 100), 0.05, 1.0))
    assert "-i 0.5" in (tmp_path / "asked").read_text(), "all together keep the rate"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "it said nothing"),
        ("echo Ünfug; echo; exit 1", "no summary line.*: Ünfug"),
        ("kill -9 $$", "it said nothing"),
        ('echo "3 packets transmitted, 3 received"', "it counts 3 replies, and 0 of them can be read"),
        ("yes x | head -c 3000000", "printed more than 1000000 bytes"),
    ],
)
def test_one_that_does_not_say_what_it_has_seen_gives_no_measurement(program: Program, script: str, why: str) -> None:
    program(script)
    with pytest.raises(Unmeasured, match=why):
        measure()


def test_one_that_hangs_is_killed(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "GRACE", 0.0)
    program("exec sleep 1000")
    before = children()
    with pytest.raises(Unmeasured, match="ping did not end within 1 s"):
        measure(patience=0.2)
    assert not children() - before


def test_where_nobody_waits_any_more_it_is_killed(program: Program) -> None:
    program("exec sleep 1000")
    before = children()

    async def check() -> None:
        running = asyncio.create_task(Command("ping", 0.0).ping("127.0.0.1", Pings(3, 100), 1.0, 20.0))
        async with asyncio.timeout(20):
            while not children() - before:
                await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(check())
    wait_for(lambda: not children() - before, 5)


def test_it_does_not_outlive_us_by_kill_9(program: Program, tmp_path: Path) -> None:
    program(f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    script = (
        "import asyncio\nfrom WardenServer.plugins.common.ping.hosts import Pings\n"
        "from WardenServer.plugins.common.ping.probe.commands import Command\n"
        "asyncio.run(Command('ping', 0.0).ping('127.0.0.1', Pings(3, 100), 1.0, 1000.0))"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), 20)
        child = psutil.Process(int((tmp_path / "pid").read_text()))
        parent.kill()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 10)


def test_sizes_without_room_for_a_time_are_refused() -> None:
    with pytest.raises(Unmeasured, match="ping gives no times with 8 bytes; set size to 16 or more"):
        measure(size=8)
