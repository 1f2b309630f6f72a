import enum
import json
import math
from typing import Any

import numpy as np
import pytest

from WardenServer.hub.runs import values
from WardenServer.hub.runs.values import plain
from WardenServer.plugins.common.differ.change import Unavailable


class Colour(enum.IntEnum):
    RED = 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True), (3, 3), (2.5, 2.5), ("Größe", "Größe"), (Colour.RED, "RED"), (np.float32(0.5), 0.5),
        (np.int64(7), 7), (np.bool_(True), True), (np.array([1, 2]), [1, 2]), (np.array([[1.5], [2]]), [[1.5], [2.0]]),
        (np.array(["a", "b"]), ["a", "b"]), (("a", "b"), ["a", "b"]), ([1, None], [1, None]), ({"a": 1}, {"a": 1}),
        (np.array([]), []), (np.array(["a", None], dtype=object), ["a", None]),
    ],
)  # fmt: skip
def test_values_are_as_json_has_them(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected


def test_nan_stays() -> None:
    assert math.isnan(plain(np.float64("nan")))
    assert math.isnan(plain(np.array([math.nan]))[0])


def test_nothing_is_unavailable_for_a_reason() -> None:
    assert plain(None, "sensor broken") == Unavailable("sensor broken")
    assert plain(None) == Unavailable("it has no value")


@pytest.mark.parametrize("value", [np.zeros(values.MOST + 1), [0] * (values.MOST + 1)])
def test_a_large_array_is_unavailable(value: Any) -> None:
    assert "100001 values" in plain(value).reason


def test_the_largest_array_is_kept() -> None:
    assert len(plain(np.zeros(values.MOST))) == values.MOST


@pytest.mark.parametrize("value", [b"x", 1j, np.array([1j]), object(), [b"x"], np.array([object()], dtype=object)])
def test_what_json_has_not_is_unavailable(value: Any) -> None:
    assert "snapshot cannot keep" in plain(value).reason
