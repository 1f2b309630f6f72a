"""Where two documents differ."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.authoring.differences import differences

DOCUMENT = st.dictionaries(
    st.text(max_size=3), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    | st.lists(st.floats(), max_size=3), max_size=4,
)  # fmt: skip


def _found(old: Any, new: Any, tolerance: float = 1e-9) -> list[str]:
    return [str(each) for each in differences(old, new, tolerance)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": 1}, {"a": 2}, ["a: 1 → 2 (+100 %)"]),
        ({"a": -4.0}, {"a": -5.0}, ["a: -4.0 → -5.0 (-25 %)"]),
        ({"a": 0}, {"a": 1}, ["a: 0 → 1"]),
        ({"a": 1}, {"b": 1}, ["a: 1 → absent", "b: absent → 1"]),
        ({"a": {"b": [1, 2, {"c": 3}]}}, {"a": {"b": [1, 2, {"c": 4}]}}, ["a.b[2].c: 3 → 4 (+33.3 %)"]),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, ["length of a: 2 → 3 (+50 %)"]),
        ({"a": [[1], [2]]}, {"a": [[1], [3]]}, ["a[1][0]: 2 → 3 (+50 %)"]),
        ({"a": True}, {"a": 1}, ["a: True → 1"]),
        ({"a": None}, {"a": 0}, ["a: None → 0"]),
        ({"a": "x" * 99}, {"a": ""}, [f"a: '{'x' * 56}... → ''"]),
        ({"a": math.nan}, {"a": 1.0}, ["a: nan → 1.0 (+nan %)"]),
        ({"a": 10**400}, {"a": 1}, [f"a: {'1' + '0' * 56}... → 1 (-100 %)"]),
        ("absent", {"a": 1}, ["document: absent → {'a': 1}"]),
    ],
)
def test_each_place_is_said(old: Any, new: Any, said: list[str]) -> None:
    assert _found(old, new) == said


def test_numbers_within_the_tolerance_are_the_same() -> None:
    assert _found({"a": 1.0}, {"a": 1.0 + 1e-12}) == []
    assert _found({"a": 1}, {"a": 1.0}) == []
    assert _found({"a": 100}, {"a": 101}, tolerance=0.02) == []
    assert _found({"a": math.nan, "b": math.inf}, {"a": math.nan, "b": math.inf}) == []
    assert len(_found({"a": math.inf}, {"a": -math.inf})) == 1


@given(DOCUMENT, DOCUMENT)
def test_a_document_is_the_same_as_itself_and_order_does_not_matter(one: Any, other: Any) -> None:
    assert _found(one, one) == []
    forward = {each.field for each in differences(one, other, 1e-9)}
    assert forward == {each.field for each in differences(other, one, 1e-9)}
