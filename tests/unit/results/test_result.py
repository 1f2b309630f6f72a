"""What work may return, what becomes of it as JSON, and what is refused with the field's name."""

import enum
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from WardenServer import NoData
from WardenServer.errors import FieldError
from WardenServer.results.field import Kind, attribute_name, declare, kind_of
from WardenServer.results.result import Result, clean, shorten, to_json, tolerate, unpublishable


class Gate(enum.Enum):
    CLOSED = 0
    OPEN = 1


class Colour(enum.Flag):
    RED = 1


#: As pandas has it, which the hub must not import to know it.
NA = type("NAType", (), {"__module__": "pandas._libs.missing"})()


@pytest.mark.parametrize(
    ("value", "kind", "as_json"),
    [
        (True, Kind("bool"), True),
        (np.bool_(True), Kind("bool"), True),
        (3, Kind("int"), 3),
        (np.int32(3), Kind("int"), 3),
        (2.5, Kind("float"), 2.5),
        (np.float32(2.5), Kind("float"), 2.5),
        ("温度\udc80", Kind("str"), "温度?"),
        (None, None, None),
        (Gate.OPEN, Kind("enum", 0, ("CLOSED", "OPEN")), "OPEN"),
        ([1, 2], Kind("int", 1), [1, 2]),
        ((1, 2.5), Kind("float", 1), [1.0, 2.5]),
        ([1.5, None], Kind("float", 1), [1.5, None]),
        ([True, False], Kind("bool", 1), [True, False]),
        (["a", "b"], Kind("str", 1), ["a", "b"]),
        ([], None, []),
        ([[1, 2], [3, 4]], Kind("int", 2), [[1, 2], [3, 4]]),
        (np.eye(2), Kind("float", 2), [[1.0, 0.0], [0.0, 1.0]]),
        (np.array([1, 2], np.uint8), Kind("int", 1), [1, 2]),
        (math.nan, Kind("float"), None),
        ([1.0, math.inf], Kind("float", 1), [1.0, None]),
        (np.array(5), Kind("int"), 5),
        (np.array("text"), Kind("str"), "text"),
        ([np.array(1.5), np.array(2.5)], Kind("float", 1), [1.5, 2.5]),
        (np.longdouble(2.5), Kind("float"), 2.5),
        (np.array([2.5], np.longdouble), Kind("float", 1), [2.5]),
        (np.ma.masked, None, None),
        (np.ma.array(5, mask=True), None, None),
        (np.ma.array([1.5, 2.5], mask=[False, True]), Kind("float", 1), [1.5, None]),
        (np.ma.array([1, 2], mask=[False, True]), Kind("float", 1), [1.0, None]),
        (np.ma.array([1, 2]), Kind("float", 1), [1.0, 2.0]),
        (np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]]), Kind("float", 2), [[1.0, None], [3.0, 4.0]]),
        (np.ma.array(["a", "b"]), Kind("str", 1), ["a", "b"]),
        (np.ma.array(["a", "b"], mask=[True, False]), None, None),
        (np.ma.array([True, False], mask=[True, False]), None, None),
        ([1.5, np.ma.masked], Kind("float", 1), [1.5, None]),
        ([np.ma.array([1, 2], mask=[0, 1]), [3, 4]], Kind("float", 2), [[1.0, None], [3.0, 4.0]]),
        (np.datetime64("NaT"), None, None),
        (np.timedelta64("NaT", "s"), None, None),
        ([1, np.timedelta64("NaT")], Kind("float", 1), [1.0, None]),
        (NA, None, None),
        ([1, NA], Kind("float", 1), [1.0, None]),
        (np.float32(struct.unpack("f", struct.pack("I", 0x7F800001))[0]), Kind("float"), None),
    ],
)
def test_values_that_can_be_published(value: object, kind: Kind | None, as_json: object) -> None:
    fields, _, _ = clean({"field": value})
    assert kind_of(fields["field"]) == kind
    assert json.loads(to_json(fields)) == {"field": as_json}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "dict"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (1j, "complex"),
        (object(), "object"),
        (2**70, "64 bits"),
        ([2**70], "object"),
        (Colour.RED, "Colour"),
        ([1, "a"], "mixes"),
        ([1, True], "mixes"),
        ([[1], [1, 2]], "same length"),
        ([[[1]]], "two dimensions"),
        (["a", None], "None in it"),
        (np.zeros((1, 1, 1)), "3 dimensions"),
        (np.array(["a"], object), "object"),
        (np.datetime64("2020-01-01", "ns"), "a datetime64"),
        (np.timedelta64(5, "ns"), "a timedelta64"),
        ([np.timedelta64(5, "ns")], "timedelta64"),
        ([1, np.timedelta64(5, "ns")], "mixes"),
        (np.array(["2020"], "M8[Y]"), "datetime64"),
        (np.array([2**63], np.uint64), "uint64"),
    ],
)
def test_values_that_are_refused_by_the_name_of_their_field(value: object, said: str) -> None:
    with pytest.raises(FieldError, match='field "bad"') as refused:
        clean({"good": 1, "bad": value})
    assert said in str(refused.value)


