"""The writer `json_lines`: whole lines, each once, over rotation, removal and a full disk."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.errors import Unreachable
from WardenServer.sinks.writers.json_lines import JSONLines
from WardenServer.sinks.writers.writer import Document


def made(number: int, text: str = "") -> Document:
    return Document("rate", 60.5 + number, {"n": number, "text": text})


def numbers(*files: Path) -> list[int]:
    return [json.loads(line)["document"]["n"] for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samples.json"


def test_a_line_has_name_timestamp_and_document(path: Path) -> None:
    JSONLines(str(path)).write([Document("Größe", 1.5, {"x": float("nan"), "timestamp": 3})])
    assert path.read_text() == '{"name": "Größe", "timestamp": 1.5, "document": {"x": null, "timestamp": 3}}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_without_documents_there_is_no_file(path: Path) -> None:
    JSONLines(str(path)).write([])
    assert not path.exists()


def test_a_large_file_is_put_aside_and_the_oldest_goes(path: Path) -> None:
    writer = JSONLines(str(path), size=2500, keep=2)
    for number in range(10):
        writer.write([made(number, "x" * 1000)])
    files = [path.with_name("samples.json.2"), path.with_name("samples.json.1"), path]
    assert [numbers(file) for file in files] == [[4, 5], [6, 7], [8, 9]]
    assert len(list(path.parent.iterdir())) == 3


def test_what_comes_at_once_stays_together(path: Path) -> None:
    writer = JSONLines(str(path), size=2500, keep=2)
    writer.write([made(number, "x" * 1000) for number in range(5)])
    writer.write([made(5)])
    assert numbers(path.with_name("samples.json.1")) == [0, 1, 2, 3, 4]
    assert numbers(path) == [5]


def test_a_gap_in_the_old_files_is_filled_and_none_is_lost_for_it(path: Path) -> None:
    writer = JSONLines(str(path), size=1, keep=3)
    path.with_name("samples.json.2").write_text("old\n")
    for number in range(2):
        writer.write([made(number)])
    assert path.with_name("samples.json.2").read_text() == "old\n"
    assert numbers(path.with_name("samples.json.1"), path) == [0, 1]


def test_no_old_files_are_kept_where_none_are_wanted(path: Path) -> None:
    writer = JSONLines(str(path), size=1, keep=0)
    for number in range(3):
        writer.write([made(number)])
    assert numbers(path) == [2]
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_removed_or_renamed_begins_anew(path: Path) -> None:
    writer = JSONLines(str(path))
    writer.write([made(0)])
    path.rename(path.with_name("elsewhere"))
    writer.write([made(1)])
    path.unlink()
    writer.write([made(2)])
    assert numbers(path) == [2]
    assert numbers(path.with_name("elsewhere")) == [0]


def test_a_line_that_was_left_half_is_ended(path: Path) -> None:
    path.write_text('{"name": "ra')
    JSONLines(str(path)).write([made(1), made(2)])
    half, *lines = path.read_text().splitlines()
    assert half == '{"name": "ra'
    assert [json.loads(line)["document"]["n"] for line in lines] == [1, 2]


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_a_full_disk_leaves_no_half_line_and_every_line_comes_once(
    tmp_path_factory: pytest.TempPathFactory, room: list[int]
) -> None:
    path = tmp_path_factory.mktemp("disk") / "samples.json"
    writer, left, real = JSONLines(str(path)), iter(room), os.write
    state = {"room": 0}

    def write(descriptor: int, text: Any) -> int:
        if not state["room"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(descriptor, text[: state["room"]])
        state["room"] -= count
        return count

    documents = [made(number) for number in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("WardenServer.sinks.writers.json_lines.os.write", write)
        while True:
            state["room"] = next(left, 1000)
            try:
                writer.write(documents)
                break
            except Unreachable as error:
                assert str(error).startswith(f"{path} cannot be written (No space left on device); make room")
                assert path.read_bytes() == b""
    assert numbers(path) == [0, 1, 2, 3]


@pytest.mark.parametrize("what", ["no folder", "folder", "pipe", "file above"])
def test_what_cannot_be_written_is_said_and_tried_again(path: Path, what: str) -> None:
    place = path.parent / "above" / "samples.json"
    if what == "folder":
        place.mkdir(parents=True)
    elif what == "pipe":
        place.parent.mkdir()
        os.mkfifo(place)
    elif what == "file above":
        place.parent.touch()
    writer = JSONLines(str(place))
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"samples.json cannot be written \(.+\); make room, make its folder"):
            writer.write([made(1)])
    place.rmdir() if what == "folder" else place.unlink() if what == "pipe" else None
    place.parent.unlink() if what == "file above" else None
    place.parent.mkdir(exist_ok=True)
    writer.write([made(1)])
    assert numbers(place) == [1]
