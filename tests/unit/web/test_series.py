"""Values over time, cut and written down."""

import math
from typing import Any

import numpy as np
import pytest

from WardenServer.web.series import Series, as_text

VALUES = Series(np.array([10.0, 20.0, 30.0]), {"value": np.array([1.5, math.nan, 3.0])}, (5.0, 0.5))


def over(times: list[float], values: list[Any], before: Any = None) -> Series:
    return Series(np.array(times), {"value": values}, before)


def test_as_json_what_is_no_number_is_null() -> None:
    assert VALUES.as_dict() == {"time": [10.0, 20.0, 30.0], "value": [1.5, None, 3.0], "before": [5.0, 0.5]}


def test_newest_first() -> None:
    assert VALUES.newest_first().as_dict()["time"] == [30.0, 20.0, 10.0]
    assert VALUES.newest_first().as_dict()["value"] == [3.0, None, 1.5]


def test_csv_has_a_header_and_two_forms_of_time() -> None:
    series = over([0.0, 1.5], ['a "b", c', None])
    assert "".join(series.as_csv()) == (
        'time,unix_seconds,value\n1970-01-01T00:00:00.000Z,0.0,"a ""b"", c"\n1970-01-01T00:00:01.500Z,1.5,\n'
    )


def test_csv_of_much_comes_in_pieces_and_whole() -> None:
    pieces = list(over([float(n) for n in range(2500)], list(range(2500))).as_csv())
    assert len(pieces) == 3
    assert "".join(pieces).count("\n") == 2501


@pytest.mark.parametrize(
    ("other", "wanted", "times"),
    [
        (over([15.0, 25.0], ["ON", "OFF"], (1.0, "OFF")), "ON", [20.0]),
        (over([15.0, 25.0], ["ON", "OFF"], (1.0, "OFF")), "OFF", [10.0, 30.0]),
        (over([20.0], [1]), "1", [20.0, 30.0]),
        (over([20.0], [1.0]), "1", [20.0, 30.0]),
        (over([20.0], [True]), "true", [20.0, 30.0]),
        (over([20.0], [True]), "1", []),
        (over([20.0], [None]), "null", [10.0, 20.0, 30.0]),
        (over([], []), "1", []),
        (over([11.0], [[1, 2]]), "[1, 2]", [20.0, 30.0]),
    ],
)
def test_a_cut_keeps_times_at_which_the_last_value_of_another_field_was_this(
    other: Series, wanted: str, times: list[float]
) -> None:
    cut = VALUES.where(other, wanted)
    assert cut.as_dict()["time"] == times
    assert len(cut.as_dict()["value"]) == len(times)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (None, "null"), (math.inf, "null"), (1.5, "1.5"), ("a", "a"), (np.float64(2), "2.0")],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert as_text(value) == text
