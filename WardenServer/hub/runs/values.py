"""Values as a snapshot keeps them: as JSON has them, with NaN, or the reason why there is none."""

import enum
from typing import Any

import numpy as np

from WardenServer.plugins.common.differ.change import Unavailable

#: Most values of an array.
MOST = 100_000


def plain(value: Any, reason: str = "it has no value") -> Any:
    """A value as JSON has it, or `Unavailable`: with this reason where there is none."""
    if value is None:
        return Unavailable(reason)
    if isinstance(value, np.ndarray):
        return _list(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, list | tuple):
        return _items(value)
    return value if isinstance(value, bool | int | float | str | dict) else _no_kind(value)


def _list(array: "np.ndarray[Any, Any]") -> Any:
    if array.size > MOST:
        return _too_long(array.size)
    if array.dtype.kind not in "biufUO":
        return Unavailable(f"it is an array of {array.dtype}, which a snapshot cannot keep")
    return _items(array.tolist()) if array.dtype.kind == "O" else array.tolist()


def _items(values: "list[Any] | tuple[Any, ...]") -> Any:
    if len(values) > MOST:
        return _too_long(len(values))
    items = [None if item is None else plain(item) for item in values]
    return next((item for item in items if isinstance(item, Unavailable)), items)


def _too_long(size: int) -> Unavailable:
    return Unavailable(f"it has {size} values; a snapshot keeps arrays of at most {MOST}")


def _no_kind(value: Any) -> Unavailable:
    return Unavailable(f"it is of the type {type(value).__name__}, which a snapshot cannot keep")
