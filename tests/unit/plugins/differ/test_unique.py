"""Lines that two texts have in common for certain."""

from hypothesis import given
from hypothesis import strategies as some

from WardenServer.plugins.common.differ.unique import both_ends, in_common

orders = some.permutations(range(7))


def longest_rising(order: list[int]) -> int:
    """By trying all parts."""
    parts = ([n for at, n in enumerate(order) if chosen >> at & 1] for chosen in range(1 << len(order)))
    return max(len(part) for part in parts if part == sorted(part))


@given(order=orders)
def test_of_lines_in_another_order_as_many_as_can_be_are_kept(order: list[int]) -> None:
    old, new = [str(n) for n in range(7)], [str(n) for n in order]
    found = in_common(old, new)
    assert all(old[i] == new[j] for i, j in found)
    assert found == sorted(found)
    assert sorted({j for _, j in found}) == [j for _, j in found]
    assert len(found) == longest_rising(order)


def test_only_lines_that_occur_once_on_both_sides_count() -> None:
    assert in_common(["a", "b", "b", "c", "d"], ["b", "a", "c", "c", "d"]) == [(0, 1), (4, 4)]
    assert in_common([], ["a"]) == []
    assert in_common(["a", "a"], ["a"]) == []


def test_the_ends_do_not_overlap() -> None:
    assert both_ends(["a"] * 5, ["a"] * 3) == (3, 0)
    assert both_ends(["a", "x", "b", "b"], ["a", "b", "b"]) == (1, 2)
    assert both_ends([], ["a"]) == (0, 0)
    assert both_ends(["a"], ["b"]) == (0, 0)
