"""Which lines belong together, above all in large texts: whole, in order, and with a limit to the work."""

import random
from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.plugins.differ.texts import different, pairs
from WardenServer.plugins.common.differ import matching
from WardenServer.plugins.common.differ.matching import Block, Mark, match


def whole(old: list[str], new: list[str]) -> matching.Matching:
    """The matching, after a look whether it has each line once and in order, and calls only the same the same."""
    found = match(old, new)
    i = j = 0
    for block in found.blocks:
        assert (block.i1, block.j1) == (i, j)
        _, _, i, _, j = block
        assert (i, j) > (block.i1, block.j1)
        assert (block.mark is Mark.SAME) is (old[block.i1 : i] == new[block.j1 : j])
        if block.mark is Mark.CHANGED:
            assert i - block.i1 == j - block.j1
    assert (i, j) == (len(old), len(new))
    assert all(one.mark is not other.mark for one, other in zip(found.blocks, found.blocks[1:], strict=False))
    return found


@given(lines=pairs)
@settings(deadline=None)
def test_each_line_is_in_one_block(lines: tuple[list[str], list[str]]) -> None:
    assert not whole(*lines).coarse


@pytest.mark.parametrize("steps", [0, 50, 500, 2000])
@given(lines=pairs)
@settings(deadline=None, max_examples=50)
def test_each_line_is_in_one_block_of_a_large_text_also_with_too_little_work(
    steps: int, lines: tuple[list[str], list[str]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "LARGE", 0)
        patch.setattr(matching, "STEPS_LARGE", steps)
        whole(*lines)


def test_a_large_text_with_one_change() -> None:
    old = different(5000, "old")
    new = [*old[:3000], "another", *old[3001:]]
    assert whole(old, new).blocks == (
        Block(Mark.SAME, 0, 3000, 0, 3000),
        Block(Mark.CHANGED, 3000, 3001, 3000, 3001),
        Block(Mark.SAME, 3001, 5000, 3001, 5000),
    )


def test_a_large_text_of_which_every_second_line_changed() -> None:
    old = different(4000, "old")
    new = [line if n % 2 else line.replace("old", "new") for n, line in enumerate(old)]
    found = whole(old, new)
    assert not found.coarse
    assert [block.mark for block in found.blocks] == [Mark.CHANGED, Mark.SAME] * 2000


def test_similar_lines_of_a_large_text_are_pairs() -> None:
    old = different(3000, "old")
    new = [*old[:10], "threshold 17", *different(2, "new", 10), *old[12:]]
    assert whole(old, new).blocks[1:-1] == (
        Block(Mark.ADDED, 10, 10, 10, 11),
        Block(Mark.CHANGED, 10, 12, 11, 13),
    )


def test_lines_without_any_that_occurs_once() -> None:
    old = [line for line in different(1500, "old") for _ in range(2)]
    new = [*old[:100], "x", *old[101:2000], "y", *old[2000:]]
    found = whole(old, new)
    assert not found.coarse
    assert [block.mark for block in found.blocks if block.mark is not Mark.SAME] == [Mark.CHANGED, Mark.ADDED]


def test_the_same_line_ten_thousand_times() -> None:
    assert whole(["}"] * 10_000, ["}"] * 9_993).blocks[1:] == (Block(Mark.REMOVED, 9_993, 10_000, 9_993, 9_993),)


def of_twice(count: int) -> list[str]:
    return [line for line in different(count // 2, "old") for _ in range(2)]


def shuffled(lines: list[str]) -> list[str]:
    return random.Random(1).sample(lines, len(lines))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(different(10_000, "old"), different(10_000, "new"), id="all similar"),
        pytest.param(different(10_000, "old"), shuffled(different(10_000, "old")), id="shuffled"),
        pytest.param(of_twice(10_000), shuffled(of_twice(10_000)), id="all twice, shuffled"),
        pytest.param(
            [line if n % 101 else "}" for n, line in enumerate(different(10_000, "old"))],
            [line if n % 101 else "}" for n, line in enumerate(different(10_000, "new"))],
            id="many blocks of a hundred",
        ),
        pytest.param(["{" * 3_000_000, "a", "b"], ["{" * 3_000_001, "c", "d"], id="a long line among others"),
        pytest.param(
            [" ".join(str(n * k % 89) for k in range(900)) for n in range(100)],
            [" ".join(str(n * k % 83) for k in range(900)) for n in range(100, 200)],
            id="long lines of digits",
        ),
    ],
)
def test_there_is_a_limit_to_the_work_of_a_large_text(
    old: list[str], new: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[matching.Work] = []

    class Counted(matching.Work):
        def __init__(self, steps: int) -> None:
            super().__init__(steps)
            made.append(self)

    monkeypatch.setattr(matching, "Work", Counted)
    assert whole(old, new).coarse
    (work,) = made
    assert 0 <= work.left <= matching.STEPS_LARGE


def test_a_single_line_for_a_single_line_takes_no_work_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("it compares the lines")

    monkeypatch.setattr(matching, "signs", refuse)
    assert match(["a" * 5_000_000], ["a" * 5_000_001]) == matching.Matching((Block(Mark.CHANGED, 0, 1, 0, 1),), False)


def test_the_same_texts_give_the_same_blocks() -> None:
    old, new = of_twice(4000), shuffled(of_twice(4000))
    assert match(old, new) == match(old, new)
