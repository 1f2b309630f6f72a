"""The monthly files of raw data."""

import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.months import file_of, files_between


def seconds(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("time", "name"),
    [
        (0.0, "ping-1970-01.txt"),
        (-1.0, "ping-1969-12.txt"),
        (seconds(2026, 12, 31, 23, 59, 59) + 0.999, "ping-2026-12.txt"),
        (seconds(2027, 1, 1), "ping-2027-01.txt"),
        (seconds(2028, 2, 29, 23, 59, 59), "ping-2028-02.txt"),
        (seconds(999, 1, 1), "ping-0999-01.txt"),
    ],
)
def test_the_month_is_that_in_utc(time: float, name: str) -> None:
    assert file_of(Path("/data"), time) == Path("/data") / name


@pytest.mark.parametrize("time", [1e12, -1e12, 1e300, math.inf, -math.inf, math.nan])
def test_what_no_month_has_is_said(time: float) -> None:
    with pytest.raises(SettingError, match=r"no month has the time .*; write Unix seconds"):
        file_of(Path("/data"), time)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for month in ("2025-12", "2026-01", "2026-03", "2026-13", "2026-1", "0000-00"):
        (tmp_path / f"ping-{month}.txt").touch()
    (tmp_path / "ping-2026-02.txt").mkdir()
    (tmp_path / "ping-2026-01.txt.gz").touch()
    (tmp_path / "marks-2026-01.jsonl").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("begin", "end", "months"),
    [
        (seconds(2025, 12, 31), seconds(2026, 1, 1), ["2025-12", "2026-01"]),
        (seconds(2026, 1, 31), seconds(2026, 2, 15), ["2026-01"]),
        (seconds(2026, 2, 1), seconds(2026, 2, 28), []),
        (-math.inf, math.inf, ["2025-12", "2026-01", "2026-03"]),
        (-1e15, 1e15, ["2025-12", "2026-01", "2026-03"]),
        (1e15, 1e16, []),
        (-1e16, -1e15, []),
        (seconds(2026, 3, 1), seconds(2026, 1, 1), []),
        (math.nan, math.nan, []),
    ],
)
def test_the_files_that_are_there(data: Path, begin: float, end: float, months: list[str]) -> None:
    assert [path.name for path in files_between(data, begin, end)] == [f"ping-{month}.txt" for month in months]


def test_no_folder_has_no_files(tmp_path: Path) -> None:
    assert list(files_between(tmp_path / "none", 0, 2e9)) == []


@given(st.floats(-6e10, 2e11), st.floats(-6e10, 2e11))
def test_later_times_have_later_names(one: float, other: float) -> None:
    first, last = sorted([one, other])
    assert file_of(Path(), first).name <= file_of(Path(), last).name
