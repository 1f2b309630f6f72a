"""What else happens to a hub that pings: its process is killed, its folder goes, the disk is full, there are two of it,
its settings are wrong."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import tango

from tests.conftest import wait_for
from tests.system.conftest import Hub, MakeHub

OTHERS = "host,processes,tango_database,tango_servers"
FIVE = [f"127.0.0.{number} send=3" for number in range(1, 6)]
FORTY = [f"127.0.0.{number} send=3" for number in range(1, 41)]
QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"

Make = Callable[..., Hub]


@pytest.fixture
def pings(tmp_path: Path) -> Path:
    """Where raw data are; not made."""
    return tmp_path / "pings"


@pytest.fixture
def make(hub: MakeHub, tmp_path: Path, pings: Path) -> Make:
    """A hub that pings these hosts, of which none is silent: make(FIVE)."""

    def start(hosts: list[str]) -> Hub:
        said = {"hosts": hosts, "name": "here", "address": "192.0.2.250", "wait": 0.05, "patience": 0.3,
                "folder": str(pings), "rate": 2000}  # fmt: skip
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items())
        (tmp_path / "warden.toml").write_text(f"[ping]\n{lines}")
        return hub(shipped="yes", disabled=OTHERS)

    return start


def lines(pings: Path) -> list[str]:
    return [line for path in pings.glob("ping-*.txt") for line in path.read_text().splitlines()]


def answer(server: Hub) -> object:
    """What the agent says to the wish for a round: True, False where one runs, None where it is not known, as the
    process is being killed or started."""
    with suppress(tango.DevFailed):
        return json.loads(server.proxy.AskAgent(["ping", '{"round": true}'])).get("round")
    return None


def began(server: Hub) -> bool:
    return answer(server) is True


def a_round(server: Hub, hosts: int) -> dict[str, object]:
    """The document after one more round; it may be that of the round before."""
    server.wait_document("ping", "hosts", hosts, 30)
    before = server.document("ping")["round"]
    wait_for(lambda: began(server), 20, "for a round to begin")
    wait_for(lambda: server.document("ping")["round"] != before, 20, "for a round")
    wait_for(lambda: began(server), 20, "for its end")
    return server.document("ping")


def process(server: Hub) -> psutil.Process | None:
    """The agent's process."""
    for child in psutil.Process(server.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "WardenServer.loading.isolation.agent_side" in child.cmdline():
                return child
    return None


@pytest.mark.timeout(240)
def test_a_process_that_is_killed_at_any_moment_leaves_whole_lines_and_none_twice(make: Make, pings: Path) -> None:
    server = make(FORTY)
    wait_for(lambda: len(lines(pings)) == 40, 30, "for the first round")
    rounds = 1

    def a_round_begins() -> bool:
        nonlocal rounds
        said = answer(server)
        rounds += said is not False
        return said is True

    for kill in range(8):
        wait_for(a_round_begins, 20, "for a round to begin")
        time.sleep(0.05 * kill)  # a round takes about 0.2 s: before, amid and behind its lines
        victim = process(server)
        if victim is not None:
            victim.kill()
            victim.wait(10)
        there = "".join(path.read_text() for path in pings.glob("ping-*.txt"))
        assert all(len(line.split()) == 17 for line in there.split("\n")[:-2])
    wait_for(a_round_begins, 20, "for a round to begin")
    wait_for(a_round_begins, 20, "for its end")
    found = lines(pings)
    assert all(len(line.split()) == 17 for line in found)
    times = Counter(line.split()[2] for line in found)
    assert times.keys() == {host.split()[0] for host in FORTY}
    assert all(2 <= count <= rounds for count in times.values())


def test_a_folder_that_goes_comes_again_and_what_takes_its_place_is_said(make: Make, pings: Path) -> None:
    server = make(FIVE)
    a_round(server, 5)
    shutil.rmtree(pings)
    a_round(server, 5)
    wait_for(lambda: len(lines(pings)) >= 5, 20, "for new lines")
    assert server.document("ping")["problem"] == ""
    shutil.rmtree(pings)
    pings.write_text("no folder")
    said = "cannot be written (Not a directory); make room, or correct its rights"
    wait_for(lambda: said in a_round(server, 5)["problem"], 20)
    pings.unlink()
    wait_for(lambda: a_round(server, 5)["problem"] == "", 20)
    assert len(lines(pings)) >= 10, "those that waited, too"


@pytest.fixture
def small(pings: Path) -> Iterator[Path]:
    """A disk of 100 kB for the raw data."""
    pings.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "none", pings], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield pings
    subprocess.run(["umount", "-l", pings], check=True)


def test_on_a_full_disk_lines_wait_whole_and_are_written_once_there_is_room(make: Make, small: Path) -> None:
    server = make(FIVE)
    a_round(server, 5)
    filler = small / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(512))
    wait_for(lambda: "No space left on device" in a_round(server, 5)["problem"], 60)
    assert all(path.read_text().endswith("\n") for path in small.glob("ping-*.txt"))
    filler.unlink()
    wait_for(lambda: a_round(server, 5)["problem"] == "", 20)
    wait_for(lambda: began(server), 20, "for the end of the round")
    found = lines(small)
    assert all(len(line.split()) == 17 for line in found)
    assert len(found) % 5 == 0 and set(Counter(line.split()[2] for line in found).values()) == {len(found) // 5}


def test_of_two_hubs_with_one_folder_the_second_says_so_and_writes_nothing(make: Make, pings: Path) -> None:
    first = make(FIVE)
    wait_for(lambda: len(lines(pings)) == 5, 30, "for the first round")
    second = make(FIVE)
    said = "is in use by another program; give each hub that measures a folder of its own"
    wait_for(lambda: said in a_round(second, 5)["problem"], 20)
    assert a_round(first, 5)["problem"] == ""
    assert second.document("ping")["lines"] == 0


def test_wrong_settings_are_said_others_run_on_and_what_ran_goes_on(
    hub: MakeHub, write: Callable[..., Path], tmp_path: Path
) -> None:
    file, right = tmp_path / "warden.toml", '[ping]\nhosts = ["127.0.0.1 send=2"]\nwait = 0.05\npatience = 0.3\n'
    write("quick", QUICK)
    file.write_text('[ping]\nhosts = ["127.0.0.1 send=x"]\n[ping_archive]\nnodes = 7\n')
    server = hub(shipped="yes", disabled=OTHERS)
    wait_for(lambda: "send is 'x'; write a whole number" in server.proxy.status(), 30)
    count = server.wait_document("quick", "n")["n"]
    wait_for(lambda: server.document("quick")["n"] > count)
    file.write_text(right)
    server.proxy.Reload()
    wait_for(lambda: server.document("ping").get("lines"), 30, "for lines")
    file.write_text("[ping]\nhosts = 5\n")
    server.proxy.Reload()
    wait_for(lambda: "hosts is 5; write a list of lines" in server.proxy.status(), 30)
    wait_for(lambda: began(server), 20, "for a round by the settings that were right")


@pytest.mark.timeout(180)
def test_a_hub_that_is_killed_amid_a_round_goes_on_after_its_next_start(make: Make, pings: Path) -> None:
    server = make(FORTY)
    wait_for(lambda: len(lines(pings)) == 40, 30, "for the first round")
    for _ in range(3):
        wait_for(lambda: began(server), 20, "for a round to begin")
        victim = process(server)
        assert victim is not None and server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        wait_for(lambda victim=victim: not server.alive and not victim.is_running(), 10, "for the end of all")
        server.start()
    a_round(server, 40)
    assert all(len(line.split()) == 17 for line in lines(pings))
