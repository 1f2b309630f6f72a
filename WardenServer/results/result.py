"""What comes out of one run of an agent: clean values, or the reason why there are none."""

import enum
import json
import math
from collections.abc import Coroutine, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from WardenServer.errors import FieldError, NoData
from WardenServer.results.event import Event
from WardenServer.results.field import RESERVED, Place, attribute_name, read_properties
from WardenServer.results.value import Own, Readings, Value, own

_INT64 = range(-(2**63), 2**63)
#: Most characters of a field, and most items of a list: what Tango and Memcached take, and what can be converted
#: without holding up all other threads of the hub.
MOST_TEXT, MOST_ITEMS = 1_000_000, 1_000_000
#: Types whose values need no look.
_CLEAN = frozenset({float, bool, type(None)})

#: What most results have of reasons and the like: one for all, since a thousand empty ones cost memory and time.
NONE: Mapping[str, Any] = MappingProxyType({})


class Result(NamedTuple):
    """The outcome of one run: never changed after it is made, so any thread may read it.

    `fields` maps names to clean values (see `clean`), null as None. `timestamp` is Unix seconds of the data. `error` is
    a sentence when the run failed, `reasons` says of single fields, without failure, why they are null. `own` has the
    quality, time and properties of those fields that came with their own. `places` says which fields go elsewhere than
    into the document `key`. `events` are what the run told besides. A
    `repeat` says again that there are no values, and is no news.
    """

    agent: str
    key: str
    timestamp: float
    fields: Mapping[str, Any]
    error: str | None = None
    reasons: Mapping[str, str] = NONE
    expire: float = 0.0
    own: Mapping[str, Own] = NONE
    places: Mapping[str, Place] = NONE
    events: tuple[Event, ...] = ()
    repeat: bool = False


def weight(result: Result) -> int:
    """About how many bytes of memory a result takes."""
    texts = sum(len(event.text) for event in result.events) + len(result.error or "")
    return 500 + texts + sum(100 + _weight(value) for value in result.fields.values())


