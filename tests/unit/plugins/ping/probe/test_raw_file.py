"""Lines are written whole or not at all; those for which there is no room wait."""

import logging
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.machine import whole_file
from WardenServer.plugins.common.ping import months
from WardenServer.plugins.common.ping.probe import appender, raw_file
from WardenServer.plugins.common.ping.probe.appender import Appender
from WardenServer.plugins.common.ping.probe.raw_file import RawFile

LOG = logging.getLogger("warden.test")
LINES = ["one 1", "two 22", "three 333"]
TEXT = "one 1\ntwo 22\nthree 333\n"


class Clock:
    def __init__(self, *when: int) -> None:
        self.now = datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc]

    def __call__(self) -> float:
        return self.now


@contextmanager
def opened(folder: Path, clock: Clock | None = None) -> Iterator[RawFile]:
    file = RawFile(lambda time: months.file_of(folder, time), LOG, clock or Clock(2026, 11, 25))
    try:
        yield file
    finally:
        file.close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a disk that has so much room for each file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data" / "ping-2026-11.txt"
    for count in (1, 2):
        with opened(path.parent) as file:
            file.add(LINES[:1])
            file.add(LINES[1:])
            assert path.read_text() == TEXT * count, "at once, not only when it is closed"
            file.sync()
            assert (file.written, file.waiting, file.lost, file.problem) == (3, 0, 0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~whole_file.UMASK
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_nothing_makes_no_file(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as file:
        file.add([])
        file.sync()
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("cut", range(len(TEXT) + 1))
def test_a_file_that_was_cut_at_any_byte_has_whole_lines_only(
    tmp_path: Path, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ping-2026-11.txt"
    path.write_text(TEXT[:cut])
    with opened(tmp_path) as file:
        file.add(["four"])
    whole = TEXT[: TEXT.rfind("\n", 0, cut) + 1]
    assert path.read_text() == f"{whole}four\n"
    lost = cut - len(whole)
    assert (f"{path} ended amid a line: its last {lost} bytes are cut off" in caplog.text) is (lost > 0)


@given(st.binary(max_size=300), st.integers(1, 40))
def test_after_any_bytes_the_whole_lines_stay(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, block: int
) -> None:
    path = tmp_path_factory.mktemp("data") / "file"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(appender, "BLOCK", block)
        file = Appender(path)
    file.write(b"more\n")
    file.close()
    whole = data[: data.rfind(b"\n") + 1]
    assert path.read_bytes() == whole + b"more\n"
    assert file.cut == len(data) - len(whole)


def test_what_a_power_failure_leaves_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ping-2026-11.txt"
    path.write_bytes(TEXT.encode() + bytes(3 * appender.BLOCK))
    with opened(tmp_path) as file:
        file.add(["four"])
    assert path.read_text() == f"{TEXT}four\n"


@given(st.integers(0, 60), st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_with_any_room_there_are_whole_lines_and_none_is_lost_or_twice(
    tmp_path_factory: pytest.TempPathFactory, room: int, lengths: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    lines = [f"{number}{'x' * length}" for number, length in enumerate(lengths)]
    path = folder / "ping-2026-11.txt"
    with opened(folder) as file:
        with largest_file(room):
            for line in lines:
                file.add([line])
                there = path.read_text() if path.exists() else ""
                assert there == "" or there.endswith("\n")
                assert there.splitlines() == lines[: file.written]
            assert bool(file.waiting) is bool(file.problem)
        file.sync()
        assert (file.waiting, file.problem, file.written) == (0, "", len(lines))
    assert path.read_text().splitlines() == lines


def test_a_full_disk_is_said_once_and_when_it_is_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with opened(tmp_path) as file:
        file.add(["x" * 40])
        with largest_file(50):
            file.add(["y" * 40])
            file.add(["z" * 40])
            path = tmp_path / "ping-2026-11.txt"
            reason = f"{path} cannot be written (File too large); make room, or correct its rights"
            assert file.problem == f"{reason}; 2 lines wait, 0 are lost"
        assert caplog.text.count(reason) == 1
        file.add(["end"])
        assert caplog.text.count("is written again; it lacks 0 lines") == 1
    assert [line[0] for line in path.read_text().splitlines()] == ["x", "y", "z", "e"]


def test_lines_that_cannot_be_taken_back_are_put_right_with_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as file:
        file.add(["one"])
        with monkeypatch.context() as patch, largest_file(9):
            patch.setattr(os, "ftruncate", lambda *arguments: (_ for _ in ()).throw(OSError(5, "broken")))
            file.add(["two and more"])
            assert (tmp_path / "ping-2026-11.txt").read_text() == "one\ntwo a"
        file.add(["three"])
    assert (tmp_path / "ping-2026-11.txt").read_text() == "one\ntwo and more\nthree\n"


def test_the_oldest_that_wait_are_lost_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(raw_file, "MOST", 3)
    monkeypatch.setattr(raw_file, "PART", 2)
    with opened(tmp_path) as file:
        with largest_file(0):
            for number in range(5):
                file.add([str(number)])
            assert (file.waiting, file.lost) == (3, 2)
            assert file.problem.endswith("; 3 lines wait, 2 are lost")
        file.add(["5"])
        assert file.written == 4
    assert (tmp_path / "ping-2026-11.txt").read_text() == "2\n3\n4\n5\n"
    assert "it lacks 2 lines" in caplog.text


def test_what_is_never_written_is_said_at_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with largest_file(0), opened(tmp_path) as file:
        file.add(LINES)
    assert "lacks 3 lines that could not be written" in caplog.text


def test_month_and_year_turn_amid_a_round(tmp_path: Path) -> None:
    clock = Clock(2026, 12, 31, 23, 59, 59)
    with opened(tmp_path, clock) as file:
        file.add(["old"])
        clock.now += 1
        file.add(["new"])
        clock.now -= 1  # set back
        file.add(["older"])
    assert (tmp_path / "ping-2026-12.txt").read_text() == "old\nolder\n"
    assert (tmp_path / "ping-2027-01.txt").read_text() == "new\n"


def test_a_time_that_no_month_has(tmp_path: Path) -> None:
    clock = Clock(2026, 11, 25)
    good, clock.now = clock.now, 1e15
    with opened(tmp_path, clock) as file:
        file.add(["one"])
        assert "set the clock of this machine; 1 lines wait" in file.problem
        clock.now = good
        file.sync()
        assert file.problem == ""
    assert (tmp_path / "ping-2026-11.txt").read_text() == "one\n"


@pytest.mark.parametrize("move", [lambda path: path.unlink(), lambda path: path.rename(path.with_suffix(".old"))])
def test_a_file_that_is_removed_or_moved_is_made_anew(tmp_path: Path, move: object) -> None:
    path = tmp_path / "ping-2026-11.txt"
    with opened(tmp_path) as file:
        file.add(["one"])
        move(path)  # type: ignore[operator]
        file.add(["two"])
    assert path.read_text() == "two\n"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "ping-2026-11.txt"
    path.mkdir()
    with opened(tmp_path) as file:
        file.add(["one"])
        assert file.problem.startswith(f"{path} cannot be written (Is a directory)")
        path.rmdir()
        file.sync()
    assert path.read_text() == "one\n"


def test_a_device_that_is_full(tmp_path: Path) -> None:
    path = tmp_path / "ping-2026-11.txt"
    path.symlink_to("/dev/full")
    with opened(tmp_path) as file:
        file.add(["one"])
        assert "No space left on device" in file.problem
        path.unlink()
    assert path.read_text() == "one\n"


def test_a_disk_that_fails_at_the_end_of_a_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as file:
        file.add(["one"])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(5, "Input/output error")))
            file.sync()
        assert "Input/output error" in file.problem
        file.add(["two"])
        assert file.problem == ""
    assert (tmp_path / "ping-2026-11.txt").read_text() == "one\ntwo\n"


def test_of_two_writers_the_second_waits_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "ping-2026-11.txt"
    with opened(tmp_path) as second:
        with opened(tmp_path) as first:
            first.add(["first"])
            second.add(["second"])
            assert second.problem.startswith(f"{path} is in use by another program; give each hub")
            first.add(["first again"])
            assert first.problem == ""
        second.sync()
        assert second.problem == ""
    assert path.read_text() == "first\nfirst again\nsecond\n"
