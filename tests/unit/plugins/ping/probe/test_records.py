"""Which samples are written where, and which months are kept."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe.records import Records, old_files
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply, Sample

LOG = logging.getLogger("warden.test")


def at(month: int, day: int) -> float:
    return datetime(2026, month, day, tzinfo=UTC).timestamp()


def sample(*marks: str) -> Sample:
    return Sample(Host("a.b"), "192.0.2.1", 100, Measured(at(11, 25) + 0.5, 10, (Reply(0, 1.25),), marks))


def records(folder: Path, keep: int = 0, now: float | None = None) -> Records:
    return Records(folder, keep, LOG, lambda: at(11, 25) if now is None else now)


def test_marked_samples_stand_in_both_files_and_those_of_tcp_in_one(tmp_path: Path) -> None:
    kept = records(tmp_path)
    for marks in ((), ("late", "clock"), ("tcp",)):
        kept.add(sample(*marks), "me.de", "::1")
    kept.end_round()
    assert (kept.lines, kept.problem) == (2, "")
    kept.close()
    raw = f"me.de ::1 a.b 192.0.2.1 100 {at(11, 25):.0f} 10 1 1.250 1.250 1.250 0 1.25"
    assert (tmp_path / "ping-2026-11.txt").read_text() == f"{raw}\n{raw}\n"
    first, second = map(json.loads, (tmp_path / "marks-2026-11.jsonl").read_text().splitlines())
    assert first == {
        "time": at(11, 25) + 0.5, "host": "a.b", "address": "192.0.2.1", "size": 100, "marks": ["late", "clock"],
        "line": raw,
    }  # fmt: skip
    assert second["marks"] == ["tcp"]


def test_a_problem_with_either_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "marks-2026-11.jsonl").mkdir()
    kept = records(tmp_path)
    kept.add(sample("late"), "me.de", "::1")
    assert "marks-2026-11.jsonl cannot be written" in kept.problem
    assert kept.lines == 1
    kept.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for month in ("2026-07", "2026-09", "2026-10", "2026-11"):
        (tmp_path / f"ping-{month}.txt").touch()
    for name in ("marks-2026-08.jsonl", "marks-2026-10.jsonl", "ping.json", "ping-2020-01.txt.gz", "ping-2020-1.txt"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("keep", "day", "old"),
    [
        (0, 28, []),
        (2, 27, []),
        (2, 28, ["marks-2026-08.jsonl", "ping-2026-07.txt"]),
        (1, 30, ["marks-2026-08.jsonl", "ping-2026-07.txt", "ping-2026-09.txt"]),
        (100, 28, []),
    ],
)
def test_old_months(data: Path, keep: int, day: int, old: list[str]) -> None:
    assert sorted(path.name for path in old_files(data, keep, at(11, day))) == old


def test_a_clock_that_is_wrong_by_years_removes_nothing_more(data: Path) -> None:
    names = {path.name for path in old_files(data, 4, at(11, 28) + 3.2e9)}
    assert names <= {"ping-2026-07.txt"}
    assert list(old_files(data, 1, 1e15)) == []


def test_they_are_removed_at_the_end_of_a_round(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / "ping-2026-06.txt").mkdir()
    kept = records(data, 1, at(11, 28))
    kept.add(sample(), "me.de", "::1")
    assert (data / "ping-2026-09.txt").exists()
    kept.end_round()
    kept.close()
    assert sorted(path.name for path in data.glob("ping-*.txt")) == [
        "ping-2020-1.txt", "ping-2026-06.txt", "ping-2026-10.txt", "ping-2026-11.txt",
    ]  # fmt: skip
    assert "ping-2026-06.txt cannot be removed (Is a directory)" in caplog.text