@pytest.mark.parametrize("returned", [None, 3, [("a", 1)], "text", {3: 1}, {"": 1}, {"error": "x"}, {"reason": 1}])
def test_returns_that_are_no_fields(returned: object) -> None:
    with pytest.raises(FieldError):
        clean(returned)


def test_a_coroutine_is_refused_with_the_cure_and_closed() -> None:
    async def later() -> dict[str, object]:
        return {}

    with pytest.raises(FieldError, match=r"work returned a coroutine; return what asyncio\.run gives of it"):
        clean(later())
    with pytest.raises(FieldError, match=r'field "a" is a coroutine; return what asyncio\.run gives of it'):
        clean({"a": later()})  # a warning that it was never awaited would be an error here


def test_a_field_without_data_is_null_with_its_reason() -> None:
    fields, reasons, _ = clean({"a": 1, "b": NoData("valve closed")})
    assert fields == {"a": 1, "b": None}
    assert reasons == {"b": "valve closed"}


def test_arrays_are_copies_that_nobody_can_change() -> None:
    mine = np.zeros(3)
    fields, _, _ = clean({"a": mine})
    mine[0] = 7
    assert fields["a"][0] == 0
    with pytest.raises(ValueError, match="read-only"):
        fields["a"][0] = 1


def test_what_is_masked_says_why_it_is_null_where_there_is_no_sign_for_it() -> None:
    _, reasons, _ = clean({"texts": np.ma.array(["a", "b"], mask=[True, False]), "numbers": np.ma.masked})
    assert set(reasons) == {"texts"}
    assert "masked" in reasons["texts"]


def test_arrays_too_long_for_the_document_are_null_there_and_it_says_where_to_read_them() -> None:
    fields, reasons, _ = clean({"long": np.zeros(11), "short": np.zeros(10), "shut": NoData("valve closed")})
    whole = Result("a", "key", 1.0, fields, None, reasons)
    short = shorten(whole, 10)
    assert json.loads(to_json(short.fields)) == {"long": None, "short": [0.0] * 10, "shut": None}
    assert short.reasons == {
        "long": "11 values are more than array_limit, 10; read the Tango attribute a_long",
        "shut": "valve closed",
    }
    assert shorten(whole, 11) is whole
    assert whole.fields["long"].size == 11


def test_what_cannot_be_published_costs_only_itself_where_that_is_wanted() -> None:
    good = ["a", "b"]
    tolerated = tolerate({"good": good, "bad": b"bytes", "long": "x" * 1_000_001, "none": NoData("shut")})
    assert tolerated["good"] is good
    fields, reasons, _ = clean(tolerated)
    assert [name for name, value in fields.items() if value is None] == ["bad", "long", "none"]
    assert reasons["bad"].startswith("is a bytes; return bool")
    assert reasons["long"].startswith("is a text of 1000001 characters")
    assert reasons["none"] == "shut"


