"""difflib within a limit: the same as difflib while it lasts, and then nothing more."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.unit.plugins.differ.texts import different
from WardenServer.plugins.common.differ.limited import PAIRS, Matcher, Work, signs

words = some.text("abc", max_size=30)


def test_work_is_done_until_there_is_none_left() -> None:
    work = Work(10)
    assert work.take(4)
    assert not work.take(7)
    assert work.is_short
    assert work.take(6)
    assert work.left == 0


@given(old=words, new=words)
def test_a_matcher_with_enough_work_finds_what_difflib_finds(old: str, new: str) -> None:
    ours, theirs = Matcher(Work(10**6), old, new), difflib.SequenceMatcher(None, old, new)
    assert ours.get_opcodes() == theirs.get_opcodes()
    assert (ours.ratio(), ours.quick_ratio()) == (theirs.ratio(), theirs.quick_ratio())


@given(old=words, new=words, steps=some.integers(0, 500))
def test_a_matcher_with_little_work_finds_less_but_nothing_wrong(old: str, new: str, steps: int) -> None:
    work = Work(steps)
    matcher = Matcher(work, old, new)
    assert all(old[i : i + size] == new[j : j + size] for i, j, size in matcher.get_matching_blocks())
    assert matcher.ratio() <= 1.0
    assert work.left >= 0


def test_a_matcher_counts_each_look_at_two_texts() -> None:
    work = Work(10**6)
    matcher = Matcher(work, "abc", "abd")
    assert matcher.quick_ratio() > 0.6
    quick = work.left
    assert quick < 10**6
    assert matcher.ratio() > 0.6
    assert work.left < quick
    assert Matcher(Work(0), "abc", "abd").quick_ratio() == 0.0


def test_pairs_of_lines_come_from_a_private_function_of_difflib() -> None:
    """A version of Python without it needs another way to the pairs: see `signs`."""
    assert callable(getattr(difflib.Differ, "_fancy_replace", None))
    assert signs(["a = 1", "x"], ["q", "a = 2"], (0, 2, 0, 2), Work(10**6)) == "+-?+?-"


def test_differ_works_with_our_matcher() -> None:
    """If Differ came by its matcher in another way, nothing would limit its work."""
    old, new = different(3, "old"), different(3, "new")
    found = {signs(old, new, (0, 3, 0, 3), Work(steps)) for steps in range(0, 10_000, 20)}
    assert found > {None, "---+++", "-?+?" * 3}


def test_difflib_itself_is_left_as_it_is() -> None:
    assert difflib.SequenceMatcher is not Matcher
    assert vars(difflib)["SequenceMatcher"].__module__ == "difflib"


@pytest.mark.parametrize(("lines", "is_short"), [(100, False), (101, True)])
def test_a_block_has_a_limit_of_pairs(lines: int, is_short: bool) -> None:
    assert PAIRS == 100 * 100
    work = Work(10**9)
    found = signs(["a"] * lines, ["b"] * lines, (0, lines, 0, lines), work)
    assert (found is None, work.is_short) == (is_short, is_short)


def test_a_block_with_too_much_work_is_left() -> None:
    work = Work(1000)
    assert signs(["a" * 2000, "b"], ["a" * 2001, "c"], (0, 2, 0, 2), work) is None
    assert work.is_short
