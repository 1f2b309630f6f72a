"""Who bears a tag is found and killed; nobody else is."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import wait_for
from WardenServer.machine import guardian

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process that sleeps, with this tag or none."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(tag: str = "") -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **({guardian.VARIABLE: tag} if tag else {})}
        begun.append(subprocess.Popen(["sleep", "1000"], env=environment))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def test_a_tag_begins_with_that_of_its_process_and_is_never_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(guardian.VARIABLE, raising=False)
    first, second = guardian.new_tag(), guardian.new_tag()
    assert first != second
    monkeypatch.setenv(guardian.VARIABLE, first)
    assert guardian.new_tag().startswith(first)
    assert guardian.new_tag() != first


def test_those_with_the_tag_are_killed(start: Start) -> None:
    tag = guardian.new_tag()
    child, grandchild, other, none = start(tag), start(f"{tag}more"), start(guardian.new_tag()), start()
    assert sorted(guardian.find(tag)) == sorted([child.pid, grandchild.pid])
    guardian.kill(tag, 5)
    assert (child.wait(5), grandchild.wait(5)) == (-9, -9)
    assert (other.poll(), none.poll()) == (None, None)
    assert guardian.find(tag) == []


def test_the_process_itself_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    tag = guardian.new_tag()
    monkeypatch.setenv(guardian.VARIABLE, tag)
    file = os.memfd_create(guardian.file_name(tag))
    try:
        assert guardian.find(tag) == []
    finally:
        os.close(file)


def test_those_that_have_ended_are_no_matter(start: Start) -> None:
    tag = guardian.new_tag()
    process = start(tag)
    process.kill()
    wait_for(lambda: guardian.find(tag) == [], 5, "for the end of one that nobody has asked how it ended")
    guardian.kill_all([process.pid])


def test_a_guardian_whose_parent_has_ended_kills_at_once_and_ends(start: Start) -> None:
    tag = guardian.new_tag()
    process = start(tag)
    command = [sys.executable, "-I", "-S", str(guardian.__file__), "0", tag]  # nobody is 0
    assert subprocess.run(command, timeout=10, check=False).returncode == 0
    assert process.wait(5) == -9