def _weight(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    return 4 * len(value) if isinstance(value, str) else 0


#: What `work` returned, ready for a Result: fields, reasons, and what the fields have of their own.
Cleaned = tuple[dict[str, Any], Mapping[str, str], Mapping[str, Own]]


def clean(returned: Any) -> Cleaned:
    """Check what `work` returned.

    Values become bool, int, float, str, enum member, None, or a read-only numpy array of one or two dimensions.

    Raises:
        FieldError: it is no dict, or a field has a name or value that cannot be published; the text names the field.
    """
    if type(returned) is not dict:
        returned = _as_dict(returned)
    fields: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    owned: dict[str, Own] = {}
    for name, value in returned.items():
        _check_name(name)
        if type(value) in _CLEAN:
            fields[name] = value
            continue
        cleaned = _clean_field(name, value, owned)
        if isinstance(cleaned, NoData):
            reasons[name] = str(cleaned) or "no data"
            cleaned = None
        fields[name] = cleaned
    return fields, reasons or NONE, owned or NONE


def _as_dict(returned: Any) -> Mapping[str, Any]:
    if isinstance(returned, Readings):
        return returned.whole()
    if isinstance(returned, Mapping):
        return returned
    wanted = "what asyncio.run gives of it" if _is_coroutine(returned) else "a dict of field names and values"
    raise FieldError(f"work returned {_name(returned)}; return {wanted}")


def _clean_field(name: str, value: Any, owned: dict[str, Own]) -> Any:
    """A clean value, or a NoData; what it has of its own goes into `owned`."""
    try:
        if not isinstance(value, Value):
            return _clean_value(value)
        found, cleaned = own(value), _clean_value(value.value)
        if value.properties:
            found = found._replace(properties=read_properties(name, value.properties))
    except NoData as reason:
        return reason
    except FieldError as error:
        raise FieldError(f'field "{name[:40]}" {error}') from None
    if found.place is not None or (cleaned is not None and not isinstance(cleaned, NoData)):
        owned[name] = found
    return cleaned


def tolerate(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, with NoData and the reason in place of each value that cannot be published."""
    return {name: _or_reason(value) for name, value in fields.items()}


def _or_reason(value: Any) -> Any:
    try:
        _clean_value(value.value if isinstance(value, Value) else value)
    except FieldError as error:
        return NoData(str(error))
    return value


def _is_coroutine(value: Any) -> bool:
    """Whether this is one, which is then closed: else Python warns that it was never awaited."""
    if isinstance(value, Coroutine):
        value.close()
        return True
    return False


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise FieldError(f"field name {name!r:.60} is not text; name fields with text")
    if name in RESERVED and name != "timestamp":
        raise FieldError(f'field "{name}" is a name the hub itself writes; rename the field')


def _clean_value(value: Any) -> Any:
    if isinstance(value, NoData) or (isinstance(value, enum.Enum) and not isinstance(value, enum.Flag)):
        return value
    if isinstance(value, np.ndarray):
        if value.ndim:
            return _clean_array(value)
        value = value[()]  # one value, as h5py and scipy give it
    if isinstance(value, list | tuple):
        return _clean_list(list(value))
    return None if _is_unknown(value) else _clean_scalar(value)


def _is_unknown(value: Any) -> bool:
    """Whether a value says that there is none: None, numpy's masked and NaT, NA and NaT of pandas."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    of_pandas = type(value).__name__ in ("NAType", "NaTType") and type(value).__module__.startswith("pandas.")
    return value is None or value is np.ma.masked or of_pandas


def _clean_scalar(value: Any) -> Any:
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        raise FieldError(f"is {_name(value)}; return seconds as a float, or text")
    if isinstance(value, np.bool_ | np.integer):
        value = value.item()
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if value not in _INT64:
            raise FieldError("is a whole number of more than 64 bits; return it as a float or as text")
        return value
    if isinstance(value, str):
        return _clean_text(str(value))
    types = "bool, int, float, text, None, an enum, a list or a numpy array"
    raise FieldError(f"is {_name(value)}; return {'what asyncio.run gives of it' if _is_coroutine(value) else types}")


def _clean_text(value: str) -> str:
    """Text that UTF-8 can hold: lone surrogates (undecodable bytes of file names) become question marks."""
    if len(value) > MOST_TEXT:
        raise FieldError(f"is a text of {len(value)} characters; return at most {MOST_TEXT}, or write it into a file")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def _clean_list(value: list[Any]) -> Any:
    _refuse_large(value)
    flat = value
    if any(map(_is_row, value)):
        if not all(_is_row(row) and np.ndim(row) == 1 and len(row) == len(value[0]) for row in value):
            raise FieldError("is a list of lists that are not all of the same length, or deeper than two dimensions")
        flat = [item for row in value for item in row]
    kinds = {_family(item) for item in flat}
    if "null" in kinds:
        return _clean_array(_with_nan(flat, kinds - {"null"}).reshape(len(value), *np.shape(value[0])))
    if len(kinds) > 1:
        raise FieldError(_mixed(kinds))
    return _clean_array(np.array(value) if flat else np.empty(np.shape(value)))


def _is_row(item: Any) -> bool:
    return isinstance(item, list | tuple) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _with_nan(flat: list[Any], kinds: set[str]) -> "np.ndarray[Any, Any]":
    """Numbers, with NaN where there is none: Tango shows NaN, the JSON document null."""
    if len(kinds) > 1:
        raise FieldError(_mixed(kinds))
    if kinds - {"number"}:
        raise FieldError("is a list with None in it; only lists of numbers can have gaps")
    return np.array([None if _family(item) == "null" else item for item in flat], dtype=float)


def _mixed(kinds: set[str]) -> str:
    return f"is a list that mixes {' and '.join(sorted(kinds))}; return items of one type"


def _refuse_large(value: list[Any]) -> None:
    """What is large is refused before it is converted: that would hold up all other threads."""
    items = sum(len(item) if isinstance(item, list | tuple) else 1 for item in value)
    if items > MOST_ITEMS:
        raise FieldError(f"is a list of {items} items; return at most {MOST_ITEMS}, or a numpy array of numbers")
    characters = sum(
        len(item) for row in value for item in (row if isinstance(row, list | tuple) else (row,)) if type(item) is str
    )
    if characters > MOST_TEXT:
        raise FieldError(f"is a list with {characters} characters of text; return at most {MOST_TEXT}")


_FAMILIES = {type(None): "null", bool: "bool", int: "number", float: "number", str: "text"}


def _family(item: Any) -> str:
    """What kind of item of a list it is, for the sentences on those that do not fit."""
    if (usual := _FAMILIES.get(type(item))) is not None:
        return usual
    if _is_unknown(item):
        return "null"
    if isinstance(item, np.bool_):
        return "bool"
    if isinstance(item, int | float | np.number) and np.asarray(item).dtype.kind in "iuf":
        return "number"
    return "text" if isinstance(item, str) else _name(item)


def _clean_array(value: "np.ndarray[Any, Any]") -> Any:
    if value.ndim not in (1, 2):
        raise FieldError(f"is an array of {value.ndim} dimensions; return one or two")
    if value.dtype.kind not in "biufU" or (value.dtype == np.uint64 and value.size and value.max() > _INT64[-1]):
        raise FieldError(f"is a list or array of {value.dtype}; return bool, int (64 bits), float or text")
    if value.dtype.kind == "U" and value.nbytes > 16 * MOST_TEXT:
        raise FieldError(f"is an array of text that holds {value.nbytes} bytes; return at most {16 * MOST_TEXT}")
    array = _copy(value)
    if isinstance(array, np.ndarray):
        array.flags.writeable = False
    return array


def _copy(value: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any] | NoData":
    """The values of an array, with NaN where it is masked. Whole numbers of a masked array become floats, also where
    nothing is masked: a field keeps its type. Masked text and bool cannot be published."""
    if isinstance(value, np.ma.MaskedArray):
        if value.dtype.kind in "iuf":
            return np.array(np.ma.filled(value.astype(float), np.nan))
        if np.ma.is_masked(value):
            return NoData(f"it has masked values, and its type {value.dtype} has no sign for them; floats have NaN")
    return np.array(value, dtype=float if value.dtype.kind == "f" and value.itemsize > 8 else None, subok=False)


def _name(value: Any) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def unpublishable(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields that hold NaN or an infinity, with what becomes of them: not refused, but worth a warning."""
    return {
        name: "is NaN or infinite, which JSON cannot hold: null in the document; return None where there is no value"
        for name, value in fields.items()
        if isinstance(value, float) and not math.isfinite(value)
    }


#: Types that JSON knows, but for members of an IntEnum and the like, whose types are others.
_JSON = frozenset({bool, int, float, str, type(None)})
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_encode_ascii = json.JSONEncoder(allow_nan=False).encode


def shorten(result: Result, limit: int) -> Result:
    """The result with null, and the reason, in place of arrays of more than `limit` values: what readers of Memcached
    get, beside the other fields."""
    if np.ndarray not in map(type, result.fields.values()):
        return result
    sizes = {name: value.size for name, value in result.fields.items() if isinstance(value, np.ndarray)}
    long = {name: _too_long(result.agent, name, size, limit) for name, size in sizes.items() if size > limit}
    if not long:
        return result
    return result._replace(fields={**result.fields, **dict.fromkeys(long)}, reasons={**result.reasons, **long})


def _too_long(agent: str, name: str, size: int, limit: int) -> str:
    said = f"{size} values are more than array_limit, {limit}"
    try:
        return f"{said}; read the Tango attribute {attribute_name(agent, name)}"
    except FieldError:  # it has none
        return said


def to_json(document: Mapping[str, Any], ascii_only: bool = False) -> bytes:
    """A document as UTF-8 JSON. NaN and infinities become null, enum members their name."""
    if not _JSON.issuperset(map(type, document.values())):
        document = {name: _plain(value) for name, value in document.items()}
    encode = _encode_ascii if ascii_only else _encode
    document = document if type(document) is dict else dict(document)
    try:
        text = encode(document)
    except ValueError:
        text = encode(_finite(document))
    return text.encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.name if isinstance(value, enum.Enum) else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value
