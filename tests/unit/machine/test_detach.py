"""The file that says which process a program is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from WardenServer.errors import WardenError
from WardenServer.machine.detach import PidFile

HOLDS = "import sys; from pathlib import Path; from WardenServer.machine.detach import PidFile; "


def test_it_holds_the_number_and_goes(tmp_path: Path) -> None:
    held = PidFile(tmp_path / "pid")
    assert (tmp_path / "pid").read_text() == f"{os.getpid()}\n"
    held.close()
    assert not (tmp_path / "pid").exists()


def test_that_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("123456789012345\n" * 10)
    held = PidFile(tmp_path / "pid")
    assert (tmp_path / "pid").read_text() == f"{os.getpid()}\n"
    held.close()


def test_a_second_one_is_refused(tmp_path: Path) -> None:
    code = f"{HOLDS}PidFile(Path({str(tmp_path / 'pid')!r})); print(); sys.stdin.read()"
    first = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout is not None
    first.stdout.readline()
    with pytest.raises(WardenError, match=f"it runs already with pid {first.pid} .* end it with: kill {first.pid}"):
        PidFile(tmp_path / "pid")
    first.communicate()
    PidFile(tmp_path / "pid").close()


def test_one_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(WardenError, match=r"cannot be written .*name another with --pid-file"):
        PidFile(tmp_path / "none" / "pid")
