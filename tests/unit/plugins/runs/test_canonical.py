"""Equal values have the same text, different ones do not, and each comes back."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from WardenServer.plugins.common.runs.canonical import DEEPEST, text_of, value_of

anything = st.characters(exclude_categories=())  # also NUL, and the halves of pairs
texts = st.text(anything, max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.integers(-3, 3).map(float) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


def same(one: Any, other: Any) -> bool:
    """What the store takes for the same: numbers by value, NaN equals NaN, True is no number."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


@given(values)
@example(float(10**300))
@example(2**64)
@example(10**400)
@example(["\ud83d\ude00", "\U0001f600", "\\ud83d", "\\\ud83d"])
def test_each_comes_back(value: Any) -> None:
    text = text_of(value)
    assert same(value_of(text), value)
    assert text_of(value_of(text)) == text
    assert "\0" not in text.encode().decode()


@given(values, values)
@example(1, True)
@example(1, "1")
@example(1, 1.0)
@example(0.0, -0.0)
@example(2**53, 2**53 + 1)
@example(float(2**60), 2**60)
@example(float(2**70), 2**70)
@example(float(2**70), 2**70 + 1)
@example(math.nan, -math.nan)
@example(math.inf, -math.inf)
@example(math.nan, "NaN")
@example(None, "null")
@example("\ud83d\ude00", "\U0001f600")
@example("\ud800", "\\ud800")
@example("\0", "\\u0000")
@example({"a": 1, "b": 2}, {"b": 2.0, "a": 1.0})
@example({"a": [1]}, {"a": [True]})
@example([], {})
def test_the_same_text_for_the_same_values_alone(one: Any, other: Any) -> None:
    assert (text_of(one) == text_of(other)) is same(one, other)


def test_what_is_kept_can_be_read() -> None:
    assert text_of({"b": [1.0, math.nan, 0.1], "a": "Ωµ"}) == '{"a":"Ωµ","b":[1,NaN,0.1]}'
    assert text_of((1e300, 2**63, 2**64)) == "[1e+300,9223372036854775808,1.8446744073709552e+19]"


@pytest.mark.parametrize(
    "value", [{1, 2}, b"", object(), [object()], {"a": 1j}, {1: 0, "1": 0}, 10**5000], ids=lambda it: type(it).__name__
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        text_of(value)


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = 1
    for _ in range(DEEPEST):
        value = [value]
    assert value_of(text_of(value)) == value
    with pytest.raises(ValueError, match="deep"):
        text_of([value])
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="deep"):
        text_of(endless)


@pytest.mark.parametrize("text", ["", "#0123", "{", "nothing"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        value_of(text)
