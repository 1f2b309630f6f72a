"""The processor `stats`."""

import json
import math
import statistics
from fractions import Fraction
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.events import ANYTHING, CUTS, EVENTS, in_arrays, one_by_one, parts, plain, records
from WardenServer.errors import SettingError
from WardenServer.plugins.common import gathering, moments
from WardenServer.plugins.stats import QUANTILES, Stats

TOGETHER = st.sampled_from([1, 3, 8192])
FINITE = st.lists(st.floats(-1e6, 1e6), max_size=30)


def assert_close(one, other):
    """Two documents that differ by no more than rounding: 1e-9 of the largest number."""
    scale = max([abs(document[name] or 0) for document in (one, other) for name in ("min", "max")])
    for name in one.keys() | other.keys():
        if name == "deviation" and scale > 1e150:
            continue  # its square may be too large on one side only
        assert (one[name] is None) == (other[name] is None), name
        if one[name] is not None:
            assert one[name] == pytest.approx(other[name], rel=1e-9, abs=1e-9 * scale), name


def test_of_no_events():
    assert plain(Stats("e").sample()) == {
        "count": 0, "mean": None, "deviation": None, "min": None, "max": None, "q05": None, "median": None,
        "q95": None, "unusable": 0,
    }  # fmt: skip


def test_by_hand():
    document = plain(one_by_one(Stats("e"), [{"e": 1}, {"e": [2, 4]}, {"e": None}, {"e": 5}]).sample())
    assert document == {
        "count": 4, "mean": 3, "deviation": pytest.approx(math.sqrt(10 / 3)), "min": 1, "max": 5,
        "q05": pytest.approx(1.15), "median": 3, "q95": pytest.approx(4.85), "unusable": 1,
    }  # fmt: skip


@given(events=EVENTS, cuts=CUTS, together=TOGETHER, window=st.sampled_from([1, 2, 5, 100]))
def test_single_events_and_arrays_give_the_same(events, cuts, together, window):
    single = one_by_one(Stats("e", window=window), events)
    with patch.object(gathering, "TOGETHER", together):
        arrays = in_arrays(Stats("e", window=window), events, cuts)
    assert_close(plain(single.sample()), plain(arrays.sample()))


@given(values=FINITE, cuts=CUTS, together=TOGETHER, window=st.sampled_from([1, 4, 100]))
def test_it_is_what_exact_arithmetic_says(values, cuts, together, window):
    with patch.object(gathering, "TOGETHER", together):
        document = plain(in_arrays(Stats("e", window=window), records(values), cuts).sample())
    assert document["count"] == len(values)
    if not values:
        return
    exact = [Fraction(value) for value in values]
    scale = 1e-9 * max(map(abs, values))
    assert document["mean"] == pytest.approx(float(statistics.mean(exact)), abs=scale)
    assert (document["min"], document["max"]) == (min(values), max(values))
    if len(values) > 1:
        assert document["deviation"] == pytest.approx(math.sqrt(statistics.variance(exact)), abs=scale)
    for name, quantile in QUANTILES.items():
        assert document[name] == pytest.approx(np.quantile(values[-window:], quantile), abs=scale)


def test_a_small_deviation_beside_a_large_mean():
    values = [1e9 + each for each in (4, 7, 13, 16)] * 10_000
    with patch.object(gathering, "TOGETHER", 10):
        document = one_by_one(Stats("e"), [{"e": value} for value in values]).sample()
    assert document["deviation"] == pytest.approx(statistics.stdev([4.0, 7.0, 13.0, 16.0] * 10_000), rel=1e-9)


