"""The file of documents that wait: in order, bounded, and whole after any end."""

import sqlite3
import stat
from pathlib import Path

import pytest

from WardenServer.errors import Unreachable
from WardenServer.sinks.writers import spool as module
from WardenServer.sinks.writers.spool import Spool, Waiting


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "archive.db"


def drain(spool: Spool) -> list[str]:
    found = []
    while (waiting := spool.first()) is not None:
        found.append(waiting.text)
        spool.remove(waiting)
    return found


def test_what_comes_in_goes_out_in_order_also_in_another_life(path: Path) -> None:
    spool = Spool(path, 10**6)
    assert spool.first() is None
    spool.add([("a", 5, "1"), ("b", 5, "2")])
    spool.add([("a", 4, "3")])
    spool.close()
    again = Spool(path, 10**6)
    assert again.count() == 3
    assert drain(again) == ["1", "2", "3"]
    assert again.count() == 0
    again.close()
    again.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_places_in_a_minute_are_remembered_and_so_is_what_was_tried(path: Path) -> None:
    spool = Spool(path, 10**6)
    spool.add([("a", 5, "1"), ("a", 5, "2"), ("b", 5, "3"), ("a", 6, "4")])
    first = spool.first()
    assert first == Waiting(1, "a", 5, "1", 0, 1)
    spool.note_try(first, 3)
    spool.close()
    again = Spool(path, 10**6)
    assert again.first() == Waiting(1, "a", 5, "1", 3, 1)
    again.remove(first, 3)
    assert again.first() == Waiting(2, "a", 5, "2", 0, 4)
    again.remove(Waiting(2, "a", 5, "2", 0, 4))
    assert again.first() == Waiting(3, "b", 5, "3", 0, 1)
    again.remove(Waiting(3, "b", 5, "3", 0, 1), 1)
    assert again.first() == Waiting(4, "a", 6, "4", 0, 1)
    again.remove(Waiting(4, "a", 6, "4", 0, 1), 1)
    again.add([("a", 5, "5")])
    assert again.first() == Waiting(5, "a", 5, "5", 0, 4), "one that comes late"
    again.close()


def test_places_of_long_ago_are_forgotten(path: Path) -> None:
    spool = Spool(path, 10**6)
    for minute in (5, 6, 65, 66, 5):
        spool.add([("a", minute, "1")])
        waiting = spool.first()
        assert waiting is not None
        assert waiting.next == 1
        spool.remove(waiting, 1)
    spool.add([("a", 65, "1")])
    assert spool.first() == Waiting(6, "a", 65, "1", 0, 2)
    spool.close()


def test_a_full_file_loses_the_oldest_and_counts_them(path: Path) -> None:
    spool = Spool(path, 200_000)
    for number in range(500):
        spool.add([("a", 5, f"{number:04}" + "x" * 1000)])
    assert spool.lost > 250
    left = drain(spool)
    assert len(left) + spool.lost == 500
    assert len(left) > 100
    assert left[0][:4] == f"{spool.lost:04}" and left[-1][:4] == "0499"
    spool.close()


def test_what_is_larger_than_all_that_may_wait_is_lost_and_others_are_kept_after_it(path: Path) -> None:
    spool = Spool(path, 100_000)
    spool.add([("a", 5, "x" * 200_000)])
    spool.add([("a", 5, "small")])
    assert spool.lost == 1
    assert drain(spool) == ["small"]
    spool.close()


def test_a_file_that_was_removed_is_made_anew(path: Path) -> None:
    spool = Spool(path, 10**6)
    spool.add([("a", 5, "1")])
    path.unlink()
    spool.add([("a", 5, "2")])
    assert drain(spool) == ["2"]
    spool.close()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"garbage" * 1000, b"no database"])
def test_a_damaged_file_is_put_aside_and_said(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    spool = Spool(path, 10**6)
    spool.add([("a", 5, "1")])
    assert drain(spool) == ["1"]
    assert ("is no usable file of documents that wait" in spool.notice) == bool(content)
    assert len(list(path.parent.glob("*.broken-*"))) == bool(content)
    spool.close()


def test_a_file_that_is_damaged_while_it_is_open_is_put_aside_at_the_next_try(path: Path) -> None:
    spool = Spool(path, 10**7)
    spool.add([("a", 5, "x" * 1000) for _ in range(1000)])
    assert spool._open is not None
    spool._open.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool._open.execute("PRAGMA cache_size = 1")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100 * 4096)
    with pytest.raises(Unreachable, match="cannot be written"):
        drain(spool)
    spool.add([("a", 5, "new")])
    assert drain(spool) == ["new"]
    assert "is no usable file" in spool.notice
    spool.close()


def test_one_program_at_a_time_delivers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    spool, other = Spool(path, 10**6), Spool(path, 10**6)
    spool.add([("a", 5, "1")])
    with pytest.raises(Unreachable, match=r"archive.db cannot be used \(database is locked\)"):
        other.first()
    spool.close()
    assert drain(other) == ["1"]
    other.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(Unreachable, match=r"archive.db cannot be written \(.+\); make room, or correct state_folder"):
        Spool(tmp_path / "state" / "archive.db", 10**6).add([("a", 5, "1")])


def test_what_cannot_be_kept_as_a_whole_is_not_kept_in_part(path: Path) -> None:
    spool = Spool(path, 10**6)
    with pytest.raises((OverflowError, sqlite3.Error, Unreachable)):
        spool.add([("a", 5, "1"), ("a", 1 << 80, "2")])
    assert spool.count() == 0
    spool.close()
