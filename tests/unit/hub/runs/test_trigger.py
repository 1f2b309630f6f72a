from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import WardenError
from WardenServer.hub.runs.trigger import File, Wanted, is_running, number_of
from WardenServer.plugins.common.runs.source import LARGEST

FILE = Path("/run/daq")


@pytest.mark.parametrize(
    ("wanted", "opened", "ends", "begins"),
    [
        (Wanted(False), None, False, False), (Wanted(False), 3, True, False), (Wanted(True), None, False, True),
        (Wanted(True), 3, False, False), (Wanted(True, 3), 3, False, False), (Wanted(True, 4), 3, True, True),
        (Wanted(True, 2), 3, True, True), (Wanted(True, 4), None, False, True), (Wanted(False, 4), 3, True, False),
    ],
)  # fmt: skip
def test_what_is_wanted_changes_the_open_run(wanted: Wanted, opened: int | None, ends: bool, begins: bool) -> None:
    assert wanted.change(opened) == (ends, begins)


@given(st.lists(st.tuples(st.booleans(), st.none() | st.integers(1, 5))))
def test_however_it_flips_runs_begin_and_end_in_turn(seen: list[tuple[bool, int | None]]) -> None:
    opened: int | None = None
    for is_open, number in seen:
        ends, begins = Wanted(is_open, number).change(opened)
        assert not ends or opened is not None
        assert not begins or ends or opened is None
        opened = (number or 9) if begins else None if ends else opened
        assert (opened is not None) == is_open
        assert number is None or not is_open or opened == number


@pytest.mark.parametrize("value", ["RUNNING", True, 3, 3.0, np.float64(3), np.int32(3), "Scan läuft"])
def test_states_labels_numbers_and_bools_say_that_a_run_is_open(value: Any) -> None:
    assert is_running(value, ("RUNNING", "True", "3", "Scan läuft"))


@pytest.mark.parametrize("value", ["running", False, 3.5, 0, "", np.array([3]), None])
def test_other_values_say_that_none_is(value: Any) -> None:
    assert not is_running(value, ("RUNNING", "True", "3"))


@pytest.mark.parametrize(("value", "number"), [(7, 7), (7.0, 7), ("7", 7), (np.uint64(7), 7), (LARGEST, LARGEST)])
def test_numbers(value: Any, number: int) -> None:
    assert number_of(value) == number


NONE = [0, -1, 7.5, "x", "", True, float("nan"), float("inf"), LARGEST + 1, "\N{ARABIC-INDIC DIGIT SEVEN}", "7" * 5000]


@pytest.mark.parametrize("value", NONE)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(WardenError, match="no number of a run"):
        number_of(value)


def test_a_file_that_ends_with_a_newline_is_whole() -> None:
    file = File()
    assert file.see(FILE, None) == Wanted(False)
    assert file.see(FILE, b"12\n") == Wanted(True, 12)
    assert file.see(FILE, b"\n") == Wanted(True)
    assert file.see(FILE, b" 13 \r\n") == Wanted(True, 13)
    assert file.see(FILE, None) == Wanted(False)


def test_any_other_file_counts_when_two_looks_have_seen_it() -> None:
    file = File()
    assert [file.see(FILE, content) for content in (b"", b"", b"1", b"12", b"12")] == [
        None, Wanted(True), None, None, Wanted(True, 12),
    ]  # fmt: skip
    file.see(FILE, None)
    assert file.see(FILE, b"12") is None


@pytest.mark.parametrize("content", [b"abc\n", b"-1\n", b"12 13\n", b"\xff\xfe\n", b"0\n", b"7" * 101 + b"\n"])
def test_a_file_that_holds_something_else_is_said(content: bytes) -> None:
    with pytest.raises(WardenError, match=r"file /run/daq holds .*; write the number of the run into it, or nothing"):
        File().see(FILE, content)


@given(st.lists(st.none() | st.binary(max_size=120)))
def test_a_file_may_hold_anything(contents: list[bytes | None]) -> None:
    file = File()
    for content in contents:
        try:
            file.see(FILE, content)
        except WardenError:
            pass
