"""What comes out of one run of an agent: clean values, or the reason why there are none."""

import enum
import json
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from WardenServer.errors import FieldError, NoData
from WardenServer.field import RESERVED

_INT64 = range(-(2**63), 2**63)
#: Most characters of a field, and most items of a list: what Tango and Memcached take, and what can be converted
#: without holding up all other threads of the hub.
MOST_TEXT, MOST_ITEMS = 1_000_000, 1_000_000
#: Types whose values need no look.
_CLEAN = frozenset({float, bool, type(None)})


class Result(NamedTuple):
    """The outcome of one run: never changed after it is made, so any thread may read it.

    `fields` maps names to clean values (see `clean`), null as None. `timestamp` is Unix seconds of the data. `error` is
    a sentence when the run failed, `reasons` says of single fields, without failure, why they are null.
    """

    agent: str
    key: str
    timestamp: float
    fields: Mapping[str, Any]
    error: str | None = None
    reasons: Mapping[str, str] = MappingProxyType({})
    expire: float = 0.0


def clean(returned: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Check what `work` returned: (fields, reasons of null fields).

    Values become bool, int, float, str, enum member, None, or a read-only numpy array of one or two dimensions.

    Raises:
        FieldError: it is no dict, or a field has a name or value that cannot be published; the text names the field.
    """
    if type(returned) is not dict and not isinstance(returned, Mapping):
        raise FieldError(f"work returned {_name(returned)}; return a dict of field names and values")
    fields: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for name, value in returned.items():
        _check_name(name)
        if type(value) in _CLEAN:
            fields[name] = value
            continue
        if isinstance(value, NoData):
            reasons[name] = str(value) or "no data"
            value = None
        try:
            fields[name] = _clean_value(value)
        except FieldError as error:
            raise FieldError(f'field "{name[:40]}" {error}') from None
    return fields, reasons


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name:
        raise FieldError(f"field name {name!r:.60} is not text; name fields with text")
    if name in RESERVED and name != "timestamp":
        raise FieldError(f'field "{name}" is a name the hub itself writes; rename the field')


def _clean_value(value: Any) -> Any:
    if isinstance(value, enum.Enum) and not isinstance(value, enum.Flag):
        return value
    if isinstance(value, np.ndarray):
        return _clean_array(value)
    if isinstance(value, list | tuple):
        return _clean_list(list(value))
    if isinstance(value, np.generic):
        value = value.item()
    return _clean_scalar(value)


def _clean_scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        if value not in _INT64:
            raise FieldError("is a whole number of more than 64 bits; return it as a float or as text")
        return value
    if isinstance(value, str):
        return _clean_text(value)
    raise FieldError(f"is {_name(value)}; return bool, int, float, text, None, an enum, a list or a numpy array")


def _clean_text(value: str) -> str:
    """Text that UTF-8 can hold: lone surrogates (undecodable bytes of file names) become question marks."""
    if len(value) > MOST_TEXT:
        raise FieldError(f"is a text of {len(value)} characters; return at most {MOST_TEXT}, or write it into a file")
    if value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def _clean_list(value: list[Any]) -> Any:
    _refuse_large(value)
    rows = [row if isinstance(row, list | tuple | np.ndarray) else None for row in value]
    flat = value
    if any(row is not None for row in rows):
        if any(row is None or np.ndim(row) != 1 or len(row) != len(value[0]) for row in rows):
            raise FieldError("is a list of lists that are not all of the same length, or deeper than two dimensions")
        flat = [item for row in value for item in row]
    kinds = {_family(item) for item in flat} - {"null"}
    if len(kinds) > 1:
        raise FieldError(f"is a list that mixes {' and '.join(sorted(kinds))}; return items of one type")
    return _clean_array(_to_array(value, flat, kinds))


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


def _to_array(value: list[Any], flat: list[Any], kinds: set[str]) -> "np.ndarray[Any, Any]":
    if any(item is None for item in flat):
        if kinds - {"number"}:
            raise FieldError("is a list with None in it; only lists of numbers can have gaps")
        return np.array(value, dtype=float)  # None becomes NaN: Tango shows NaN, the JSON document null
    return np.array(value) if flat else np.empty(np.shape(value))


def _family(item: Any) -> str:
    if item is None:
        return "null"
    if isinstance(item, bool | np.bool_):
        return "bool"
    if isinstance(item, int | float | np.integer | np.floating):
        return "number"
    return "text" if isinstance(item, str) else _name(item)


def _clean_array(value: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    if value.ndim not in (1, 2):
        raise FieldError(f"is an array of {value.ndim} dimensions; return one or two")
    if value.dtype.kind not in "biufU" or (value.dtype == np.uint64 and value.size and value.max() > _INT64[-1]):
        raise FieldError(f"is a list or array of {value.dtype}; return bool, int (64 bits), float or text")
    if value.dtype.kind == "U" and value.nbytes > 16 * MOST_TEXT:
        raise FieldError(f"is an array of text that holds {value.nbytes} bytes; return at most {16 * MOST_TEXT}")
    array = np.array(value, copy=True)
    array.flags.writeable = False
    return array


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


def to_json(document: Mapping[str, Any], array_limit: int | None = None, ascii_only: bool = False) -> bytes:
    """A document as UTF-8 JSON. NaN and infinities become null, enum members their name.

    Arrays of more than `array_limit` numbers become null: readers of Memcached get the rest of the document.
    """
    if not _JSON.issuperset(map(type, document.values())):
        document = {name: _plain(value, array_limit) for name, value in document.items()}
    encode = _encode_ascii if ascii_only else _encode
    document = dict(document)
    try:
        text = encode(document)
    except ValueError:
        text = encode(_finite(document))
    return text.encode("utf-8", "replace")


def _plain(value: Any, array_limit: int | None) -> Any:
    if isinstance(value, np.ndarray):
        return None if array_limit is not None and value.size > array_limit else value.tolist()
    return value.name if isinstance(value, enum.Enum) else value


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return value
