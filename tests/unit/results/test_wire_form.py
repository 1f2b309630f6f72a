"""Plain values in the forms that old readers know."""

import enum
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.errors import FieldError
from WardenServer.results import wire_form


class Gate(enum.Enum):
    CLOSED = 1
    OPEN = 2


@pytest.mark.parametrize(
    ("value", "form", "data", "flags"),
    [
        ("a%b", "text", b"a%b", 0), ("", "text", b"", 0), ("größer", "text", "größer".encode(), 0),
        (3, "text", b"3", 0), (True, "text", b"True", 0), (Gate.OPEN, "text", b"OPEN", 0), (Gate.OPEN, "int", b"2", 2),
        (-12, "int", b"-12", 2), (True, "int", b"1", 2), (True, "bool", b"1", 2), (False, "bool", b"0", 2),
        (1502190000.25, "float", b"F1502190000.25\n.", 1), (3, "float", b"F3.0\n.", 1),
        ('{"a": "ü"}', "document", '{"a": "ü"}'.encode(), 0),
    ],
)  # fmt: skip
def test_values_and_their_bytes(value: Any, form: str, data: bytes, flags: int) -> None:
    assert wire_form.encode(value, form) == (data, flags)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1.5, "int"), ("3", "int"), (1, "bool"), ("x", "float"), (True, "float"), ([1], "text"), ("[]", "document"),
        ({}, "document"), ("{x}", "document"), ("{" * 100_000, "document"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(value: Any, form: str) -> None:
    with pytest.raises(FieldError, match=f"which is no {form}"):
        wire_form.encode(value, form)


@given(some.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_what_pickle_writes_and_reads(number: float) -> None:
    data, flags = wire_form.encode(number, "float")
    assert data == pickle.dumps(number, 0)
    assert wire_form.decode(data, flags) == number


@given(some.one_of(some.text(some.characters(exclude_categories=["Cs"])), some.integers(-(2**63), 2**63 - 1)))
def test_text_and_numbers_come_back(value: str | int) -> None:
    assert wire_form.decode(*wire_form.encode(value, "text" if isinstance(value, str) else "int")) == value


@pytest.mark.parametrize(
    ("data", "flags", "value"),
    [(b"I01\n.", 1, True), (b"I00\n.", 1, False), (b"I-7\n.", 1, -7), (b"text", 16, "text"), (b"12", 2, 12)],
)
def test_forms_of_other_writers_are_read(data: bytes, flags: int, value: Any) -> None:
    assert wire_form.decode(data, flags) == value


@pytest.mark.parametrize(
    ("data", "flags"),
    [(pickle.dumps([1]), 1), (pickle.dumps(print), 1), (b"cos\nsystem\n(S'true'\ntR.", 1), (b"Fnan\n.", 1),
     (b"Fx\n.", 1), (b"I1\n.x", 1), (b"", 1), (b"x", 2), (b"x", 3)],
)  # fmt: skip
def test_nothing_else_is_read_and_nothing_is_unpickled(data: bytes, flags: int) -> None:
    with pytest.raises(ValueError):
        wire_form.decode(data, flags)
