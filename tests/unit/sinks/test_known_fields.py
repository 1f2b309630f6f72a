"""What the hub remembers of fields: kept whole or not at all, and never a reason not to start."""

import json
from pathlib import Path

import pytest

from tests.unit.fake import FakeClock
from WardenServer.machine import whole_file
from WardenServer.machine.clock import Clock
from WardenServer.results.field import Declaration, Kind
from WardenServer.sinks.known_fields import KnownFields

KINDS = {
    "on": Kind("bool"),
    "count": Kind("int"),
    "curve": Kind("float", 1),
    "image": Kind("float", 2),
    "gate": Kind("enum", 0, ("CLOSED", "OPEN")),
    "Größe 温": Kind("str"),
}
FIELDS = {name: Declaration({}, kind) for name, kind in KINDS.items()}


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
    assert again.of("ring") == FIELDS
    assert list(again.of("ring")) == list(KINDS)
    assert again.of("other") == {}


def test_a_new_kind_replaces_the_old(path: Path) -> None:
    memory = learnt(path)
    memory.learn("ring", "count", Kind("str"))
    memory.save()
    assert KnownFields(path).of("ring") == {**FIELDS, "count": Declaration({}, Kind("str"))}


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
    memory.of("ring").clear()
    assert memory.of("ring") == FIELDS


def test_the_folder_is_for_this_user_only_and_nothing_else_is_left_in_it(path: Path) -> None:
    learnt(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_first_start_says_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert KnownFields(path).of("ring") == {}
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
    assert memory.of("ring") == {}
    assert f"{path} is not usable" in caplog.text
    memory.learn("ring", "x", Kind("int"))
    memory.save()
    assert KnownFields(path).of("ring") == {"x": Declaration({}, Kind("int"))}


@pytest.mark.parametrize(
    "entry", [["integer", 0, []], ["int", 7, []], ["int", "1", []], [None, 0, []], ["int", 0, [1]]]
)
def test_a_kind_that_means_nothing_makes_no_attribute(path: Path, entry: list[object]) -> None:
    """Else the sink that makes attributes from it fails, for this agent and all after it."""
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "fields": {"ring": {"x": entry}}}))
    assert KnownFields(path).of("ring") == {}


def test_a_folder_that_cannot_be_written_is_said_and_no_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").touch()  # root may write into any folder, but not into a file
    memory = learnt(tmp_path / "state" / "fields.json")
    assert "cannot be written (" in caplog.text
    assert "the next start will not know the fields of agents" in caplog.text
    assert memory.of("ring") == FIELDS


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
    assert KnownFields(path).of("ring") == FIELDS
    clock.turn(11)
    memory.save()
    assert "more" in KnownFields(path).of("ring"), "what could not be written is written later"


def test_the_file_of_an_earlier_release_is_understood(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"version": 1, "fields": {"fields": {"x": ["int", 0, []]}}}')
    assert KnownFields(path).of("fields") == {"x": Declaration({}, Kind("int"))}


def test_properties_that_came_with_a_value_are_remembered_until_others_come(path: Path) -> None:
    memory = learnt(path)
    memory.learn("ring", "count", Kind("int"), {"unit": "Ω"})
    memory.learn("ring", "count", Kind("int"))
    memory.save()
    again = KnownFields(path)
    assert again.of("ring")["count"] == Declaration({"unit": "Ω"}, Kind("int"))
    again.learn("ring", "count", Kind("int"), {"unit": "A"})
    assert again.of("ring")["count"].properties == {"unit": "A"}


def test_properties_that_are_no_texts_are_not_understood(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"version": 2, "content": {"ring": {"x": ["int", 0, [], {"unit": 3}]}}}')
    assert KnownFields(path).of("ring") == {}
