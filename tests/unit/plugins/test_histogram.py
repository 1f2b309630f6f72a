"""The processor `histogram`."""

import json
import threading
from types import SimpleNamespace
from unittest.mock import patch

import awkward
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.events import ANYTHING, CUTS, EVENTS, in_arrays, one_by_one, parts, plain, records
from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common import gathering
from WardenServer.plugins.common.bins import ROOM, Bins, chi_squared
from WardenServer.plugins.histogram import Histogram

#: How many numbers are filled at once: it must not matter.
TOGETHER = st.sampled_from([1, 3, 8192])


def made(**settings):
    return Histogram(**{"field": "e", "low": -10.0, "high": 10.0, "bins": 8, **settings})


def test_of_no_events():
    assert plain(made(bins=2).sample()) == {
        "counts": [0, 0], "edges": [-10, 0, 10], "entries": 0, "underflow": 0, "overflow": 0, "unusable": 0,
        "chi2": None,
    }  # fmt: skip


def test_what_goes_where():
    values = [-10, -10.001, 0, 9.99, 10, 1e300, float("nan"), float("inf"), None, "1", [-9, [1, "x"]]]
    document = plain(one_by_one(made(bins=2), [{"e": value} for value in values] + [{}, 5]).sample())
    assert document["counts"] == [2, 3]
    assert (document["underflow"], document["overflow"], document["entries"]) == (1, 2, 8)
    assert document["unusable"] == 7


@given(events=EVENTS, cuts=CUTS, together=TOGETHER, grow=st.booleans(), path=st.sampled_from(["e", "hit.e", "größe"]))
def test_single_events_and_arrays_give_the_same(events, cuts, together, grow, path):
    with patch.object(gathering, "TOGETHER", together):
        single = one_by_one(made(grow=grow, field=path), events)
        arrays = in_arrays(made(grow=grow, field=path), events, cuts)
    assert plain(single.sample()) == plain(arrays.sample())


@given(values=st.lists(st.floats(width=32)), cuts=CUTS, together=TOGETHER, kind=st.sampled_from(["f4", "f8"]))
def test_numpy_records_give_the_same(values, cuts, together, kind):
    with patch.object(gathering, "TOGETHER", together):
        single = one_by_one(made(), [{"e": value} for value in values])
        arrays = in_arrays(made(), records(values, kind), cuts)
        mixed = made()
        for number, part in enumerate(parts(values, cuts)):
            if number % 2:
                in_arrays(mixed, records(part, kind))
            else:
                one_by_one(mixed, [{"e": value} for value in part])
    assert plain(single.sample()) == plain(arrays.sample()) == plain(mixed.sample())


@given(events=st.lists(ANYTHING, max_size=10))
def test_no_event_takes_it_out(events):
    plain(one_by_one(made(), events).sample())


@given(
    values=st.lists(st.integers(-200, 300) | st.floats(-200, 300)), low=st.integers(-100, 100), bins=st.integers(1, 200)
)
def test_whole_numbers_on_an_edge_are_in_the_bin_above(values, low, bins):
    """Bins of width 1, where a number's bin is known without rounding."""
    expected = [0] * bins
    for value in values:
        if low <= value < low + bins and value % 1 < 1 - 1e-6:
            expected[int(np.floor(value)) - low] += 1
    usable = [{"e": value} for value in values if value % 1 < 1 - 1e-6]
    fixed = one_by_one(Histogram("e", low, low + bins, bins), usable).sample()
    assert fixed["counts"].tolist() == expected
    growing = one_by_one(Histogram("e", low, low + bins, bins, grow=True), usable).sample()
    begin = int(low - growing["edges"][0])
    assert growing["counts"][begin : begin + bins].tolist() == expected
    assert growing["counts"].sum() == len(usable)


def test_growing_bins_grow_so_far_and_no_farther():
    histogram = made(bins=20, grow=True)
    assert plain(one_by_one(histogram, [{"e": 0}]).sample())["edges"] == list(range(-10, 11))
    document = plain(one_by_one(histogram, [{"e": 12.5}, {"e": -13}]).sample())
    assert (document["edges"][0], document["edges"][-1], document["counts"][0]) == (-13, 13, 1)
    document = plain(one_by_one(histogram, [{"e": 1e300}, {"e": -1e300}, {"e": 10 + ROOM}]).sample())
    assert (document["underflow"], document["overflow"], len(document["counts"])) == (1, 2, 26)
    assert document["entries"] == 6


