"""A wall clock that is set while pings are under way."""

import pytest

from WardenServer.plugins.common.ping.probe.stamp import Stamp


@pytest.mark.parametrize(("wall", "marks"), [(130.0, ()), (130.05, ()), (3730.0, ("clock",)), (29.0, ("clock",))])
def test_a_clock_that_is_set_leaves_a_mark(wall: float, marks: tuple[str, ...]) -> None:
    walls, others = iter([100.0, wall]), iter([5.0, 35.0])
    stamp = Stamp(lambda: next(walls), lambda: next(others))
    assert (stamp.time, stamp.begun) == (100.0, 5.0)
    assert stamp.marks() == marks
