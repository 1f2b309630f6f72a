"""What one agent changes for the whole process is set right at the next look, and told with who ran."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake import FakeClock
from tests.unit.hub.process_changes import CHANGES
from WardenServer.hub.surroundings import Surroundings
from WardenServer.machine import origin, whole_file

#: What a sentence has to say of each change.
SAID = {
    "os.umask": "to 777",
    "os.environ": "lost or changed A_TOKEN",
    "os.environ itself": "was replaced",
    "os.chdir": "to /",
    "socket.setdefaulttimeout": "from None to 0.001",
    "sys.setswitchinterval": "to 0.5",
    "sys.setrecursionlimit": "to 5000",
    "threading.stack_size": "to 1048576",
    "gc": "to (False",
    "sys.stdin": "was closed",
    "sys.stdout": "was replaced",
    "file descriptor 2": "was closed",
    "sys.modules": "lost or changed tomllib",
    "sys.path": "lost ",
    "builtins": "lost or changed abs",
    "locale.setlocale": "to C.UTF-8",
    "the level of the hub's log": "to 60",
    "faulthandler.register": "SIGUSR1",
}


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What a process found that changed all things for itself, one after the other."""
    command = [sys.executable, "-m", "tests.unit.hub.process_changes"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_set_right_and_told(report: dict[str, Any], name: str) -> None:
    found = report[name]
    assert found["right"]
    [sentence] = [said for said in found["said"] if said.startswith(f"{name} ")]
    assert SAID.get(name, "was changed") in sentence
    assert "for the whole process and is set back; culprit ran just before; take it out" in sentence
    assert "ISOLATE = True" in sentence
    assert found["again"] == []


def test_values_of_variables_are_not_shown(report: dict[str, Any]) -> None:
    assert "of-an-agent" not in json.dumps(report)
    assert "of-the-hub" not in json.dumps(report)


def test_what_a_plugin_adds_is_left_to_it_and_nobody_is_asked(report: dict[str, Any]) -> None:
    assert report["added"] == []
    assert report["asked"] == []


def test_those_who_ran_since_the_last_look_are_named_or_it_says_where_to_look(report: dict[str, Any]) -> None:
    assert report["since"]
    assert "no agent ran just before" in report["nobody"][0]


def test_what_the_hub_itself_changes_is_right(report: dict[str, Any]) -> None:
    assert report["wanted"] == ["ERROR"]
    assert report["ours"] == ["0.001"], "an interval that the hub has fitted is no change"


def test_children_begin_as_the_hub_did(report: dict[str, Any]) -> None:
    assert report["children"]
    assert origin.for_children() == {"env": dict(os.environ)}, "where nothing is watched"


def test_it_is_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    thing = next(iter(_only_gc(surroundings := Surroundings(FakeClock()))))
    was = thing.read()
    for _ in range(3):
        gc.disable()
        surroundings.look(lambda since: ["culprit"])
        assert thing.read() == was
    assert len([record for record in caplog.records if record.message.startswith("gc ")]) == 1
    assert len(surroundings.notes()) == 1


def _only_gc(surroundings: Surroundings) -> list[Any]:
    """Have only one thing looked at: in the tests' own process."""
    from WardenServer.hub.surroundings import _Kept
    from WardenServer.machine.process_things import things

    found = [thing for thing in things() if thing.name == "gc"]
    surroundings._kept = {thing: _Kept(thing.read()) for thing in found}
    return found


def test_files_have_their_mode_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        whole_file.write(tmp_path / "new" / "state.json", "{}")
        whole_file.make(tmp_path / "new" / "log")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    for name in ("state.json", "log"):
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o666 & ~whole_file.UMASK
    (tmp_path / "new" / "log").chmod(0o600)
    whole_file.make(tmp_path / "new" / "log")
    assert (tmp_path / "new" / "log").stat().st_mode & 0o777 == 0o600, "one that is there keeps its own"
