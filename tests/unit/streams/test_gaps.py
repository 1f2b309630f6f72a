"""What numbers of events tell about those that never came."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.streams.batch import Batch
from WardenServer.streams.gaps import Gaps


def lost(numbers: list[Any], size: int = 1000) -> int:
    gaps = Gaps("n")
    for begin in range(0, len(numbers), size):
        gaps.look(Batch([{"n": number} for number in numbers[begin : begin + size]]))
    return gaps.lost


@given(st.sets(st.integers(0, 300), min_size=1), st.integers(1, 50))
def test_what_is_missing_between_the_first_and_the_last_is_lost(came: set[int], size: int) -> None:
    numbers = sorted(came)
    assert lost(numbers, size) == numbers[-1] - numbers[0] + 1 - len(numbers)


@given(st.permutations(range(1, 12)))
def test_what_comes_late_is_not_lost(order: list[int]) -> None:
    gaps = Gaps("n")
    gaps.look(Batch([{"n": 0}, *({"n": number} for number in order), {"n": 12}]))
    assert gaps.lost == 0


def test_a_number_that_comes_twice_is_no_loss() -> None:
    assert lost([1, 2, 2, 3, 1, 3, 4]) == 0


def test_a_publisher_that_begins_anew_is_followed() -> None:
    assert lost([500, 501, 0, 1, 2, 4]) == 1
    assert lost([5, 6, 1, 2, 3, 4, 6]) == 1


def test_each_publisher_counts_for_itself() -> None:
    gaps = Gaps("n", "who")
    gaps.look(Batch([{"n": 1, "who": "a"}, {"n": 7, "who": "b"}, {"n": 3, "who": "a"}, {"n": 8, "who": "b"}]))
    assert gaps.lost == 1


def test_events_without_a_usable_number_are_left_out() -> None:
    assert lost([1, None, "x", 2.5, True, [], 2, 3]) == 0
    gaps = Gaps("n", "who")
    gaps.look(Batch([7, "text", None, {}, {"n": 1, "who": []}, {"n": 1, "who": {}}]))
    assert gaps.lost == 0


def test_a_huge_gap_is_counted_and_takes_no_memory() -> None:
    assert lost([1, 10**15]) == 10**15 - 2


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 20))
def test_arrays_tell_the_same_as_lists(numbers: list[int], size: int) -> None:
    gaps = Gaps("n")
    for begin in range(0, len(numbers), size):
        part = numbers[begin : begin + size]
        gaps.look(Batch(array=np.rec.fromarrays([np.array(part)], dtype=[("n", "i8")])))
    assert gaps.lost == lost(numbers)


def test_arrays_with_publishers() -> None:
    gaps = Gaps("n", "who")
    columns = [np.array([1, 7, 3]), np.array(["a", "b", "a"])]
    gaps.look(Batch(array=np.rec.fromarrays(columns, dtype=[("n", "i8"), ("who", "U1")])))
    assert gaps.lost == 1
