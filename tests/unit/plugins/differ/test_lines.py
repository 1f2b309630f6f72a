"""Texts line by line: difflib's rules to the letter where blocks are small, and what becomes of larger ones."""

import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.unit.plugins.differ.texts import by_difflib, pairs, text
from WardenServer.plugins.common.differ.lines import Lines, diff


def test_the_example_of_the_original() -> None:
    old, new = "crate 20 {\n  threshold 5\n}", "crate 20 {\n  threshold 7\n}"
    assert diff(old, new) == Lines(("  crate 20 {", "-   threshold 5", "+   threshold 7"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("", ""), ("a", "a"), (" \n a\nb\n\n", "a\nb"), ("\ta\r\nb", "a\nb\x0b"), ("", " \n\u2028 "), ("a\x85b", "a\nb")],
)
def test_white_space_at_the_ends_is_no_change_nor_are_other_ends_of_lines(old: str, new: str) -> None:
    assert diff(old, new) == Lines(())


def test_white_space_within_is_a_change() -> None:
    assert diff("a\n b \nc", "a\n b\nc").lines == ("-  b ", "+  b")


def test_a_line_can_end_with_any_of_the_signs_that_python_knows() -> None:
    assert diff("a\x0bb\x85c\u2028d", "a\nb\nC\nd").lines == ("- c", "+ C")


def test_from_nothing_and_to_nothing() -> None:
    assert diff("", "a\nb").lines == ("+ a", "+ b")
    assert diff("a\nb", " ").lines == ("- a", "- b")


def test_of_nested_blocks_the_innermost_is_context() -> None:
    assert diff("a {\nb {\nx", "a {\nb {\ny").lines == ("  b {", "- x", "+ y")


def test_the_context_may_be_far_above_the_change() -> None:
    assert diff("a {\nb\nc\nx", "a {\nb\nc\ny").lines == ("  a {", "- x", "+ y")


def test_a_line_that_closes_or_has_a_comment_is_no_context() -> None:
    assert diff("a {}\n# b {\nx", "a {}\n# b {\ny").lines == ("- x", "+ y")


def test_context_stands_before_each_change_but_not_at_the_end() -> None:
    old, new = "a {\nx\nb {\ny\nc {", "a {\nX\nb {\nY\nc {"
    assert diff(old, new).lines == ("  a {", "- x", "+ X", "  b {", "- y", "+ Y")


def test_the_shorter_side_of_a_block_without_similar_lines_comes_first() -> None:
    assert diff("a\nb\nc", "x").lines == ("+ x", "- a", "- b", "- c")
    assert diff("x", "a\nb\nc").lines == ("- x", "+ a", "+ b", "+ c")


def test_lines_that_look_like_signs_of_difflib_are_lines() -> None:
    assert diff("? a\n- b", "? A\n- b").lines == ("- ? a", "+ ? A")


def test_similar_lines_far_from_each_other_go_by_the_version_of_python() -> None:
    far = [f"{n:x}" * 4 for n in range(1, 13)]
    others = [chr(103 + n) * 4 for n in range(1, 13)]
    found = diff(text(["target = 17", *far]), text([*others, "target = 18"])).lines
    removed, added = [f"- {line}" for line in far], [f"+ {line}" for line in others]
    if sys.version_info >= (3, 14):  # it looks no more than ten lines away
        assert list(found) == ["- target = 17", *removed, *added, "+ target = 18"]
    else:
        assert list(found) == [*added, "- target = 17", "+ target = 18", *removed]


@given(lines=pairs)
@settings(deadline=None, max_examples=300)
def test_it_says_what_difflib_says(lines: tuple[list[str], list[str]]) -> None:
    old, new = text(lines[0]), text(lines[1])
    assert diff(old, new) == Lines(by_difflib(old, new))


@given(old=some.text("ab{}# \n\r\x0b\x1c\x85\u2028é\ud800\0"), new=some.text("ab{}# \n\r\x0b\x1c\x85\u2028é\ud800\0"))
@settings(deadline=None)
def test_it_says_what_difflib_says_of_any_signs(old: str, new: str) -> None:
    assert diff(old, new) == Lines(by_difflib(old, new))


@pytest.mark.parametrize("seed", range(20))
def test_it_says_what_difflib_says_of_lines_that_come_often(seed: int) -> None:
    """From 200 lines on, difflib passes over lines that come too often; a block can then have equal lines in it."""
    throw = random.Random(seed)
    old = [line for n in range(120) for line in (f"crate {n} {{", f"threshold {n * n}", "}")]
    new = list(old)
    for _ in range(15):
        at = throw.randrange(len(new))
        new[at : at + throw.randint(1, 5)] = [throw.choice(["}", "x", f"threshold {at}"]) for _ in range(4)]
    assert diff(text(old), text(new)) == Lines(by_difflib(text(old), text(new)))


def with_a_pair(removed: int, added: int) -> tuple[list[str], list[str]]:
    """A block of so many lines, of which only the first ones are similar."""
    return (
        ["target = 17", *(chr(0x4E00 + n) for n in range(1, removed))],
        ["target = 18", *(chr(0x5E00 + n) for n in range(1, added))],
    )


@pytest.mark.parametrize(("removed", "added"), [(100, 100), (50, 200), (2, 5000)])
def test_a_block_of_as_many_pairs_as_a_hundred_lines_have_is_compared(removed: int, added: int) -> None:
    old, new = with_a_pair(removed, added)
    found = diff(text(old), text(new))
    assert found == Lines(by_difflib(text(old), text(new)))
    assert found.lines[:2] == ("- target = 17", "+ target = 18")


@pytest.mark.parametrize(("removed", "added"), [(101, 101), (50, 201), (3, 5000)])
def test_a_larger_block_is_removed_then_added(removed: int, added: int) -> None:
    old, new = with_a_pair(removed, added)
    expected = ("  crate {", *(f"- {line}" for line in old), *(f"+ {line}" for line in new))
    assert diff(text(["crate {", *old]), text(["crate {", *new])) == Lines(expected, coarse=True)