def test_reset_begins_anew_at_each_sample():
    histogram = made(reset=True)
    assert one_by_one(histogram, [{"e": 1}, {"e": 11}, {}]).sample()["entries"] == 2
    assert plain(histogram.sample()) == plain(made().sample())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"low": 1, "high": 1}, "low is 1 and high is 1; write two numbers, low below high"),
        ({"low": "0"}, "low is '0' and high is 10.0; write two numbers"),
        ({"low": None}, "low is None and"),
        ({"high": float("nan")}, "high is nan; write two numbers"),
        ({"high": float("inf")}, "high is inf; write two numbers"),
        ({"low": True}, "low is True and"),
        ({"bins": 0}, "bins is 0; write a whole number from 1 to 100000"),
        ({"bins": 1.5}, "bins is 1.5; write"),
        ({"bins": 10**9}, "bins is 1000000000; write"),
        ({"low": 1e16, "high": 1e16 + 4}, "8 bins from 1e"),
        ({"low": -1.7e308, "high": 1.7e308}, "are too narrow or too wide; write other limits"),
        ({"low": -1e308, "high": 1e307, "grow": True}, "are too narrow or too wide; write other limits"),
        ({"field": ""}, "field is ''; write the name of a field"),
    ],
)
def test_settings_that_mean_nothing(settings, said):
    with pytest.raises(SettingError) as error:
        made(**settings)
    assert said in str(error.value)


def test_without_its_library_it_says_so():
    with patch.dict("sys.modules", boost_histogram=None), pytest.raises(WardenError) as error:
        made()
    assert "pip install 'wardenserver[histogram]'" in str(error.value)


def test_two_threads_lose_nothing():
    histogram, both = made(grow=True), threading.Barrier(2)
    part = records(np.tile([2.5, 7.5], 100_000))  # few bins, so that both threads want one at the same time

    def feed():
        both.wait(10)
        for _ in range(40):
            histogram.events(part)
            histogram.event({"e": 1})
            histogram.event({"e": "x"})

    threads = [threading.Thread(target=feed) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = histogram.sample()
    assert (document["entries"], document["unusable"]) == (2 * 40 * 200_001, 2 * 40)


def test_the_lock_is_held_while_it_is_filled_and_read():
    histogram, held = made(), []
    real = histogram.histogram

    def noting(method):
        def call(*args, **words):
            held.append(histogram.lock.locked())
            return method(*args, **words)

        return call

    histogram.histogram = SimpleNamespace(fill=noting(real.fill), view=noting(real.view))
    histogram.events(records(np.zeros(10_000)))
    one_by_one(histogram, [{"e": 1}] * 9000)
    assert histogram.sample()["entries"] == 19_000
    assert held == [True] * 4


# -- new code


def test_load_takes_the_counts_and_leaves_the_old_as_it_was():
    old = one_by_one(made(), [{"e": 1}, {"e": 99}, {}])
    old.sample()
    one_by_one(old, [{"e": 2}])
    new = made(reset=True)
    new.load(old)
    one_by_one(new, [{"e": 3}])
    document = new.sample()
    assert (document["entries"], document["overflow"], document["unusable"]) == (4, 1, 1)
    assert old.sample()["entries"] == 3


@pytest.mark.parametrize("other", [{"bins": 9}, {"low": -11.0}, {"high": 11.0}, {"grow": True}, {"field": "f"}])
def test_load_with_other_bins_begins_anew(other):
    old, new = one_by_one(made(), [{"e": 1, "f": 1}]), made(**other)
    new.load(old)
    assert plain(new.sample()) == plain(made(**other).sample())


def test_load_of_other_code_begins_anew():
    new = made()
    new.load(SimpleNamespace())
    assert new.sample()["entries"] == 0


# -- merge


@given(events=EVENTS, cuts=CUTS, grow=st.booleans())
def test_the_merge_of_parts_is_the_whole(events, cuts, grow):
    samples = [plain(one_by_one(made(grow=grow), part).sample()) for part in parts(events, cuts)]
    through_json = json.loads(json.dumps(samples))
    whole = one_by_one(made(grow=grow), events)
    assert plain(made(grow=grow).merge(through_json)) == plain(whole.sample())


def test_a_merge_passes_over_what_has_no_data():
    sample = one_by_one(made(), [{"e": 1}]).sample()
    assert plain(made().merge([{"counts": None, "edges": None}, sample, {}])) == plain(sample)


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"edges": None}, {"edges": [1]}, {"edges": list(range(9))}, {"counts": [float("nan")] * 8},
        {"edges": np.linspace(-10, 9, 9).tolist()}, {"edges": np.linspace(-9.5, 10.5, 9).tolist()},
    ],
)  # fmt: skip
def test_a_merge_of_other_bins_is_refused(wrong):
    sample = made().sample() if wrong else made(bins=4).sample()
    with pytest.raises(SettingError, match=r"^samples cannot be merged: of one, it has .*; give all hubs the"):
        made().merge([{**sample, **wrong}])


