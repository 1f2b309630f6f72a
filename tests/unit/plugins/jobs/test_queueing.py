"""Who gets the next job."""

import itertools

from hypothesis import given
from hypothesis import strategies as some

from WardenServer.plugins.common.jobs.queueing import balanced, in_turn


def test_loads_of_1_to_5_and_15_new_jobs() -> None:
    given = list(itertools.islice(balanced({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}), 15))
    assert [given.count(number) for number in range(1, 6)] == [5, 4, 3, 2, 1]


def test_of_equal_ones_the_first() -> None:
    assert list(itertools.islice(balanced({2: 0, 1: 0, 3: 0}), 6)) == [1, 2, 3, 1, 2, 3]
    assert list(balanced({})) == []
    assert list(in_turn([])) == []
    assert list(itertools.islice(in_turn([4, 2]), 3)) == [4, 2, 4]


@given(loads=some.dictionaries(some.integers(1, 50), some.integers(0, 30), min_size=1), new=some.integers(0, 200))
def test_always_the_one_with_the_fewest(loads: dict[int, int], new: int) -> None:
    for number in itertools.islice(balanced(loads), new):
        assert loads[number] == min(loads.values())
        loads[number] += 1
