"""Texts side by side: the same lines as in the short form, with what changed inside them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.unit.plugins.differ.texts import different, pairs, text
from WardenServer.plugins.common.differ import rows
from WardenServer.plugins.common.differ.lines import diff
from WardenServer.plugins.common.differ.rows import Mark, Row, Table, table


def test_equal_texts_have_no_rows() -> None:
    assert table("a\nb", " a\nb\n") == Table(())
    assert table("", "") == Table(())


def test_what_changed_inside_a_line_is_told_word_by_word() -> None:
    (row,) = table("threshold 5 # low", "threshold 17 # low").rows
    assert (row.mark, row.old, row.new) == (Mark.CHANGED, (1, "threshold 5 # low"), (1, "threshold 17 # low"))
    assert row.parts == (
        (("threshold ", False), ("5", True), (" # low", False)),
        (("threshold ", False), ("17", True), (" # low", False)),
    )


def test_of_several_changes_inside_a_line_each_is_told() -> None:
    (row,) = table("a b x c d y", "a q x r d s").rows
    assert [piece for piece, changed in row.parts[0] if changed] == ["b", "c", "y"]
    assert [piece for piece, changed in row.parts[1] if changed] == ["q", "r", "s"]


def test_lines_without_a_common_word_have_no_parts() -> None:
    assert table("a b", "c d").rows == (Row(Mark.CHANGED, (1, "a b"), (1, "c d")),)


def test_a_line_that_is_too_long_has_no_parts() -> None:
    long = "1 " * rows.LONGEST
    (row,) = table(f"a {long}x", f"a {long}y").rows
    assert (row.mark, row.parts) == (Mark.CHANGED, ())


def test_a_long_line_with_one_change_has_parts() -> None:
    numbers = [str(n % 7) for n in range(4000)]
    (row,) = table(" ".join(numbers), " ".join([*numbers[:2000], "old", *numbers[2001:]])).rows
    assert [changed for _, changed in row.parts[1]] == [False, True, False]


def test_lines_of_their_own_stand_on_one_side() -> None:
    assert table("a\nb\nc", "a\nc\nd").rows == (
        Row(Mark.SAME, (1, "a"), (1, "a")),
        Row(Mark.REMOVED, (2, "b"), None),
        Row(Mark.SAME, (3, "c"), (2, "c")),
        Row(Mark.ADDED, None, (3, "d")),
    )


def test_lines_far_from_a_change_are_left_out_and_counted() -> None:
    old = [str(n) for n in range(30)]
    new = [*old[:10], "x", *old[11:20], "y", *old[21:]]
    found = table(text(old), text(new), context=2).rows
    assert [row.left_out for row in found if row.mark is Mark.LEFT_OUT] == [8, 5, 7]
    assert [row.old[0] for row in found if row.old] == [9, 10, 11, 12, 13, 19, 20, 21, 22, 23]
    assert all(row.old is row.new is None for row in found if row.mark is Mark.LEFT_OUT)


@pytest.mark.parametrize("context", [0, -1])
def test_no_context(context: int) -> None:
    marks = [row.mark for row in table("a\nb\nc", "a\nB\nc", context).rows]
    assert marks == [Mark.LEFT_OUT, Mark.CHANGED, Mark.LEFT_OUT]


def test_a_large_block_is_removed_then_added_and_the_table_says_so() -> None:
    found = table(text(different(101, "old")), text(different(101, "new")))
    assert found.coarse
    assert [row.mark for row in found.rows] == [Mark.REMOVED] * 101 + [Mark.ADDED] * 101


def test_there_is_a_limit_to_the_work_inside_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "STEPS", rows.PAIR)
    (row,) = table("a b x c d y", "a q x r d s").rows
    assert row.parts == ((("a ", False), ("b x c d y", True)), (("a ", False), ("q x r d s", True)))
    monkeypatch.setattr(rows, "STEPS", rows.PAIR - 1)
    (row,) = table("a b x c d y", "a q x r d s").rows
    assert row.parts == ()


@given(lines=pairs, context=some.integers(0, 4))
@settings(deadline=None, max_examples=200)
def test_rows_and_lines_agree(lines: tuple[list[str], list[str]], context: int) -> None:
    old, new = text(lines[0]), text(lines[1])
    found = table(old, new, context)
    shown = diff(old, new)
    removed = [f"- {row.old[1]}" for row in found.rows if row.old and row.mark is not Mark.SAME]
    added = [f"+ {row.new[1]}" for row in found.rows if row.new and row.mark is not Mark.SAME]
    assert removed == [line for line in shown.lines if line[0] == "-"]
    assert added == [line for line in shown.lines if line[0] == "+"]
    assert found.coarse is shown.coarse


@given(lines=pairs, context=some.integers(0, 4))
@settings(deadline=None, max_examples=200)
def test_the_rows_count_all_lines_and_parts_make_up_their_line(
    lines: tuple[list[str], list[str]], context: int
) -> None:
    old, new = text(lines[0]), text(lines[1])
    found = table(old, new, context).rows
    split, new_split = old.strip().splitlines(), new.strip().splitlines()
    if not found:
        assert split == new_split
        return
    assert sum(row.left_out or row.old is not None for row in found) == len(split)
    assert sum(row.left_out or row.new is not None for row in found) == len(new_split)
    assert all(row.old is None or split[row.old[0] - 1] == row.old[1] for row in found)
    assert all(row.new is None or new_split[row.new[0] - 1] == row.new[1] for row in found)
    for row in found:
        if row.parts and row.old and row.new:
            assert ["".join(piece for piece, _ in side) for side in row.parts] == [row.old[1], row.new[1]]
