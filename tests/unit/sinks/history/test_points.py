"""Points keep every smallest and largest value, and the mean; those of coarser levels are those of the values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.sinks.history import points
from WardenServer.sinks.history.parts import DAY, ROLLUPS
from WardenServer.sinks.history.reading import Values
from WardenServer.sinks.history.samples import MICRO

BEGIN = 20_000 * DAY
SAMPLE = some.tuples(some.integers(0, DAY * MICRO - 1), some.floats(-1e6, 1e6))
SAMPLES = some.lists(SAMPLE, min_size=1, max_size=200, unique_by=lambda sample: sample[0])


def values(samples: list[tuple[int, float]]) -> Values:
    ordered = sorted(samples)
    return Values(np.array([BEGIN * MICRO + time for time, _ in ordered]), np.array([value for _, value in ordered]))


@given(SAMPLES)
def test_each_level_has_all_values(samples: list[tuple[int, float]]) -> None:
    found = points.of_values(values(samples), ROLLUPS[0].seconds)
    for level in ROLLUPS:
        found = points.coarser(found, level.seconds)
        direct = points.of_values(values(samples), level.seconds)
        np.testing.assert_array_equal(found.begin, direct.begin)
        np.testing.assert_array_equal(found.n, direct.n)
        np.testing.assert_array_equal(found.min, direct.min)
        np.testing.assert_array_equal(found.max, direct.max)
        np.testing.assert_allclose(found.sum, direct.sum, atol=1e-3)
    assert found.n.sum() == len(samples)
    assert found.max.max() == max(value for _, value in samples)


@given(SAMPLES, some.sampled_from(ROLLUPS))
def test_a_day_comes_back_from_its_bytes(samples: list[tuple[int, float]], level: tuple[str, int, str]) -> None:
    found = points.of_values(values(samples), level[1])
    again = points.unpack(points.pack(found, level[1]), BEGIN // DAY, level[1])
    for one, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_nan_infinities_and_texts_do_not_count() -> None:
    mixed = Values(np.arange(6) * MICRO, [1.0, "two", float("nan"), float("inf"), True, 4])
    found = points.of_values(mixed, 60)
    assert (found.n[0], found.sum[0], found.min[0], found.max[0]) == (3, 6.0, 1.0, 4.0)
    assert len(points.of_values(Values(np.arange(2), ["a", "b"]), 60).begin) == 0
