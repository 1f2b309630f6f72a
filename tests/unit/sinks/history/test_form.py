"""Columns come back exactly as they were, whatever is in them."""

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.sinks.history import form
from WardenServer.sinks.history.form import Damaged

FLOATS = some.lists(some.floats(width=64), min_size=1, max_size=50)
INTS = some.lists(some.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50)
TEXTS = some.lists(some.text(max_size=20), min_size=1, max_size=50)
ANY = some.one_of(some.booleans(), some.integers(-9, 9), some.floats(), some.text(max_size=3))
MIXED = some.lists(ANY, max_size=40)


def there_and_back(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for kind, begin, end in form.runs(values):
        column = form.unpack(kind, form.pack(kind, values[begin:end]))
        found += column.tolist() if isinstance(column, np.ndarray) else column
    return found


def bits(value: Any) -> Any:
    return struct.pack("d", value) if isinstance(value, float) else value


@given(FLOATS)
def test_floats_keep_every_bit(values: list[float]) -> None:
    assert [bits(value) for value in there_and_back(values)] == [bits(value) for value in values]


@given(some.one_of(INTS, TEXTS, some.lists(some.booleans(), min_size=1)))
def test_whole_numbers_texts_and_flags_are_exact(values: list[Any]) -> None:
    found = there_and_back(values)
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


@given(MIXED)
def test_a_mixture_keeps_values_and_only_whole_numbers_among_floats_become_floats(values: list[Any]) -> None:
    found = there_and_back(values)
    assert len(found) == len(values)
    for one, other in zip(found, values, strict=True):
        assert one == other or (math.isnan(one) and math.isnan(other))
        assert type(one) is type(other) or (type(one), type(other)) == (float, int)


def test_a_whole_number_that_no_float_holds_stays_one_among_floats() -> None:
    assert there_and_back([0.5, 2**60 + 1, 0.5]) == [0.5, 2**60 + 1, 0.5]


def test_arrays_come_back_with_type_and_shape() -> None:
    from WardenServer.sinks.history.samples import plain

    arrays = [np.arange(6, dtype=np.int16).reshape(2, 3), np.array([1.5, np.nan]), np.array(["a", "ä"])]
    data = form.pack(form.ARRAY, [plain(array) for array in arrays])
    for found, array in zip((form.array(*entry) for entry in form.unpack(form.ARRAY, data)), arrays, strict=True):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("kind", [form.FLOAT, form.INT, form.BOOL, form.TEXT, form.ARRAY])
@given(data=some.binary(max_size=40))
def test_bytes_that_are_no_column_are_damage_and_nothing_worse(kind: str, data: bytes) -> None:
    try:
        form.unpack(kind, data)
    except Damaged as error:
        assert "damaged" in str(error)


def test_a_column_that_was_cut_is_damage() -> None:
    whole = form.pack(form.FLOAT, list(np.arange(1000) * 0.1))
    for size in (0, 1, 10, len(whole) // 2, len(whole) - 1):
        with pytest.raises(Damaged):
            form.unpack(form.FLOAT, whole[:size])
    with pytest.raises(Damaged):
        form.unpack_table(b"\1\2", 5)


def test_values_of_two_decimals_take_little_room() -> None:
    generator = np.random.default_rng(1)
    values = np.round(100 + np.cumsum(generator.normal(0, 0.05, 3600)), 2)
    assert len(form.pack(form.FLOAT, values)) < 1.2 * len(values)