# -- the reference


@pytest.fixture
def reference(tmp_path):
    def write(document):
        path = tmp_path / "reference.json"
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(text)
        return str(path)

    return write


def test_a_document_can_be_the_reference(reference):
    events = [{"e": value} for value in (1, 1, 2, 3, -5, 11)]
    path = reference(plain(one_by_one(made(), events).sample()))
    histogram = made(reference=path)
    assert histogram.sample()["chi2"] is None
    assert one_by_one(histogram, events * 3).sample()["chi2"] == pytest.approx(0)
    other = made(reference=path)
    assert one_by_one(other, [{"e": 9}] * 20 + [{"e": -9}] * 20).sample()["chi2"] > 5
    assert other.merge([other.sample()])["chi2"] == other.sample()["chi2"]


def test_a_growing_histogram_takes_a_reference_that_has_grown(reference):
    events = [{"e": value} for value in (1, 2, 55, -70)]
    path = reference(plain(one_by_one(made(grow=True), events).sample()))
    assert one_by_one(made(grow=True, reference=path), events).sample()["chi2"] == pytest.approx(0)
    with pytest.raises(SettingError, match="it has other bins than 8 from -10 to 10"):
        made(reference=path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"{", b"[" * 100_000, [], {}, None, {"counts": [1] * 8}, {"counts": 1, "edges": 2},
        {"counts": [1] * 8, "edges": [0] * 9}, {"counts": [-1] * 8, "edges": np.linspace(-10, 10, 9).tolist()},
        {"counts": [None] * 8, "edges": np.linspace(-10, 10, 9).tolist()}, {"counts": ["x"], "edges": [{}, 1]},
        {"counts": [1] * 7, "edges": np.linspace(-10, 10, 9).tolist()[:-1]}, {"counts": [1] * 8, "edges": [1e308] * 9},
    ],
    ids=lambda content: repr(content)[:30],
)  # fmt: skip
def test_a_reference_that_cannot_be_used(reference, content):
    path = reference(content)
    with pytest.raises(SettingError) as error:
        made(reference=path)
    assert str(error.value).startswith(f"reference {path} cannot be used (")
    assert str(error.value).endswith("); correct it, or the bins")
    assert len(str(error.value)) < 400 + len(path)


def test_a_reference_that_is_not_there_or_too_large(reference, tmp_path):
    with pytest.raises(SettingError, match="No such file"):
        made(reference=str(tmp_path / "none.json"))
    path = reference(b" " * 100)
    with patch("WardenServer.plugins.histogram.LARGEST", 99), pytest.raises(SettingError, match="more than 99 bytes"):
        made(reference=path)


def test_chi_squared_by_hand():
    # N = 30, M = 60; (60*10 - 30*30)²/40 + (60*20 - 30*30)²/50 = 2250 + 1800; over N M = 1800 and one degree of freedom
    assert chi_squared(np.array([10, 20, 0]), np.array([30, 30, 0])) == pytest.approx(4050 / 1800)
    assert chi_squared(np.array([0, 0]), np.array([1, 2])) is None
    assert chi_squared(np.array([1, 0]), np.array([5, 0])) is None


def test_chi_squared_is_about_one_for_one_distribution():
    generator = np.random.default_rng(12)
    found = [
        chi_squared(generator.multinomial(1000, [0.05] * 20), generator.multinomial(5000, [0.05] * 20))
        for _ in range(200)
    ]
    assert np.mean(found) == pytest.approx(1, abs=0.1)


def test_counts_too_large_for_their_product():
    assert chi_squared(np.array([10**15, 10**15]), np.array([1e15, 3e15])) > 1e10


def test_bins_out_of_reach_of_a_histogram_far_away():
    with pytest.raises(ValueError, match="it has other bins"):
        Bins(0, 1e-300, 2, False).place([1, 2], [1e308, 1.1e308, 1.2e308])


def test_awkward_lists_of_one_event_are_filled():
    histogram = made()
    histogram.events(awkward.Array([{"e": [1.0, 2.0]}, {"e": []}, {"e": [99.0]}]))
    document = histogram.sample()
    assert (document["entries"], document["overflow"], document["unusable"]) == (3, 1, 0)
