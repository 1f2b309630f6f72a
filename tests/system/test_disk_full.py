"""No room on the disk: the hub runs on, says so once, and writes again as soon as there is room."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.system.conftest import MakeHub, clean_environment, free_port
from WardenServer.local.local_servers import LocalDatabase
from WardenServer.servers import tango_database

QUICK = "INTERVAL = 0.1\nn = 0\ndef work(agent):\n    global n\n    n += 1\n    return {'n': n}\n"
TALKS = QUICK.replace("    return", "    agent.log.warning('run %d %s', n, 'x' * 300)\n    return")
ONE = "INTERVAL = 0.1\ndef work(agent):\n    return {'x': 1}\n"

FULL = "cannot be written (No space left on device), its lines are lost; make room"

Write = Callable[..., Path]


class Disk:
    """A disk of 300 kB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", folder], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield Disk(folder)
    subprocess.run(["umount", "-l", folder], check=True)


def log_file(state: Path, instance: str) -> Path:
    return state / "logs" / f"{instance}.log"


def test_the_log_and_what_is_remembered_on_a_full_disk(hub: MakeHub, write: Write, disk: Disk) -> None:
    write("talks", TALKS)
    server = hub(state_folder=str(disk.folder), log_size="20000")
    fields = disk.folder / f"{server.settings.instance}-fields.json"
    wait_for(fields.exists)
    remembered = fields.read_bytes()
    disk.fill()
    wait_for(lambda: FULL in server.log(), 10, server.log()[-2000:])
    write("one", ONE)
    server.proxy.Reload()
    server.wait_valid("one_x")
    newest = server.wait_document("talks", "n")["n"]
    server.wait_document("talks", "n", newest + 80, 15)  # the log file would have been put aside meanwhile
    assert "events.db cannot be written" in server.wait_state("ALARM"), "the reload is an event"
    assert server.log().count(FULL) == 1, "said once"
    assert "Traceback" not in server.log()
    assert "-fields.part cannot be written (No space left on device)" in server.log()
    assert fields.read_bytes() == remembered
    assert not fields.with_suffix(".part").exists()
    disk.free()
    server.wait_state("RUNNING")
    wait_for(lambda: "is written again; it lacks" in server.log(), 5, server.log()[-1000:])
    newest = server.document("talks")["n"]
    file = log_file(disk.folder, server.settings.instance)
    wait_for(lambda: f"run {newest + 5} " in file.read_text(), 5)
    wait_for(lambda: b'"one"' in fields.read_bytes(), 15, "for what is remembered")


def test_a_log_file_that_takes_nothing(hub: MakeHub, write: Write, tmp_path: Path) -> None:
    """As on a full disk, also where nobody may mount one."""
    write("talks", TALKS)
    server = hub(log_level="WARNING")
    file = log_file(server.settings.state_folder, server.settings.instance)
    wait_for(file.exists)
    server.stop()
    file.unlink()
    file.symlink_to("/dev/full")
    server.start()
    wait_for(lambda: f"{file} {FULL}" in server.log(), 5, server.log()[-2000:])
    newest = server.wait_document("talks", "n")["n"]
    server.wait_document("talks", "n", newest + 5)
    assert server.log().count(FULL) == 1
    assert "Traceback" not in server.log()
    file.unlink()
    wait_for(lambda: "is written again; it lacks" in server.log(), 5)
    wait_for(lambda: file.exists() and "run " in file.read_text(), 5)


def test_the_database_on_a_full_disk(hub: MakeHub, write: Write, disk: Disk) -> None:
    write("quick", QUICK)
    with LocalDatabase(free_port(), disk.folder) as own:
        server = hub(tango_host=own.address)
        server.wait_valid("quick_n")
        proxy = server.proxy
        disk.fill()
        write("one", ONE)
        for command in ("Reload", "Stop", "Start"):
            began = time.monotonic()
            proxy.command_inout(command)
            assert time.monotonic() - began < 1.0, command
        newest = proxy.quick_n
        wait_for(lambda: proxy.quick_n != newest)
        server.wait_document("one", "x", 1)
        proxy.Init()
        server.wait_state("RUNNING")
        disk.free()
        wait_for(lambda: "one_x" in proxy.get_attribute_list(), 20)
        tango_database.connect(own.address).put_device_property(server.settings.device, {"LogLevel": ["DEBUG"]})
        assert tango_database.properties(tango_database.connect(own.address), server.settings.device, ["LogLevel"]) == {
            "LogLevel": ["DEBUG"]
        }
        server.stop()
    with closing(sqlite3.connect(own.file)) as file:
        assert file.execute("pragma integrity_check").fetchone() == ("ok",)


def up(folder: Path, state: Path, output: str = "") -> "subprocess.Popen[str]":
    (folder / "warden.toml").touch()
    command = [sys.executable, "-m", "WardenServer", "up", "--set", f"state_folder={state}", "--set", "shipped=no"]
    environment = clean_environment(WARDEN_CONFIG=str(folder / "warden.toml"))
    with open(output or os.devnull, "w") as out:  # noqa: PTH123  # a device
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True
        )


def test_up_on_a_full_disk_says_so_in_a_sentence(disk: Disk, tmp_path: Path) -> None:
    disk.fill()
    process = up(tmp_path, disk.folder)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    [line] = said.splitlines()
    assert line.startswith(f"warden: {disk.folder}")
    assert "No space left on device" in line
    assert "make room" in line


def test_up_runs_on_when_nobody_can_read_what_it_says(tmp_path: Path) -> None:
    process = up(tmp_path, tmp_path / "state", "/dev/full")
    try:
        log = log_file(tmp_path / "state", "local")
        wait_for(lambda: (log.exists() and "agents loaded" in log.read_text()) or process.poll() is not None, 20)
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.5)  # a few looks later
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=10)[1]
    assert (process.returncode, said) == (0, "")