def test_nan_is_worth_a_warning() -> None:
    assert set(unpublishable({"a": math.nan, "b": -math.inf, "c": 1.0, "d": None})) == {"a", "b"}


json_values = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text())


@given(st.dictionaries(st.text(min_size=1).filter(lambda n: n not in ("error", "reason")), json_values))
def test_whatever_is_clean_is_valid_json(returned: dict[str, object]) -> None:
    fields, _, _ = clean(returned)
    read = json.loads(to_json(fields).decode("utf-8"), parse_constant=lambda word: pytest.fail(word))
    assert len(read) == len({name.encode("utf-8", "replace") for name in fields}) or len(read) == len(fields)


@given(
    hnp.arrays(st.sampled_from([np.float64, np.int64, np.bool_, np.float32, np.uint8]), hnp.array_shapes(max_dims=2))
)
def test_any_numeric_array_of_one_or_two_dimensions_is_clean(array: np.ndarray) -> None:
    fields, _, _ = clean({"a": array})
    kind = kind_of(fields["a"])
    assert kind is None or kind.dims == array.ndim
    json.loads(to_json(fields), parse_constant=lambda word: pytest.fail(word))


@pytest.mark.parametrize(
    ("field", "name"),
    [("Current", "a_Current"), ("Beam Current", "a_Beam_Current"), ("x/y", "a_x_y"), ("Ångström", "a__ngstr_m")],
)
def test_attribute_names_fit_tango(field: str, name: str) -> None:
    assert attribute_name("a", field) == name


def test_a_name_too_long_for_tango_is_refused() -> None:
    with pytest.raises(FieldError, match="300 characters"):
        attribute_name("a", "x" * 300)


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True), st.text(min_size=1, max_size=70))
def test_every_attribute_name_keeps_the_rule(agent: str, field: str) -> None:
    name = attribute_name(agent, field)
    assert name.isascii()
    assert name.isidentifier()


@pytest.mark.parametrize(
    "entry",
    [
        3,
        {"units": "mA"},
        {"min_alarm": "low"},
        {"max_warning": math.nan},
        {"dtype": "complex"},
        {"dims": 1, "dtype": 3},
    ],
)
def test_declarations_that_are_refused(entry: object) -> None:
    with pytest.raises(FieldError, match="Current"):
        declare("Current", entry)


def test_a_declaration_is_read_with_its_short_names() -> None:
    said = declare("Current", {"unit": "mA", "min": 0, "max_alarm": 120.5, "dtype": float, "dims": 1})
    assert said.properties == {"unit": "mA", "min_value": "0", "max_alarm": "120.5"}
    assert said.kind == Kind("float", 1)


def test_a_float_attribute_takes_an_int_but_not_the_other_way_round() -> None:
    assert Kind("float").accepts(Kind("int"))
    assert not Kind("int").accepts(Kind("float"))
    assert not Kind("float").accepts(Kind("int", 1))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x" * 1_000_001, "is a text of 1000001 characters"),
        (["x" * 600_000, "x" * 600_000], "is a list with 1200000 characters of text"),
        ([["x" * 600_000], ["x" * 600_000]], "is a list with 1200000 characters of text"),
        ([1] * 1_000_001, "is a list of 1000001 items"),
        ([[1] * 600_000] * 2, "is a list of 1200000 items"),
        (np.array(["x" * 5_000_000]), "is an array of text that holds 20000000 bytes"),
    ],
)
def test_what_would_hold_up_all_threads_is_refused_before_it_is_converted(value: object, said: str) -> None:
    with pytest.raises(FieldError, match=said):
        clean({"x": value})
