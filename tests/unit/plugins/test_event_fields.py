"""Numbers of a field, of single events and of arrays."""

import math

import awkward
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.events import EVENTS, records
from WardenServer.errors import SettingError
from WardenServer.plugins.common.event_fields import Field, all_records, numbers


@pytest.mark.parametrize(
    ("event", "value"),
    [
        ({"hit.energy": 1}, 1),
        ({"hit": {"energy": 2}}, 2),
        ({"hit.energy": 1, "hit": {"energy": 2}}, 1),
        ({"hit.energy": None, "hit": {"energy": 2}}, 2),
        ({"hit": {"energy": 0}}, 0),
        ({"hit": 3}, None),
        ({"hit": {"Energy": 3}}, None),
        ({}, None),
        (b"hit.energy", None),
        (["hit.energy"], None),
        (None, None),
    ],
)
def test_a_path(event, value):
    assert Field("hit.energy").of(event) == value


def test_the_longest_name_comes_first():
    field, event = Field("a.b.c"), {"a": {"b": {"c": 4}, "b.c": 3}, "a.b": {"c": 2}, "a.b.c": 1}
    assert field.of(event) == 1
    del event["a.b.c"]
    assert field.of(event) == 2
    event["a.b"]["c"] = None
    assert field.of(event) == 3
    del event["a"]["b.c"]
    assert field.of(event) == 4


@pytest.mark.parametrize("path", ["", None, 3, ["e"], "a.b.c.d.e.f.g.h.i.j.k"])
def test_what_is_no_path(path):
    with pytest.raises(SettingError, match=r"^field is .*; write the name of a field of the events, such as"):
        Field(path)


@pytest.mark.parametrize(
    ("value", "found", "others"),
    [
        (1.5, [1.5], 0),
        (True, [1.0], 0),
        (2**70, [2.0**70], 0),
        (10**400, [], 1),
        ("1.5", [], 1),
        (b"1", [], 1),
        (None, [], 1),
        ({}, [], 1),
        (1j, [], 1),
        ([], [], 0),
        ([1, None, [2, ["x", 3]]], [1, 2, 3], 2),
        ((1, 2), [1, 2], 0),
        (np.float32(0.5), [0.5], 0),
        (np.array(7), [7], 0),
        (np.array([[1, 2], [3, 4]], dtype="u1"), [1, 2, 3, 4], 0),
        (np.array(["1", "2"]), [], 2),
        (np.array([1, None, 2.5], dtype=object), [1, 2.5], 1),
        (np.ma.masked_array([1.0, 2.0], [True, False]), [2], 1),
        (np.array([1, 2], dtype="M8[s]"), [], 2),
        (awkward.Array([[1, 2], [], [3]]), [1, 2, 3], 0),
        (awkward.Array([[1.5, None], [2]]), [1.5, 2], 1),
        (awkward.Array(["12", "3"]), [], 2),
        (awkward.Array([b"12"]), [], 1),
        (awkward.Array([[], []]), [], 0),
        (awkward.Array([[[1]], [[2, 3], [4]]])[[1, 0]], [2, 3, 4, 1], 0),
        (awkward.Array(np.array([1, 2], dtype="M8[s]")), [], 2),
    ],
    ids=repr,
)
def test_numbers_in_a_value(value, found, others):
    values, missed = numbers(value)
    assert values.dtype == float
    assert (values.tolist(), missed) == (found, others)


def test_numbers_may_be_nan_and_infinite():
    values, others = numbers([math.nan, -math.inf])
    assert math.isnan(values[0])
    assert (values[1], others) == (-math.inf, 0)


def test_a_very_deep_list_is_no_trouble():
    value = 1
    for _ in range(100_000):
        value = [value]
    values, _ = numbers(value)
    assert values.tolist() == [1]
    while isinstance(value, list):  # taken apart here, since Python would do it by recursion
        value = value[0]


@given(events=EVENTS.filter(bool), path=st.sampled_from(["e", "hit.e", "größe", "none"]))
def test_an_array_has_the_numbers_of_its_events(events, path):
    field = Field(path)
    values, others = numbers(field.column(awkward.Array(events)))
    single = [numbers(field.of(event)) for event in events]
    np.testing.assert_array_equal(values, np.concatenate([each for each, _ in single]))
    assert others == sum(count for _, count in single)


def test_fields_of_numpy_records():
    inner = np.zeros(2, dtype=[("hit", [("e", float)]), ("w", float, (3,)), ("t", "U2")])
    inner["hit"]["e"] = [1, 2]
    assert Field("hit.e").column(inner).tolist() == [1, 2]
    assert numbers(Field("w").column(inner))[0].tolist() == [0] * 6
    assert numbers(Field("t").column(inner))[1] == 2
    assert Field("none").column(inner) == [None, None]
    assert Field("e").column(np.zeros(2)) == [None, None]


def test_whether_all_are_records():
    assert all_records(records([1.0]))
    assert all_records(awkward.Array([{"e": 1}]))
    for array in (np.zeros(2), awkward.Array([{"e": 1}, None]), awkward.Array([{}]), awkward.Array([1])):
        assert not all_records(array)
