import os
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import NoData, WardenError
from WardenServer.hub.runs.follower import Follower, content, followed
from WardenServer.hub.runs.trigger import Wanted
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.results.value import Value
from WardenServer.servers import tango_reading

STATE, NUMBER = "p02/daq/1/State", "p02/daq/1/RunNumber"


class Following(Follower):
    """A follower whose looks are made by the test: `seen` is what was wanted."""

    def __init__(self, runs: Runs) -> None:
        super().__init__(self._take)
        self.seen: list[Wanted] = []
        self.refused = ""
        self.use(runs)

    def _take(self, wanted: Wanted, where: str) -> str:
        if self.refused:
            raise WardenError(self.refused)
        self.seen.append(wanted)
        return f"a note of {where}"


def runs(**said: Any) -> Runs:
    return Runs("x", Path("/x"), "", **said)


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What attributes give; a NoData where they cannot be read."""
    given: dict[str, Any] = {}
    asked: list[str] = []

    def read(device: str, attributes: list[str]) -> dict[str, Value | NoData]:
        asked.append(device)
        found = {name: given.get(f"{device}/{name}", NoData("nothing")) for name in attributes}
        return {name: each if isinstance(each, NoData) else Value(each) for name, each in found.items()}

    monkeypatch.setattr(tango_reading, "read", read)
    given["asked"] = asked
    return given


def test_state_and_number_of_one_device_are_read_at_once(values: dict[str, Any]) -> None:
    it = Following(runs(state=STATE, number=NUMBER))
    values |= {STATE: "ON", NUMBER: 11}
    it.look()
    values |= {STATE: "RUNNING", NUMBER: 12.0}
    it.look()
    values |= {STATE: "STANDBY", NUMBER: NoData("broken")}  # not needed
    it.look()
    assert it.seen == [Wanted(True, 11), Wanted(True, 12), Wanted(False)]
    assert values["asked"] == ["p02/daq/1"] * 3
    assert (it.problem, it.note) == ("", f"a note of the attribute {STATE}")


def test_a_number_alone_is_a_run(values: dict[str, Any]) -> None:
    it = Following(runs(number=NUMBER))
    values[NUMBER] = 7
    it.look()
    assert it.seen == [Wanted(True, 7)]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({STATE: NoData("sensor broken")}, f"runs follow the attribute {STATE}: {STATE} cannot be read: sensor broken"),
        ({STATE: "ON", NUMBER: 0}, f"runs follow the attribute {STATE}: '0' is no number of a run"),
        ({STATE: "ON", NUMBER: NoData("away")}, f"{NUMBER} cannot be read: away"),
    ],
)
def test_what_cannot_be_read_changes_nothing_and_is_said_while_it_lasts(
    values: dict[str, Any], said: dict[str, Any], problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    it = Following(runs(state=STATE, number=NUMBER))
    values.update(said)
    it.look()
    it.look()
    assert it.seen == []
    assert problem in it.problem
    assert len(caplog.records) == 1
    values |= {STATE: "ON", NUMBER: 3}
    it.look()
    assert (it.seen, it.problem) == ([Wanted(True, 3)], "")


def test_what_cannot_be_followed_now_is_tried_again(values: dict[str, Any]) -> None:
    it = Following(runs(number=NUMBER))
    values[NUMBER] = 3
    it.refused = "the store is away; start it"
    it.look()
    assert it.problem == f"runs follow the attribute {NUMBER}: the store is away; start it"
    it.refused = ""
    it.look()
    assert it.seen == [Wanted(True, 3)]


def test_a_file_says_whether_a_run_is_open(tmp_path: Path) -> None:
    file = tmp_path / "run"
    it = Following(runs(file=file))
    it.look()
    file.write_text("12\n")
    it.look()
    file.write_text("")
    it.look()  # may be half written
    it.look()
    file.unlink()
    it.look()
    assert it.seen == [Wanted(False), Wanted(True, 12), Wanted(True), Wanted(False)]
    assert it.note == f"a note of the file {file}"


def test_a_file_that_is_none_changes_nothing_and_is_said(tmp_path: Path) -> None:
    file = tmp_path / "run"
    it = Following(runs(file=file))
    file.mkdir()
    it.look()
    cure = "correct its rights, or `file`"
    assert it.problem == f"runs follow the file {file}: {file} cannot be read (it is no file); {cure}"
    file.rmdir()
    os.mkfifo(file)
    it.look()
    assert "it is no file" in it.problem
    file.unlink()
    file.write_text("scan 3\n")
    it.look()
    assert "holds 'scan 3', which is no number of a run" in it.problem
    file.write_bytes(b"7" * 1_000_000)
    it.look()
    it.look()
    assert "which is no number of a run" in it.problem
    assert it.seen == []


def test_only_the_first_bytes_are_read(tmp_path: Path) -> None:
    file = tmp_path / "run"
    assert content(file) is None
    assert content(file / "below") is None
    file.write_bytes(b"7" * 1_000_000)
    assert content(file / "below") is None
    assert len(content(file) or b"") == 101


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*said: Any) -> int:
        raise PermissionError(13, "Permission denied")

    it = Following(runs(file=tmp_path / "run"))
    monkeypatch.setattr(os, "open", refuse)  # root may read all
    it.look()
    assert "(Permission denied); correct its rights" in it.problem


def test_without_anything_to_follow_nothing_happens() -> None:
    it = Following(runs())
    it.look()
    it.use(None)
    it.look()
    assert (it.seen, it.problem, it.note) == ([], "", "")
    assert followed(runs()) == ""


def test_its_note_goes_with_what_it_follows(values: dict[str, Any]) -> None:
    it = Following(runs(number=NUMBER))
    values[NUMBER] = 3
    it.look()
    it.use(runs())
    it.look()
    assert it.note == ""
