"""The processors `count` and `rate`."""

from types import SimpleNamespace

import awkward
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.events import ANYTHING, CUTS, EVENTS, in_arrays, one_by_one, parts, plain, records
from WardenServer.plugins import rate
from WardenServer.plugins.count import Count
from WardenServer.plugins.rate import Rate


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    hands = SimpleNamespace(now=100.0)
    monkeypatch.setattr(rate, "time", SimpleNamespace(monotonic=lambda: hands.now))
    return hands


def test_count_of_what_is_something():
    events = [{"e": 0}, {}, None, 0, False, "", "x", b"", b"x", [], [0], 1]
    assert plain(one_by_one(Count(), events).sample()) == {"count": 5}


@given(events=EVENTS, cuts=CUTS)
def test_count_of_single_events_arrays_and_parts(events, cuts):
    document = plain(one_by_one(Count(), events).sample())
    in_parts = [one_by_one(Count(), part).sample() for part in parts(events, cuts)]
    assert plain(Count().merge(in_parts)) == document
    arrays = [awkward.Array(part).tolist() for part in parts(events, cuts)]  # here {} may have fields that are null
    assert plain(in_arrays(Count(), events, cuts).sample()) == {"count": sum(bool(e) for part in arrays for e in part)}


@given(events=st.lists(ANYTHING))
def test_count_of_anything(events):
    assert one_by_one(Count(), events).sample() == {"count": sum(map(bool, events))}


def test_count_of_arrays():
    count = Count()
    count.events(records([0.0, float("nan")]))
    count.events(awkward.Array([{"e": 1}, None, {"e": None}]))
    count.events(np.array([0, 1, 2]))
    assert count.sample() == {"count": 6}


def test_count_goes_on_with_new_code():
    old, new = one_by_one(Count(), [1, 1]), one_by_one(Count(), [1])
    new.load(old)
    new.load(SimpleNamespace())
    assert (new.sample(), old.sample()) == ({"count": 3}, {"count": 2})


def test_rate_since_the_last_sample(clock):
    processor = Rate()
    assert plain(processor.sample()) == {"rate": None, "count": 0}
    clock.now += 4
    processor.events(records([1.0] * 10))
    assert plain(one_by_one(processor, [None, {}]).sample()) == {"rate": 3, "count": 12}
    clock.now += 2
    assert plain(processor.sample()) == {"rate": 0, "count": 12}


def test_the_first_rate_is_that_since_the_start(clock):
    processor = one_by_one(Rate(), [1] * 5)
    clock.now += 0.5
    assert processor.sample() == {"rate": 10, "count": 5}


def test_rate_goes_on_with_new_code(clock):
    old = one_by_one(Rate(), [1] * 5)
    clock.now += 1
    old.sample()
    one_by_one(old, [1] * 3)
    clock.now += 1
    new = Rate()
    new.load(old)
    clock.now += 1
    assert one_by_one(new, [1]).sample() == {"rate": 2, "count": 9}
    new.load(SimpleNamespace())
    assert new.sample() == {"rate": None, "count": 0}


def test_rates_are_added():
    samples = [{"rate": 2.5, "count": 3}, {"rate": None, "count": 4}, {}, {"rate": 1, "count": None}]
    assert plain(Rate().merge(samples)) == {"rate": 3.5, "count": 7}
    assert plain(Rate().merge([])) == {"rate": None, "count": 0}