@pytest.mark.parametrize("values", [[1.7e308] * 5, [-1.7e308, 1.7e308] * 3, [1.7e308, 1.7e308, 1.0, 0.0], [5e-324] * 4])
@pytest.mark.parametrize("together", [1, 2, 8192])
def test_large_and_small_numbers(values, together):
    with patch.object(gathering, "TOGETHER", together):
        document = plain(one_by_one(Stats("e"), [{"e": value} for value in values]).sample())
    exact = float(statistics.mean(map(Fraction, values)))
    assert document["mean"] == pytest.approx(exact, rel=1e-9, abs=1e-9 * max(values))
    assert document["deviation"] in (None, 0)
    again = plain(Stats("e").merge([document, document]))
    assert again["mean"] == document["mean"]
    assert again["deviation"] in (None, 0)


@given(events=st.lists(ANYTHING, max_size=10))
def test_no_event_takes_it_out(events):
    plain(one_by_one(Stats("e"), events).sample())


def test_reset_begins_anew_at_each_sample():
    processor = Stats("e", window=3, reset=True)
    assert one_by_one(processor, [{"e": 1}] * 5 + [{}]).sample()["count"] == 5
    assert plain(processor.sample()) == plain(Stats("e").sample())
    assert one_by_one(processor, [{"e": 2}]).sample()["median"] == 2


@pytest.mark.parametrize("window", [0, -1, 1.5, True, "9", None, 10**9])
def test_a_window_that_means_nothing(window):
    with pytest.raises(SettingError, match=r"^window is .*; write how many numbers, from 1 to 10000000$"):
        Stats("e", window=window)


# -- new code


@given(before=FINITE, after=FINITE, old=st.sampled_from([1, 3, 40]), new=st.sampled_from([1, 2, 3, 50]))
def test_load_goes_on_as_if_nothing_had_happened(before, after, old, new):
    first = one_by_one(Stats("e", window=old), [{"e": value} for value in before] + [{}])
    first.sample()
    second = Stats("e", window=new)
    second.load(first)
    one_by_one(second, [{"e": value} for value in after])
    document, whole = plain(second.sample()), one_by_one(Stats("e"), [{"e": each} for each in before + after])
    known = [*before[-old:], *after][-new:]  # what both windows have room for
    whole = {**plain(whole.sample()), "unusable": 1}
    for name, quantile in QUANTILES.items():
        whole[name] = float(np.quantile(known, quantile)) if known else None
    assert_close(document, whole)
    assert first.sample()["count"] == len(before)


def test_a_smaller_window_keeps_the_newest():
    old, new = Stats("e", window=3), Stats("e", window=2)
    for value in range(1, 6):
        one_by_one(old, [{"e": value}]).sample()
    new.load(old)
    assert new.last().tolist() == [4, 5]
    assert one_by_one(new, [{"e": 6}]).sample()["median"] == 5.5


def test_load_of_another_field_or_of_other_code_begins_anew():
    new = Stats("e")
    new.load(one_by_one(Stats("f"), [{"f": 1}]))
    new.load(SimpleNamespace())
    assert new.sample()["count"] == 0


# -- merge


@given(events=EVENTS, cuts=CUTS)
def test_the_merge_of_parts_is_the_whole_but_for_quantiles(events, cuts):
    samples = [plain(one_by_one(Stats("e"), part).sample()) for part in parts(events, cuts)]
    merged = plain(Stats("e").merge(json.loads(json.dumps(samples))))
    whole = plain(one_by_one(Stats("e"), events).sample())
    if sum(sample["count"] > 0 for sample in samples) > 1:
        assert [merged[name] for name in QUANTILES] == [None] * 3
        whole.update(dict.fromkeys(QUANTILES))
    assert_close(merged, whole)


def test_a_merge_passes_over_what_has_no_data():
    sample = plain(one_by_one(Stats("e"), [{"e": 1}, {"e": 2}]).sample())
    assert plain(Stats("e").merge([{}, dict.fromkeys(sample), sample])) == sample
    assert plain(Stats("e").merge([])) == plain(Stats("e").sample())


def test_nothing_and_something_together():
    some = moments.of(np.array([1.0, 3.0]))
    assert moments.pooled(some, moments.Moments()) == moments.pooled(moments.Moments(), some) == some
