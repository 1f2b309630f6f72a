import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.serving import window
from WardenServer.plugins.common.ping.serving.window import SLACK, Window, blocks

#: Half an hour before a month begins.
EVE = int(datetime(2026, 10, 31, 23, 30, tzinfo=UTC).timestamp())
MANGLED = (
    b"",
    b"a b c",
    b"a b c d 100 soon 10 10",
    b"a b c d 100 1790000000 10",
    b"\0" * 40,
    b"x" * 300,
    b"\xff\xfe 1",
    b"\0\0a b c d 100 %d 10 10" % (EVE + 100),
)


def raw(time: int, host: str = "far.example.org") -> bytes:
    return f"here.example.org 192.0.2.1 {host} 192.0.2.2 100 {time} 10 10 1.1 1.2 1.3\n".encode()


def write(folder: Path, time: float, text: bytes) -> None:
    with (folder / f"ping-{datetime.fromtimestamp(time, UTC):%Y-%m}.txt").open("ab") as file:
        file.write(text)


def lines(folder: Path, *wanted: object) -> list[bytes]:
    return b"".join(blocks(folder, Window(*wanted))).splitlines(keepends=True)  # type: ignore[arg-type]


@pytest.fixture
def small() -> Iterator[None]:
    """Blocks and places so small that a short file has many."""
    with mock.patch.multiple(window, BLOCK=200, PLACE=100, LONGEST=250):
        yield


written = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, int(SLACK)), st.lists(st.sampled_from(MANGLED), max_size=2)),
    max_size=60,
)


