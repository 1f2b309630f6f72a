"""What people have said of alarms: kept in one file that several programs may write."""

import fcntl
import json
from pathlib import Path

import pytest

from WardenServer.errors import WardenError
from WardenServer.hub.alarms import mutes
from WardenServer.hub.alarms.mutes import Mutes, Said


def test_what_one_says_the_other_knows(tmp_path: Path) -> None:
    path = tmp_path / "new" / "t-mutes.json"
    one, other = Mutes(path), Mutes(path)
    assert one.look() == Said()
    one.mute("beam", 200.0, "shift", 100.0)
    assert other.look().mutes["beam"].why == "shift"
    other.acknowledge({"valve": 50.0}, 101.0)
    assert one.look().known == {"valve": 50.0}
    assert one.look() is one.look(), "read again only where it has changed"
    one.unmute("beam", 102.0)
    assert other.look().mutes == {}
    with pytest.raises(WardenError, match="beam is not muted; muted are: none"):
        one.unmute("beam", 102.0)
    other.forget(["valve", "x"], 103.0)
    assert one.look() == Said()


def test_a_mute_ends_by_itself_and_the_longest_counts(tmp_path: Path) -> None:
    said = Mutes(tmp_path / "m.json")
    said.mute("beam", 200.0, "", 100.0)
    said.mute("*", 300.0, "", 100.0)
    found = said.look().mute_of("beam", 150.0)
    assert found is not None and found.until == 300.0
    assert said.look().mute_of("beam", 300.0) is None
    said.mute("valve", 900.0, "", 250.0)
    assert set(said.look().mutes) == {"*", "valve"}, "what is over is forgotten"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1, "content": {"mutes": {"a": 3}, "known": {}}}'])
def test_a_damaged_file_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(text)
    said = Mutes(tmp_path / "m.json")
    assert said.look() == Said()
    said.mute("beam", 200.0, "", 100.0)
    assert set(json.loads((tmp_path / "m.json").read_text())["content"]["mutes"]) == {"beam"}


def test_a_program_that_holds_the_file_is_not_waited_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutes, "PATIENCE", 0.05)
    with (tmp_path / "m.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(WardenError, match=r"another program holds .*m\.lock; end it, or try again"):
            Mutes(tmp_path / "m.json").mute("beam", 200.0, "", 100.0)
