import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.looking import summary

number = st.none() | st.floats(0, 1e6)


@given(st.lists(st.tuples(number, number), max_size=8))
def test_each_row_is_what_its_name_says(rows: list[tuple[float | None, float | None]]) -> None:
    found = summary.of(rows, 2)
    assert tuple(found) == summary.SUMMARY
    for point in range(2):
        values = [row[point] for row in rows if row[point] is not None]
        assert found["pairs"][point] == len(values)
        if not values:
            assert all(found[name][point] is None for name in summary.SUMMARY if name != "pairs")
            continue
        assert (found["min"][point], found["max"][point]) == (min(values), max(values))
        for name, expected in (("mean", statistics.fmean(values)), ("median", statistics.median(values)),
                               ("std", statistics.pstdev(values))):  # fmt: skip
            assert found[name][point] == pytest.approx(expected, abs=1e-6)


def test_percentiles_lie_between_the_values() -> None:
    found = summary.of([[value] for value in (1.0, 2.0, 3.0, 10.0, None)], 1)
    assert [found[name][0] for name in ("25%", "75%", "90%", "95%", "iqr")] == pytest.approx(
        [1.75, 4.75, 7.9, 8.95, 3.0]
    )


def test_without_pairs_there_are_only_points() -> None:
    assert summary.of([], 3)["pairs"] == (0, 0, 0)
    assert summary.of([], 3)["mean"] == (None, None, None)


def test_what_json_cannot_hold_is_not_made() -> None:
    values = [value for row in summary.of([[None], [1.5]], 1).values() for value in row]
    assert all(value is None or math.isfinite(value) for value in values)