@given(written, st.integers(-700, 12_000), st.integers(0, 12_000), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
@pytest.mark.usefixtures("small")
def test_what_is_found_is_what_a_look_at_every_line_finds(
    sets: Sequence[tuple[int, int, list[bytes]]], begin: int, long: int, with_begin: bool, with_end: bool, is_cut: bool
) -> None:
    wanted = Window(EVE + begin, EVE + begin + long, with_begin, with_end)
    at, good = EVE, []
    with tempfile.TemporaryDirectory() as name:
        for number, (gap, took, mangled) in enumerate(sets):
            at += gap
            line = raw(at - took, f"host{number}")
            write(Path(name), at, b"".join(text + b"\n" for text in mangled) + line)
            good.append((at - took, line))
        if is_cut:
            write(Path(name), at, raw(at)[:-1])
        found = lines(Path(name), *vars(wanted).values())
    assert found == [line for time, line in sorted(good, key=lambda each: each[0]) if wanted.has(time)]


@pytest.mark.parametrize(
    ("with_begin", "with_end", "expected"),
    [(False, False, [2]), (True, False, [1, 2]), (False, True, [2, 3]), (True, True, [1, 2, 3])],
)
def test_lines_of_just_the_begin_and_end_are_there_where_it_is_said(
    tmp_path: Path, with_begin: bool, with_end: bool, expected: list[int]
) -> None:
    for second in range(5):
        write(tmp_path, EVE, raw(EVE + second))
    assert lines(tmp_path, EVE + 1, EVE + 3, with_begin, with_end) == [raw(EVE + second) for second in expected]


def test_a_set_that_ended_in_the_next_month_is_found(tmp_path: Path) -> None:
    midnight = EVE + 1800
    write(tmp_path, midnight + 5, raw(midnight - 10))
    assert lines(tmp_path, midnight - 60, midnight - 1) == [raw(midnight - 10)]


def test_several_months_are_one_answer_in_the_order_of_time(tmp_path: Path) -> None:
    times = [int(datetime(2026, month, 15, tzinfo=UTC).timestamp()) for month in (9, 10, 11, 12)]
    for time in reversed(times):
        write(tmp_path, time, raw(time))
    assert lines(tmp_path, times[0], times[3], True, True) == [raw(time) for time in times]


def test_of_a_large_file_few_lines_are_looked_at(tmp_path: Path) -> None:
    begin = EVE - 1_500_000
    write(tmp_path, EVE, b"".join(raw(begin + 30 * number) for number in range(50_000)))
    wanted = begin + 30 * 26_000
    with mock.patch.object(window, "_time", wraps=window._time) as looked_at:
        assert lines(tmp_path, wanted, wanted + 60, True) == [raw(wanted), raw(wanted + 30)]
    assert looked_at.call_count < 5000


@pytest.mark.parametrize("wrong", [5, 99_999_999_999])
def test_lines_with_a_wrong_time_hide_no_others(tmp_path: Path, wrong: int) -> None:
    begin = EVE - 100_000
    write(tmp_path, EVE, b"".join(raw(begin + 30 * number) + raw(wrong) for number in range(2000)))
    for wanted in range(begin, begin + 30_000, 1500):
        assert lines(tmp_path, wanted, wanted + 300, True) == [raw(wanted + 30 * number) for number in range(10)]


def test_a_line_that_begins_just_where_is_looked_is_found(tmp_path: Path) -> None:
    times = [EVE - 100_000 + 2000 * number for number in range(50)]
    write(tmp_path, EVE, b"".join(map(raw, times)))
    with mock.patch.object(window, "PLACE", len(raw(EVE))):
        assert all(lines(tmp_path, time - 1, time + 1) == [raw(time)] for time in times)


def test_a_line_that_comes_late_is_found_behind_many_of_later(tmp_path: Path) -> None:
    late = raw(EVE - 1, "late.example.org")
    write(tmp_path, EVE + 590, raw(EVE + 500) * 1000 + late)
    assert lines(tmp_path, EVE - 10, EVE) == [late]


def test_a_file_of_nothing_but_rubbish_gives_nothing(tmp_path: Path) -> None:
    write(tmp_path, EVE, b"\0" * 3_000_000)
    assert lines(tmp_path, EVE - 10, EVE + 10) == []
    write(tmp_path, EVE, b"\n" + raw(EVE))
    assert lines(tmp_path, EVE - 10, EVE + 10) == [raw(EVE)]


def test_the_end_of_a_line_that_is_too_long_is_no_line(tmp_path: Path) -> None:
    write(tmp_path, EVE, b"x" * window.LONGEST + raw(EVE))
    assert lines(tmp_path, EVE - 10, EVE + 10) == []


def test_blocks_hold_whole_lines(tmp_path: Path) -> None:
    for number in range(3000):
        write(tmp_path, EVE, raw(EVE + number % 500))
    found = list(blocks(tmp_path, Window(EVE - 1, EVE + 1000)))
    assert len(found) > 2
    assert all(block.endswith(b"\n") and len(block) < window.BLOCK + 200 for block in found)


def test_what_waits_to_be_put_in_order_is_bounded(tmp_path: Path) -> None:
    for _ in range(1000):
        write(tmp_path, EVE, raw(EVE))
    with mock.patch.multiple(window, WAITING=1000, BLOCK=100):
        reading = blocks(tmp_path, Window(EVE - 1, EVE + 1))
        assert next(reading) + next(reading) == raw(EVE) * 4
        assert sum(map(len, reading)) == 996 * len(raw(EVE))


def test_a_folder_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert lines(tmp_path / "none", EVE, EVE + 10) == []


def test_a_file_that_is_trimmed_meanwhile_is_left_out(tmp_path: Path) -> None:
    with mock.patch.object(window.months, "files_between", return_value=iter([tmp_path / "ping-2026-10.txt"])):
        assert lines(tmp_path, EVE, EVE + 10) == []


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with mock.patch.object(window.months, "files_between", return_value=iter([tmp_path])):
        reading = blocks(tmp_path, Window(EVE, EVE + 10))
        with pytest.raises(Unreachable, match="cannot be read"):
            next(reading)


def test_no_file_stays_open_where_somebody_stops_reading(tmp_path: Path) -> None:
    for _ in range(3000):
        write(tmp_path, EVE, raw(EVE))
    before = os.listdir("/proc/self/fd")  # noqa: PTH208
    with mock.patch.object(window, "WAITING", 1000):
        reading = blocks(tmp_path, Window(EVE - 1, EVE + 1))
        next(reading)
        reading.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


def test_only_the_lines_of_some_hosts(tmp_path: Path) -> None:
    for host in ("near.example.org", "FAR.example.org", "far.example.org.evil"):
        write(tmp_path, EVE, raw(EVE, host))
    wanted = Window(EVE - 1, EVE + 1)
    assert b"".join(blocks(tmp_path, wanted, frozenset([b"far.example.org"]))) == raw(EVE, "FAR.example.org")
    assert b"".join(blocks(tmp_path, wanted, frozenset([b"192.0.2.2"]))).count(b"\n") == 3
    assert not list(blocks(tmp_path, wanted, frozenset([b"192.0.2.1", b"here.example.org", b"100"])))
