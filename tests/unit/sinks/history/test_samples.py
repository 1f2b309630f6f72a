"""Results become samples: by source, with the time of the value, or of the run where that cannot be."""

import enum
from typing import Any

import numpy as np

from WardenServer.results.field import Place
from WardenServer.results.result import Result
from WardenServer.results.value import Own
from WardenServer.sinks.history.samples import MICRO, Sample, Source, Span, plain, samples

NOW = 1_700_000_000.0
SPAN = Span(NOW - 1000, NOW + 60)


class Mode(enum.Enum):
    USER = 1


def of(fields: dict[str, Any], arrays: tuple[str, ...] = (), **more: Any) -> list[Sample]:
    return list(samples(Result("a", "K", NOW, fields, **more), SPAN, arrays))


def test_one_run_is_one_sample() -> None:
    assert of({"x": 1.5, "y": "on"}) == [Sample(Source("a", "K", ("x", "y")), int(NOW * MICRO), (1.5, "on"))]


def test_what_has_no_value_makes_none() -> None:
    assert of({"x": None, "y": 2}) == [Sample(Source("a", "K", ("y",)), int(NOW * MICRO), (2,))]
    assert of({"x": None}) == []
    assert of({}) == []


def test_values_of_other_times_are_samples_of_their_own() -> None:
    found = of({"x": 1.0, "y": 2.0}, own={"y": Own(timestamp=NOW - 5)})
    assert [(each.source.fields, each.time / MICRO) for each in found] == [(("x",), NOW), (("y",), NOW - 5)]


def test_a_time_that_cannot_be_is_that_of_the_run() -> None:
    for wrong in (1.0, NOW - 1001, NOW + 3600, 4e9):
        assert [each.time / MICRO for each in of({"x": 1.0}, own={"x": Own(timestamp=wrong)})] == [NOW]


def test_a_run_of_a_time_that_cannot_be_is_moved_to_the_nearest_that_can() -> None:
    late = list(samples(Result("a", "K", NOW + 1e6, {"x": 1.0}), SPAN))
    assert late[0].time == (NOW + 60) * MICRO


def test_fields_of_other_keys_go_there() -> None:
    found = of({"x": 1.0, "y": True}, places={"y": Place("plain.key", "bool")})
    assert {(each.source.key, each.source.fields, each.values) for each in found} == {
        ("K", ("x",), (1.0,)), ("plain.key", ("value",), (True,)),
    }  # fmt: skip


def test_whole_documents_are_for_memcached_only() -> None:
    assert [each.source.key for each in of({"x": 1.0, "y": "{}"}, places={"y": Place("P", "document")})] == ["K"]


def test_arrays_are_kept_only_where_somebody_asked() -> None:
    fields = {"image": np.zeros((2, 2)), "x": 1.0}
    assert [each.source.fields for each in of(fields)] == [("x",)]
    assert [each.source.fields for each in of(fields, ("K.image",))] == [("image", "x")]


def test_enums_and_numbers_of_numpy_are_plain() -> None:
    assert plain(Mode.USER) == "USER"
    assert [type(plain(value)) for value in (np.float64(1), True, 3, "a")] == [float, bool, int, str]
