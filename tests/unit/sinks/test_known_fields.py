"""What the hub remembers of fields: kept whole or not at all, and never a reason not to start."""

import json
from pathlib import Path

import pytest

from tests.unit.fake import FakeClock
from WardenServer.machine import whole_file
from WardenServer.machine.clock import Clock
from WardenServer.results.field import Kind
from WardenServer.sinks.attributes.known_fields import KnownFields

KINDS = {
    "on": Kind("bool"),
    "count": Kind("int"),
    "curve": Kind("float", 1),
    "image": Kind("float", 2),
    "gate": Kind("enum", 0, ("CLOSED", "OPEN")),
    "Größe 温": Kind("str"),
}


def learnt(path: Path, clock: Clock | None = None) -> KnownFields:
    memory = KnownFields(path, clock)
    for name, kind in KINDS.items():
        memory.learn("ring", name, kind)
    memory.save()
    return memory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "hub-fields.json"


def test_what_was_learnt_is_there_at_the_next_start(path: Path) -> None:
    learnt(path)
    again = KnownFields(path)
    assert again.kinds("ring") == KINDS
    assert list(again.kinds("ring")) == list(KINDS)
    assert again.kinds("other") == {}


def test_a_new_kind_replaces_the_old(path: Path) -> None:
    memory = learnt(path)
    memory.learn("ring", "count", Kind("str"))
    memory.save()
    assert KnownFields(path).kinds("ring") == {**KINDS, "count": Kind("str")}


def test_nothing_is_written_when_nothing_is_new(path: Path) -> None:
    memory = learnt(path)
    path.unlink()
    memory.learn("ring", "count", KINDS["count"])
    memory.save()
    assert not path.exists()
    memory.learn("ring", "more", Kind("int"))
    memory.save()
    assert path.exists()


def test_what_is_given_out_is_a_copy(path: Path) -> None:
    memory = learnt(path)
    memory.kinds("ring").clear()
    assert memory.kinds("ring") == KINDS


def test_the_folder_is_for_this_user_only_and_nothing_else_is_left_in_it(path: Path) -> None:
    learnt(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_first_start_says_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert KnownFields(path).kinds("ring") == {}
    assert caplog.text == ""


@pytest.mark.parametrize(
    "content",
    [
        b"", b"garbage", b"\xff\xfe", b"null", b"[]", b"{}", b'{"version": 3, "content": {}}',
        b'{"version": 2, "content": []}', b'{"version": 1}', b'{"version": 1, "fields": []}',
        b'{"version": 1, "fields": {"ring": 3}}', b'{"version": 1, "fields": {"ring": {"x": ["int"]}}}',
        b'{"version": 1, "fields": {"ring": {"x": 3}}}',
    ],
)  # fmt: skip
def test_a_broken_file_is_said_and_replaced(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    memory = KnownFields(path)
    assert memory.kinds("ring") == {}
    assert f"{path} is not usable" in caplog.text
    memory.learn("ring", "x", Kind("int"))
    memory.save()
    assert KnownFields(path).kinds("ring") == {"x": Kind("int")}


@pytest.mark.parametrize(
    "entry", [["integer", 0, []], ["int", 7, []], ["int", "1", []], [None, 0, []], ["int", 0, [1]]]
)
def test_a_kind_that_means_nothing_makes_no_attribute(path: Path, entry: list[object]) -> None:
    """Else the sink that makes attributes from it fails, for this agent and all after it."""
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "fields": {"ring": {"x": entry}}}))
    assert KnownFields(path).kinds("ring") == {}


def test_a_folder_that_cannot_be_written_is_said_and_no_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").touch()  # root may write into any folder, but not into a file
    memory = learnt(tmp_path / "state" / "fields.json")
    assert "cannot be written (" in caplog.text
    assert "the next start will not know the fields of agents" in caplog.text
    assert memory.kinds("ring") == KINDS


def test_a_write_that_fails_half_way_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    memory = learnt(path, clock)
    attempts = []

    def full(path: str, flags: int) -> int:
        attempts.append(path)
        Path(path).write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file, "opener", full)
    memory.learn("ring", "more", Kind("int"))
    for _ in range(10):
        memory.save()
    assert len(attempts) == 1, "it is not tried again at every event"
    assert list(path.parent.iterdir()) == [path], "half a file only takes the room"
    monkeypatch.undo()
    assert KnownFields(path).kinds("ring") == KINDS
    clock.turn(11)
    memory.save()
    assert "more" in KnownFields(path).kinds("ring"), "what could not be written is written later"


def test_the_file_of_an_earlier_release_is_understood(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"version": 1, "fields": {"fields": {"x": ["int", 0, []]}}}')
    assert KnownFields(path).kinds("fields") == {"x": Kind("int")}
