"""The file of raw data on a disk that is full, and when the process that writes is killed."""

import logging
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import wait_for
from WardenServer.plugins.common.ping import months
from WardenServer.plugins.common.ping.probe.raw_file import RawFile

LOG = logging.getLogger("warden.test")
WRITES = """
import itertools, logging, sys
from pathlib import Path
from WardenServer.plugins.common.ping.probe.raw_file import RawFile

file = RawFile(lambda time: Path(sys.argv[1]), logging.getLogger())
for number in itertools.count():
    file.add(f"{number}.{place} " + "x" * 3000 for place in range(30))
    if file.problem:
        sys.exit(file.problem)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(path: Path) -> None:
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(100))


def test_on_a_full_disk_lines_wait_until_there_is_room(disk: Path) -> None:
    file = RawFile(lambda time: months.file_of(disk, time), LOG, lambda: 1.8e9)
    path, filler = disk / "ping-2027-01.txt", disk / "filler"
    lines = [f"{number:05} {'x' * 94}" for number in range(300)]
    file.add(lines[:10])
    fill(filler)
    for line in lines[10:]:
        file.add([line])
    assert "cannot be written (No space left on device)" in file.problem
    there = path.read_text()
    assert there.endswith("\n")
    assert there.splitlines() == lines[: file.written]
    assert file.written < 300
    filler.unlink()
    file.sync()
    file.close()
    assert (file.problem, file.lost) == ("", 0)
    assert path.read_text().splitlines() == lines


def test_a_full_disk_on_which_no_file_can_be_made(disk: Path) -> None:
    fill(disk / "filler")
    file = RawFile(lambda time: months.file_of(disk / "new", time), LOG, lambda: 1.8e9)
    file.add(["one"])
    assert "No space left on device" in file.problem
    (disk / "filler").unlink()
    file.close()
    assert (disk / "new" / "ping-2027-01.txt").read_text() == "one\n"


def write_until(path: Path, size: int) -> None:
    """Have a process write until the file has this size, and kill it."""
    writer = subprocess.Popen([sys.executable, "-c", WRITES, str(path)])
    try:
        wait_for(lambda: writer.poll() is not None or path.stat().st_size > size)
        assert writer.poll() is None, "it may write at once: the lock of the one before has gone with its process"
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()


def test_killed_at_any_moment_no_line_is_half_for_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "ping-2027-01.txt"
    path.touch()
    for _ in range(5):
        write_until(path, path.stat().st_size + random.randint(1, 1_000_000))
        file = RawFile(lambda time: path, LOG)
        file.add(["next"])
        file.close()
        assert file.written == 1
        lines = path.read_text().splitlines()
        assert path.read_bytes().endswith(b"next\n")
        assert all(line == "next" or len(line.partition(" ")[2]) == 3000 for line in lines)
