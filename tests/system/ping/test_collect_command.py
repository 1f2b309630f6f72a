"""`warden ping collect` as a program: killed, interrupted, and twice at once."""

import gzip
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from subprocess import Popen

import pytest

from tests.conftest import wait_for
from tests.system.conftest import clean_environment
from tests.system.ping.lying_host import Host
from tests.unit.plugins.ping.archive.files import days, raw
from WardenServer.plugins.common.ping.archive.folders import Folders

FIRST = date(2026, 10, 30)
DAYS = days(FIRST, 4)
#: Seconds that a program may take, on a busy machine.
LIMIT = 60.0

class Program:
    """A command that runs."""

    def __init__(self, words: tuple[str, ...], settings: Path, errors: Path) -> None:
        self._errors = errors
        command = [sys.executable, "-m", "WardenServer", "ping", *words]
        environment = clean_environment(WARDEN_CONFIG=str(settings), WARDEN_STATE_FOLDER=str(settings.parent / "state"))
        with errors.open("w") as file:
            self.process = Popen(command, env=environment, stdout=subprocess.PIPE, stderr=file, text=True)

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def end(self) -> str:
        """What it has said, once it has ended."""
        try:
            return self.process.communicate(timeout=LIMIT)[0]
        finally:
            self.process.kill()
            self.process.wait()


Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Start]:
    """Start a command with a host of this URL: start(url, "collect", ...)."""
    file, programs = tmp_path / "warden.toml", list[Program]()

    def started(url: str, *words: str) -> Program:
        file.write_text(f'[ping_archive]\nfolder = "{root}"\nmonitors = {{ "2001:db8::1" = "{url}" }}\n')
        file.chmod(0o600)
        programs.append(Program(words, file, tmp_path / f"errors{len(programs)}"))
        return programs[-1]

    yield started
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()


def there(root: Path) -> list[date]:
    """The days whose file is in place and whole."""
    found = []
    for day in DAYS:
        path = Folders(root).raw("2001:db8::1", day)
        if path.exists():
            assert gzip.decompress(path.read_bytes()) == raw(day, 40)
            found.append(day)
    return found


ALL = f"{DAYS[0]}..{DAYS[-1]}"


def test_killed_in_the_middle_it_goes_on_where_it_was(start: Start, host: Host, root: Path):
    program = start(host.way("held_later"), "collect", ALL)
    wait_for(lambda: host.held, LIMIT)
    program.process.send_signal(signal.SIGKILL)
    program.end()
    assert there(root) == DAYS[:1]
    host.free.set()
    host.asked.clear()
    program = start(host.way("good"), "collect", ALL)
    assert program.end() == "3 days of hosts fetched with 120 lines, 1 were there already, 0 failed.\n"
    assert program.process.returncode == 0
    assert [day for _, day in host.asked] == DAYS[1:]
    assert there(root) == DAYS
    assert len(list((root / "data" / "2001:db8::1").iterdir())) == 4, "nothing half is left"


def test_interrupted_it_ends_and_leaves_nothing_half(start: Start, host: Host, root: Path):
    program = start(host.way("held_later"), "collect", ALL)
    wait_for(lambda: host.held, LIMIT)
    program.process.send_signal(signal.SIGINT)
    program.end()
    assert (program.process.returncode, program.errors.strip()) == (1, "Aborted!")
    assert len(list((root / "data" / "2001:db8::1").iterdir())) == 1
    assert there(root) == DAYS[:1]


def test_two_at_once_fetch_each_day_once(start: Start, host: Host, root: Path):
    first = start(host.way("held"), "collect", ALL)
    wait_for(lambda: host.held, LIMIT)
    second = start(host.way("held"), "collect", ALL)
    wait_for(lambda: "another process changes" in second.errors, LIMIT)
    host.free.set()
    assert first.end().startswith("4 days of hosts fetched")
    assert second.end() == "0 days of hosts fetched with 0 lines, 4 were there already, 0 failed.\n"
    assert [day for _, day in host.asked] == DAYS
    assert there(root) == DAYS


def test_a_host_that_lies_is_said_and_the_code_is_1(start: Start, host: Host):
    program = start(host.way("half_gzip").replace("//", "//user:hunter2hunter2@"), "collect", str(FIRST))
    assert program.end() == "0 days of hosts fetched with 0 lines, 0 were there already, 1 failed.\n"
    assert program.process.returncode == 1
    assert program.errors.endswith("/half_gzip) sends half a gzip; fetch it again\n")
    assert "hunter2" not in program.errors
    check = start(host.way("good"), "check", str(FIRST))
    assert "missing" in check.end() and check.process.returncode == 1
