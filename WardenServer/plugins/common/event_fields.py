"""One field of events, by its path, and the numbers in it: the same for single events and for arrays of them."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from WardenServer.errors import SettingError

#: Numbers as float64, in one dimension.
Numbers = np.ndarray[Any, np.dtype[np.float64]]
#: What an event, or a value in it, raises where there is no number.
NO_NUMBER = (LookupError, TypeError, ValueError, OverflowError)
#: Most points in a path.
_DEEPEST = 8


class Field:
    """A field by its path: "hit.energy" is a field of that name or, where that has no value, energy in the record hit.

    Raises:
        SettingError: the path is no text, or is empty or too long.
    """

    def __init__(self, path: Any) -> None:
        if not isinstance(path, str) or not path or path.count(".") > _DEEPEST:
            raise SettingError(f'field is {path!r:.40}; write the name of a field of the events, such as "hit.energy"')
        self.path = path
        self._ways = list(_ways(path))

    def of(self, event: Any) -> Any:
        """Its value in one event; None where the event has none."""
        values = (_inside(event, way) for way in self._ways)
        return next((value for value in values if value is not None), None)

    def column(self, batch: Any) -> Any:
        """Its values in all events of a numpy record array or an awkward array: an array again, or a list."""
        found = [column for way in self._ways if (column := _take(batch, way)) is not None]
        if isinstance(batch, np.ndarray):
            return found[0] if found else [None] * len(batch)
        return found[0] if len(found) == 1 else [self.of(event) for event in batch.tolist()]


def _ways(path: str) -> Iterator[tuple[str, ...]]:
    """All cuts of a path into names, those with the longest first."""
    yield (path,)
    for place in reversed([place for place, sign in enumerate(path) if sign == "."]):
        for rest in _ways(path[place + 1 :]):
            yield path[:place], *rest


def _inside(event: Any, way: tuple[str, ...]) -> Any:
    for name in way:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def all_records(batch: Any) -> bool:
    """Whether every event of an array is a record with a field, and none is null."""
    return bool(_names(batch)) and (isinstance(batch, np.ndarray) or batch.layout.is_record)


def _names(batch: Any) -> Sequence[str]:
    return (batch.dtype.names or ()) if isinstance(batch, np.ndarray) else batch.fields


def _take(batch: Any, way: tuple[str, ...]) -> Any:
    for name in way:
        if name not in _names(batch):
            return None
        batch = batch[name]
    return batch


def numbers(value: Any) -> tuple[Numbers, int]:
    """The numbers in a value, a list or an array, in order; and how many values in it are none.

    Lists in lists count with all that they hold. True is 1. NaN and infinities are among the numbers.
    """
    flat = _flat(value)
    if flat is not None:
        return np.ascontiguousarray(flat, dtype=float), 0
    found, others, rest = array("d"), 0, [value]
    while rest:
        each = rest.pop()
        each = each.tolist() if hasattr(each, "tolist") else each  # of numpy or awkward
        if isinstance(each, list | tuple):
            rest.extend(reversed(each))
            continue
        try:
            found.append(each)
        except NO_NUMBER:
            others += 1
    return np.array(found), others


def _flat(value: Any) -> "np.ndarray[Any, Any] | None":
    """An array as one of one dimension, if it holds nothing but numbers."""
    if isinstance(value, np.ndarray):
        plain = value.dtype.kind in "biuf" and not isinstance(value, np.ma.MaskedArray)
        return value.reshape(-1) if plain else None
    layout = getattr(value, "layout", None)
    while layout is not None and layout.is_list:
        layout = layout.content
    if layout is None or not layout.is_numpy or layout.dtype.kind not in "biuf" or layout.parameters:
        return None  # text is a list of numbers, too, with a parameter that says so
    import awkward

    return np.asarray(awkward.to_numpy(awkward.flatten(value, axis=None)))
