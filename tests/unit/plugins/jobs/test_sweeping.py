from hypothesis import given
from hypothesis import strategies as some

from WardenServer.plugins.common.jobs.sweeping import parts


def test_equal_parts() -> None:
    assert parts(0.0, 9.0, 3) == [3.0, 6.0]
    assert parts(5.0, 5.0, 2) == [5.0]
    assert parts(0.0, 9.0, 1) == []


@given(first=some.floats(0, 4e9), length=some.floats(0, 1e9), count=some.integers(1, 100))
def test_parts_are_in_order_and_within(first: float, length: float, count: int) -> None:
    ends = parts(first, first + length, count)
    assert len(ends) == count - 1
    assert ends == sorted(ends)
    assert all(first <= end <= first + length for end in ends)
