import sqlite3
from pathlib import Path

import pytest

from WardenServer.hub.runs.record import Opened, Record
from WardenServer.hub.runs.waiting import WaitingRecords
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken


def record(number: int, size: int = 0) -> Record:
    return Record(Opened(number, 1.0), Snapshot(number, Phase.START, 1.0, [Taken("a", "b", "x" * size)]))


def numbers(waiting: WaitingRecords) -> list[int]:
    found = []
    while (first := waiting.first()) is not None:
        found.append(first.run.number)
        waiting.remove()
    return found


def test_records_come_in_order_and_outlive_the_process(tmp_path: Path) -> None:
    waiting = WaitingRecords(tmp_path / "waiting.db")
    for number in (1, 2, 3):
        waiting.add(record(number))
    waiting.first()
    waiting.remove()
    waiting.close()
    again = WaitingRecords(tmp_path / "waiting.db")
    assert again.count() == 2
    assert again.first() == again.first() == record(2)
    assert numbers(again) == [2, 3]
    assert (again.count(), again.problem, again.lost) == (0, "", 0)
    again.close()


def test_after_its_end_nobody_touches_the_file(tmp_path: Path) -> None:
    waiting = WaitingRecords(tmp_path / "waiting.db")
    waiting.add(record(1))
    waiting.first()
    waiting.close()
    waiting.remove()
    waiting.add(record(2))
    assert waiting.first() is None
    assert waiting.count() == 0
    again = WaitingRecords(tmp_path / "waiting.db")  # the file is not held by the first
    assert numbers(again) == [1]
    again.close()


def test_while_the_file_cannot_be_written_records_wait_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "full").touch()
    waiting = WaitingRecords(tmp_path / "full" / "waiting.db")
    for number in (1, 2, 3):
        waiting.add(record(number))
    assert "make room, or correct state_folder or its rights" in waiting.problem
    assert len(caplog.records) == 1
    assert waiting.first() == record(1)
    waiting.remove()
    (tmp_path / "full").unlink()
    waiting.add(record(4))
    assert waiting.problem == ""
    assert numbers(waiting) == [2, 3, 4]
    waiting.close()


def test_memory_has_a_bound_and_losses_are_counted(tmp_path: Path) -> None:
    (tmp_path / "full").touch()
    waiting = WaitingRecords(tmp_path / "full" / "waiting.db", memory=3000)
    for number in (1, 2, 3, 4):
        waiting.add(record(number, 1000))
    assert waiting.lost == 2
    assert numbers(waiting) == [3, 4]
    waiting.close()


def test_the_file_has_a_bound_and_losses_are_counted(tmp_path: Path) -> None:
    waiting = WaitingRecords(tmp_path / "waiting.db", size=100_000)
    for number in range(1, 31):
        waiting.add(record(number, 10_000))
    left = numbers(waiting)
    assert waiting.lost == 30 - len(left) > 15
    assert left == list(range(31 - len(left), 31))
    waiting.close()


def test_a_record_of_another_release_is_lost_and_costs_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = WaitingRecords(tmp_path / "waiting.db")
    waiting.add(record(1))
    waiting.add(record(2))
    waiting.close()
    with sqlite3.connect(tmp_path / "waiting.db") as database:
        database.execute("UPDATE documents SET text = '{\"novel\": 1}' WHERE number = 1")
    database.close()
    again = WaitingRecords(tmp_path / "waiting.db")
    assert numbers(again) == [2]
    assert again.lost == 1
    assert "is not understood" in caplog.text
    again.close()


def test_a_damaged_file_is_put_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / "waiting.db").write_bytes(b"no database" * 500)
    waiting = WaitingRecords(tmp_path / "waiting.db")
    waiting.add(record(1))
    assert numbers(waiting) == [1]
    assert "is no usable file of documents that wait" in waiting.notice
    waiting.close()
