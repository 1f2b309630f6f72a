"""Arrays and nested values: each leaf with its path."""

import copy
from typing import Any

import pytest
from hypothesis import given

from tests.unit.plugins.differ.values import VALUES, canonical
from WardenServer.plugins.common.differ import nested
from WardenServer.plugins.common.differ.change import MISSING
from WardenServer.plugins.common.differ.compare import is_same
from WardenServer.plugins.common.differ.rules import Tolerance

EXACT = Tolerance()


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": {"b": [0, 0, 1]}}, {"a": {"b": [0, 0, 2]}}, ["a.b[2]: 1 → 2 (+100 %)"]),
        ({"a": 1}, {"a": 1, "c": {"d": 3}}, ['c: added {"d": 3}']),
        ({"a": {"c": 3}}, {"a": {}}, ["a.c: removed 3"]),
        ({"b.c": {"[": 1, "": 1}}, {"b.c": {"[": 2, "": 1.0}}, ['"b.c"."[": 1 → 2 (+100 %)']),
        ([1, 2], [1, 2, 3], ["length 2 → 3", "[2]: added 3"]),
        ({"a": [1, 2]}, {"a": [2]}, ["a: length 2 → 1", "a[0]: 1 → 2 (+100 %)", "a[1]: removed 2"]),
        ([[1]], [{}], ["[0]: [1] → {}"]),
        ({"a": True}, {"a": 1}, ["a: true → 1"]),
        ({"a": None}, {"a": ""}, ['a: null → ""']),
        ({"p02/motor/1": "on"}, {"p02/motor/1": "off"}, ['p02/motor/1: "on" → "off"']),
        ({"a\nb": 1}, {"a\nb": 2}, ['"a\\nb": 1 → 2 (+100 %)']),
        ([float("nan"), 1, " a"], [float("nan"), 1.0, "a "], []),
    ],
)
def test_each_change_has_its_path(old: Any, new: Any, lines: list[str]) -> None:
    assert list(nested.lines(old, new, EXACT)) == lines


def test_the_tolerance_holds_inside() -> None:
    old, new = {"a": [1.0, 2.0], "b": 1}, {"a": [1.05, 2.3], "b": 1.1}
    assert nested.lines(old, new, Tolerance(absolute=0.1)) == ("a[1]: 2.0 → 2.3 (+15 %)",)


def test_of_many_changes_some_are_shown_and_the_others_counted() -> None:
    found = nested.lines([0.0] * 100_000, [1.0] * 100_000, EXACT)
    assert len(found) == nested.MOST + 1
    assert found[-1] == f"and {100_000 - nested.MOST} more"
    assert len(nested.lines([0] * nested.MOST, [1] * nested.MOST, EXACT)) == nested.MOST


def test_values_nested_deeper_than_python_calls_itself() -> None:
    old: Any = 0
    new: Any = {"leaf": 1}
    for _ in range(5000):
        old, new = [old], [new]
    (line,) = nested.lines(old, new, EXACT)
    assert line.startswith("…[0]") and line.endswith(': 0 → {"leaf": 1}') and len(line) < 200
    assert is_same(old, copy_of(old))


def copy_of(deep: Any) -> Any:
    made: Any = 0
    while isinstance(deep, list):
        deep, made = deep[0], [made]
    return made


def test_a_long_line_is_cut_where_it_does_not_differ() -> None:
    (line,) = nested.lines({"a": "x" * 1000 + "1" + "y" * 1000}, {"a": "x" * 1000 + "2"}, EXACT)
    assert line.startswith(f'a: …"{"x" * 20}1yyy') and f'→ …"{"x" * 20}2"' in line
    assert len(line) < 500
    (line,) = nested.lines({"k" * 10**6: list(range(10**6))}, {}, EXACT)
    assert len(line) < 500


@given(VALUES, VALUES)
def test_two_values_are_the_same_as_another_way_says(one: Any, other: Any) -> None:
    assert is_same(one, other) == (canonical(one) == canonical(other)) == is_same(other, one)
    assert is_same(one, copy.deepcopy(one))


@given(VALUES, VALUES)
def test_what_changed_is_all_that_changed(old: Any, new: Any) -> None:
    """The changes put into the old value make the new one."""
    box = {"root": copy.deepcopy(old)}
    for way, _, now in nested.changes({"root": old}, {"root": new}, EXACT):
        put(box, steps(way), now)
    assert canonical(box) == canonical({"root": new})


def steps(way: Any) -> list[Any]:
    found = []
    while way is not None:
        way, key = way
        found.insert(0, key)
    return found


def put(box: Any, way: list[Any], value: Any) -> None:
    *before, last = way
    for step in before:
        box = box[step]
    if isinstance(box, list) and last == len(box):
        box.append(value)
    elif isinstance(box, list) and value is MISSING:
        del box[last:]
    elif value is MISSING:
        del box[last]
    elif not (isinstance(value, list) and isinstance(box.get(last) if isinstance(box, dict) else box[last], list)):
        box[last] = value  # of an array of another length the leaves come themselves
