"""Whether an answer is raw data of a day, however it is cut into blocks."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.ping.archive.files import DAY, begin_of, raw
from WardenServer.plugins.common.ping.archive.judging import LONGEST, Judge, NotRaw


def judged(*blocks: bytes, day: date = DAY, may_be_empty: bool = False) -> tuple[Judge, bytes]:
    judge = Judge(day)
    text = b"".join([judge.take(block) for block in blocks])
    judge.end(may_be_empty)
    return judge, text


@given(st.lists(st.integers(1, 200), max_size=60))
def test_blocks_may_end_anywhere(sizes: list[int]):
    text, at, blocks = raw(DAY, 20), 0, []
    for size in sizes:
        blocks.append(text[at : at + size])
        at += size
    judge, found = judged(*blocks, text[at:])
    assert (judge.lines, found) == (20, text)


def test_blank_lines_and_ends_of_other_systems_go():
    text = raw(DAY, 3)
    judge, found = judged(b"\n \r\n" + text.replace(b"\n", b"\r\n\n"))
    assert (judge.lines, found) == (3, text)


def test_lines_that_mean_nothing_are_kept_among_others():
    text = raw(DAY, 3) + b"mangled \xff\0 line\na b c d e f\n"
    judge, found = judged(text)
    assert (judge.lines, found) == (5, text)


@pytest.mark.parametrize("text", [b"No data", b"No data\n", b"\nno data for this time\n", b"No data\r\n<br>\n"])
def test_no_data_is_no_line(text: bytes):
    judge, _ = judged(text)
    assert judge.says_nothing


def test_lines_count_also_behind_no_data():
    assert not judged(b"No data\n" + raw(DAY, 3))[0].says_nothing


def test_our_own_data_may_be_empty():
    assert judged(may_be_empty=True)[0].says_nothing
    assert not judged(raw(DAY, 1), may_be_empty=True)[0].says_nothing


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([], 'sends nothing, not even "No data"'),
        ([b"\n\n  \n"], "sends nothing"),
        ([b"<!DOCTYPE html>\n<p>No data\n"], "sends a page in place of raw data"),
        ([b"\n  <html>"], "sends a page in place of raw data"),
        ([raw(DAY, 2)[:-1]], "ends within a line"),
        ([b"half"], "ends within a line"),
        ([b"x" * (LONGEST + 1)], "sends no lines"),
        ([b"x" * 1000] * (LONGEST // 1000 + 1), "sends no lines"),
        ([b"1.2.3.4 - - [25/Nov/2026] GET / HTTP/1.1 200\n" * 9], "(0 of 9 lines are that)"),
        ([raw(DAY, 2), b"other line\n" * 3], "(2 of 5 lines are that)"),
        ([raw(DAY + timedelta(1), 9)], "(0 of 9 lines are that)"),
        ([raw(DAY - timedelta(1), 9)], "(0 of 9 lines are that)"),
        ([b"a 1 b 2 100 " + b"9" * 5000 + b" 10 10\n"], "(0 of 1 lines are that)"),
    ],
)
def test_anything_else_is_refused(blocks: list[bytes], said: str):
    with pytest.raises(NotRaw) as caught:
        judged(*blocks)
    assert said in str(caught.value)


@pytest.mark.parametrize(("time", "is_of_the_day"), [(-1, False), (0, True), (86399, True), (86400, False)])
def test_the_day_is_that_of_utc(time: int, is_of_the_day: bool):
    line = f"a 1 b 2 100 {begin_of(DAY) + time} 10 0\n".encode()
    if is_of_the_day:
        assert judged(line)[0].lines == 1
    else:
        with pytest.raises(NotRaw):
            judged(line)


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_whatever_comes_is_judged(blocks: list[bytes]):
    try:
        judge, text = judged(*blocks)
    except NotRaw as error:
        assert str(error).startswith("sends")
    else:
        assert judge.says_nothing or judge.lines == text.count(b"\n")
