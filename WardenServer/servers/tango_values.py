"""Clean values as Tango takes them, and the definitions of attributes that hold them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tango
from tango.server import attribute

from WardenServer.errors import FieldError
from WardenServer.results.field import Kind
from WardenServer.servers.tango_text import latin1

#: A value as Tango takes it: value, time stamp in Unix seconds, quality.
Reading = tuple[Any, float, tango.AttrQuality]
VALID, INVALID = tango.AttrQuality.ATTR_VALID, tango.AttrQuality.ATTR_INVALID

_TYPES = {"bool": "DevBoolean", "int": "DevLong64", "float": "DevDouble", "str": "DevString", "enum": "DevEnum"}
_DUMMIES: dict[str, Any] = {"bool": False, "int": 0, "float": float("nan"), "str": "", "enum": 0}
_NUMPY: dict[str, Any] = {"bool": np.bool_, "int": np.int64, "float": np.float64}
#: Largest spectrum and image; longer ones are refused. Tango takes no memory for it.
MAX_DIM = (1, 16_000_000, 16_000)
#: Longest text of an attribute, in characters.
MAX_TEXT = 1_000_000


def definition(name: str, kind: Kind, properties: Mapping[str, str], read: Callable[[Any], Reading]) -> Any:
    """An attribute of this kind, to be added to a device."""
    dtype: Any = _TYPES[kind.dtype]
    options: dict[str, Any] = {key: latin1(value) for key, value in properties.items()}
    if kind.dims:
        dtype = ((dtype,),) if kind.dims == 2 else (dtype,)
        options["max_dim_x"] = MAX_DIM[kind.dims]
    if kind.dims == 2:
        options["max_dim_y"] = MAX_DIM[2]
    if kind.labels:
        options["enum_labels"] = [latin1(label) for label in kind.labels]
    return attribute(name=name, dtype=dtype, fget=read, **options)


def invalid(kind: Kind, stamp: float) -> Reading:
    """A typed dummy: Tango shows no value and INVALID."""
    dummy = _DUMMIES[kind.dtype]
    return ([[dummy]] if kind.dims == 2 else [dummy] if kind.dims else dummy), stamp, INVALID


def to_tango(value: Any, kind: Kind) -> Any:
    """A clean value as an attribute of this kind takes it; raises FieldError when it is too large."""
    if kind.dtype == "enum":
        return list(type(value).__members__.values()).index(value)
    if kind.dims:
        return _array_to_tango(value, kind)
    if kind.dtype == "str":
        if len(value) > MAX_TEXT:
            raise FieldError(f"would hold {len(value)} characters; Tango gets at most {MAX_TEXT}, return less")
        return latin1(value)
    return float(value) if kind.dtype == "float" else value


def _array_to_tango(value: Any, kind: Kind) -> Any:
    if max(value.shape) > MAX_DIM[kind.dims]:
        raise FieldError(f"would be {' x '.join(map(str, value.shape))} long; at most {MAX_DIM[kind.dims]} each way")
    if kind.dtype != "str":
        return value.astype(_NUMPY[kind.dtype], copy=False)
    texts = [[latin1(str(item)) for item in row] for row in np.atleast_2d(value)] if value.size else []
    return texts if kind.dims == 2 else (texts[0] if texts else [])


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings say the same, but for the time. Readings that are INVALID say nothing."""
    if one[2] != other[2] or one[2] == INVALID:
        return bool(one[2] == other[2])
    if isinstance(one[0], np.ndarray):
        return bool(np.array_equal(one[0], other[0], equal_nan=one[0].dtype.kind == "f"))
    value, earlier = one[0], other[0]
    return bool(value == earlier or (value != value and earlier != earlier))  # NaN stays NaN
