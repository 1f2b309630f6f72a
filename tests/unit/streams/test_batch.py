"""Events as a list and as an array."""

import awkward
import numpy as np
import pytest

from WardenServer.processor import ProcessorAbort
from WardenServer.streams.batch import Batch


def test_plain_records_become_a_record_array() -> None:
    array = Batch([{"a": 1, "b": 2.5, "c": "x"}, {"a": 2, "b": 3, "c": "long"}]).array
    assert isinstance(array, np.recarray)
    assert array["a"].tolist() == [1, 2] and array["b"].tolist() == [2.5, 3.0] and array["c"].tolist() == ["x", "long"]


@pytest.mark.parametrize(
    "events",
    [
        [{"a": 1}, {"a": 1, "b": 2}],  # other fields
        [{"a": [1, 2]}, {"a": [3]}],  # lists
        [{"a": 1}, {"a": "text"}],  # numbers must not become text
        [{"a": 1}, {"a": None}],
        [{"a": {"b": 1}}, {"a": {"b": 2}}],
    ],
)
def test_other_records_become_an_awkward_array(events: list[dict[str, object]]) -> None:
    batch = Batch(events)
    assert isinstance(batch.array, awkward.Array)
    assert len(batch.array) == 2


def test_what_is_no_record_becomes_no_array() -> None:
    with pytest.raises(ProcessorAbort, match="write event in place of events"):
        _ = Batch([b"raw", b"frames"]).array
    assert Batch([7, {"a": 1}, "text", {"a": 2}]).array["a"].tolist() == [1, 2]


def test_what_no_array_can_hold_is_passed_over() -> None:
    with pytest.raises(ProcessorAbort, match="an array cannot hold the events"):
        _ = Batch([{"a": 2**70}]).array


@pytest.mark.parametrize("kind", [np.array, awkward.Array])
def test_an_array_becomes_a_list_of_plain_dicts(kind: object) -> None:
    columns = [np.array([1, 2, 3]), np.array([0.5, 1.5, 2.5])]
    array = np.rec.fromarrays(columns, dtype=[("a", "i8"), ("b", "f8")])
    batch = Batch(array=array if kind is np.array else awkward.Array({"a": columns[0], "b": columns[1]}), size=30)
    assert len(batch) == 3 and batch.is_array
    assert batch.part(1).events == [{"a": 2, "b": 1.5}, {"a": 3, "b": 2.5}]
    assert type(batch.events[0]["a"]) is int
    assert batch.part(1, 2).size == 10
