import os
from pathlib import Path

import pytest

from WardenServer.errors import WardenError
from WardenServer.jobs.work.traces import Folder, bury
from WardenServer.plugins.common.jobs.claiming import Claim

CLAIM = Claim(7, "a/b\n", "", "", 1, "0123abcd")
Told = list[tuple[int, str, str]]


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """What a worker leaves that is killed."""
    folder = Folder(tmp_path, "dead")
    folder.output(CLAIM).write_text("boom")
    os.close(folder._lock)  # as the kernel does it
    return tmp_path / "dead"


def told(above: Path) -> tuple[list[str], Told]:
    said: Told = []
    return bury(above, lambda *each: said.append(each)), said


def test_of_the_dead_it_is_told_and_nothing_is_left(dead: Path) -> None:
    assert told(dead.parent) == (["dead"], [(7, "0123abcd", "boom")])
    assert told(dead.parent) == ([], [])
    assert not dead.exists()


def test_the_living_are_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "alive")
    folder.output(CLAIM).write_text("still here")
    assert told(tmp_path) == ([], [])
    assert folder.output(CLAIM).exists()
    folder.close()
    assert not (tmp_path / "alive").exists()


def test_those_of_other_machines_are_left_alone(dead: Path) -> None:
    (dead / "lock").write_text("another")
    assert told(dead.parent) == ([], [])
    assert dead.exists()


def test_what_could_not_be_told_is_told_again(dead: Path) -> None:
    def fail(*said: object) -> None:
        raise OSError

    with pytest.raises(OSError):
        bury(dead.parent, fail)
    assert told(dead.parent)[1] == [(7, "0123abcd", "boom")]


def test_rubbish_is_no_harm(dead: Path) -> None:
    (dead / "x-y.out").write_text("no number")
    (dead / "a-\u0665.out").write_text("a digit of another script")
    (dead / "0123-8.out").mkdir()
    (dead.parent / "file").touch()
    (dead.parent / "empty").mkdir()
    assert told(dead.parent)[0] == ["dead"]
    assert told(dead.parent / "missing") == ([], [])


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WardenError, match="cannot be used"):
        Folder(tmp_path / "file", "name")
