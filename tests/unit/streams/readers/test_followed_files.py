"""Rotation, truncation, replacement and restarts: each event once, and in order."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from WardenServer.streams.readers import followed_files
from WardenServer.streams.readers.json_lines import JSONLines

from .reading import drain, drain_until, restarted
from .test_json_lines import append, lines, opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def rotate(path: Path) -> None:
    """As logrotate does: names with numbers, the newest first."""
    for number in range(20, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            old.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))


def test_the_rest_of_the_old_file_is_read_first(file: Path) -> None:
    file.write_text(lines(1))
    with opened(str(file)) as reader, file.open("a") as old:
        assert drain(reader) == [1]
        rotate(file)
        assert drain(reader) == []
        file.write_text("")  # made by the rotation, and the program has not opened it yet
        old.write(lines(2))
        old.flush()
        assert drain(reader) == [2]
        old.write(lines(3) + '{"half": 1')
        old.flush()
        append(file, lines(4))
        undecodable: list[int] = []
        assert drain(reader, undecodable) == [3, 4]
        assert sum(undecodable) == 1
        append(file, lines(5))
        assert drain(reader) == [5]


def test_a_pattern_that_holds_for_the_rotated_files_too(file: Path) -> None:
    file.write_text(lines(1))
    with opened(f"{file}*") as reader:
        assert drain(reader) == [1]
        for number in range(2, 6):
            append(file, lines(number))
            rotate(file)
            file.write_text(lines(number + 10))
            assert drain_until(reader, 2) == [number, number + 10]
        assert drain(reader) == []


def test_a_truncated_file_is_read_from_its_begin(file: Path) -> None:
    file.write_text(lines(1, 2, 3))
    with opened(str(file)) as reader:
        assert drain(reader) == [1, 2, 3]
        os.truncate(file, 0)
        assert drain(reader) == []
        append(file, lines(4))
        assert drain(reader) == [4]


def test_a_truncated_file_that_has_grown_beyond_the_position(file: Path) -> None:
    file.write_text(lines(*range(100)) + '{"half')
    undecodable: list[int] = []
    with opened(str(file)) as reader:
        assert drain(reader) == list(range(100))
        inode = file.stat().st_ino
        file.write_text(lines(*range(1000, 2000)))
        assert file.stat().st_ino == inode
        assert drain(reader, undecodable) == list(range(1000, 2000))
    assert sum(undecodable) == 1  # the half line


def test_a_truncated_file_of_the_same_size(file: Path) -> None:
    file.write_text(lines(1, 2))
    with opened(str(file)) as reader:
        assert drain(reader) == [1, 2]
        file.write_text(lines(3, 4))
        os.utime(file, (1, 1))
        assert drain(reader) == [3, 4]


def test_a_replaced_file(file: Path, tmp_path: Path) -> None:
    file.write_text(lines(1, 2))
    with opened(str(file)) as reader:
        assert drain(reader) == [1, 2]
        (tmp_path / "new").write_text(lines(1, 2, 3))
        (tmp_path / "new").replace(file)
        assert drain(reader) == [1, 2, 3]


def test_a_removed_file_that_comes_back(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(lines(1))
    with opened(str(file)) as reader:
        assert drain(reader) == [1]
        file.unlink()
        assert drain(reader) == []
        assert "is not there yet" in reader.notes[0]
        file.write_text(lines(1))
        assert drain(reader) == [1]
        monkeypatch.setattr(followed_files, "GONE", 0.0)
        file.unlink()
        assert drain(reader) == [] and drain(reader) == []
        file.write_text(lines(1))
        assert drain(reader) == [1]


def test_a_file_that_is_out_of_reach_for_long_is_not_read_again(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_files, "GONE", 0.0)
    file.write_text(lines(1))
    with opened(str(file)) as reader:
        assert drain(reader) == [1]
        file.rename(tmp_path / "away")
        for _ in range(3):
            assert drain(reader) == []
        again = restarted(reader, JSONLines(str(file)))
        append(tmp_path / "away", lines(2))
        (tmp_path / "away").rename(file)
        assert drain(again) == [2]
        again.close()


def test_a_removed_file_is_let_go_of(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_files, "GONE", 0.0)
    file.write_text(lines(1))
    with opened(str(file)) as reader:
        assert drain(reader) == [1]
        file.unlink()
        until = time.monotonic() + 5
        while reader.position() != {"files": []} and time.monotonic() < until:
            drain(reader)
        assert reader.position() == {"files": []}


def test_two_names_of_one_file_are_read_once(file: Path, tmp_path: Path) -> None:
    file.write_text(lines(1))
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "hard").hardlink_to(file)
    with opened(str(tmp_path / "*")) as reader:
        assert drain(reader) == [1]


def test_a_rotation_while_it_was_down(file: Path) -> None:
    file.write_text(lines(1))
    with opened(str(file)) as reader:
        assert drain(reader) == [1]
        append(file, lines(2))
        rotate(file)
        file.write_text(lines(3))
        again = restarted(reader, JSONLines(str(file)))
        assert drain(again) == [3]
        last = restarted(again, JSONLines(f"{file}*"))
        assert drain(last) == [2]
        last.close()


def test_another_file_with_the_same_inode(file: Path) -> None:
    file.write_text(lines(*range(100)))
    with opened(str(file)) as reader:
        drain(reader)
        file.write_text(lines(*range(200, 400)))
        again = restarted(reader, JSONLines(str(file)))
        assert drain(again) == list(range(200, 400))
        again.close()


PLACE = {"path": "/x", "inode": 1, "offset": 0, "before": "", "is_skipping": False}
ANY = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.sampled_from(["files", *PLACE]), inner),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ANY | some.builds(lambda each: {"files": [PLACE | each]}, some.dictionaries(some.sampled_from([*PLACE]), ANY)))
def test_a_damaged_position_means_to_begin_anew(tmp_path: Path, position: Any) -> None:
    (tmp_path / "file").write_text(lines(1))
    with opened(str(tmp_path / "file"), position) as reader:
        assert drain(reader) == [1]


def test_a_damaged_position_is_said(file: Path) -> None:
    file.write_text(lines(1))
    with opened(str(file), {"files": [PLACE | {"offset": -1}]}) as reader:
        assert drain(reader) == [1]
        assert reader.notes == ("the position that was kept is damaged: reading begins anew",)


EVENT = some.dictionaries(some.text(max_size=3), some.text() | some.integers() | some.lists(some.none()), max_size=3)
#: After each piece that is written: nothing, a read, a reader in a new life, or a rotation before the next line.
THEN = some.sampled_from(["", "read", "one batch", "restart", "rotate"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(some.lists(EVENT, max_size=20), some.data())
def test_each_event_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, events: list[Any], data: Any) -> None:
    folder = tmp_path_factory.mktemp("files")
    file = folder / "run.jsonl"
    reader: Any = JSONLines([str(file), *(f"{file}.{number}" for number in range(1, 30))], largest=1000)
    reader.open(None)
    rest = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events).encode()
    found: list[Any] = []
    while rest:
        size = data.draw(some.integers(1, len(rest)))
        piece, rest = rest[:size], rest[size:]
        with file.open("ab") as writing:
            writing.write(piece)
        then = data.draw(THEN)
        if then == "read":
            found += drain(reader)
        elif then == "one batch" and (batch := reader.read(0)) is not None:
            found += batch.events
        elif then == "restart":
            reader = restarted(reader, JSONLines(sorted(reader._files.named), largest=1000))
        elif then == "rotate" and piece.endswith(b"\n"):
            found += drain(reader)
            rotate(file)
    found += drain(reader)
    reader.close()
    assert found == events


class Program:
    """Writes numbers, renames its file at some time, goes on with the old one, and opens a new one at some time."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, path.open("a")
        self._is_renamed = False
        self.number = 0

    def write(self) -> None:
        self.number += 1
        self._file.write(lines(self.number))
        self._file.flush()

    def rename(self) -> None:
        if not self._is_renamed:
            rotate(self._path)
        self._is_renamed = True

    def open_new(self) -> None:
        if self._is_renamed:
            self.close()
            self._file, self._is_renamed = self._path.open("a"), False

    def close(self) -> None:
        self._file.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(some.lists(some.sampled_from(["write", "read", "restart", "rename", "open_new"]), max_size=40))
def test_rotation_at_any_point(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    file = tmp_path_factory.mktemp("files") / "run.jsonl"
    program = Program(file)
    reader: Any = JSONLines(str(file))
    reader.open(None)
    found: list[int] = []
    is_seen = False  # a file that comes and goes between two looks is seen by nobody
    for step in steps:
        if step == "read":
            found += drain(reader)
            is_seen = is_seen or not program._is_renamed
        elif step == "restart" and not program._is_renamed:
            found += drain(reader)  # the rest of a file that has another name now is not found again
            reader = restarted(reader, JSONLines(str(file)))
            is_seen = False
        elif step == "open_new" and program._is_renamed:
            program.open_new()
            is_seen = False
        elif step == "write" or (step == "rename" and is_seen):
            getattr(program, step)()
    program.close()
    found += drain(reader)
    reader.close()
    assert found == list(range(1, program.number + 1))
