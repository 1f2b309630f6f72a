"""Events that were read together, as a list and as an array."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from WardenServer.errors import WardenError
from WardenServer.processor import ProcessorAbort

#: Most events that a reader hands over at once, and for how many seconds it gathers them.
MOST, GATHER = 1024, 0.01


class Batch:
    """Events in order. Never changed after it is made, so any thread may read it.

    A reader has either `events`, a list of anything, or `array`, a numpy record array or an awkward array of records.
    The other one is made of it when it is first asked for, once for all processors.
    """

    def __init__(
        self,
        events: list[Any] | None = None,
        array: Any = None,
        size: int = 0,
        undecodable: int = 0,
        lost: int = 0,
    ) -> None:
        """Put a batch together.

        Args:
            events: the events, or None where there is an array.
            array: the events as an array, or None where there is a list.
            size: bytes that they had as they came, about.
            undecodable: how many frames, lines or records between them could not be read.
            lost: how many the reader itself knows to be lost, such as those trimmed from a Redis stream.
        """
        self._events, self._array = events, array
        self.size, self.undecodable, self.lost = size, undecodable, lost
        #: Whether the reader gave an array.
        self.is_array = array is not None
        self._length = len(array) if array is not None else len(events or ())

    def __len__(self) -> int:
        return self._length

    @cached_property
    def events(self) -> list[Any]:
        """The events as a list; those of an array as dicts."""
        if self._array is None:
            return self._events or []
        if isinstance(self._array, np.ndarray):
            names = self._array.dtype.names or ()
            return [dict(zip(names, row, strict=True)) for row in self._array.tolist()]
        return self._array.to_list()  # type: ignore[no-any-return]

    @cached_property
    def array(self) -> Any:
        """The events as an array: numpy records where all have the same fields with plain values, else awkward. What is
        no record is left out.

        Raises:
            ProcessorAbort: there is no record, or an array cannot hold them.
            WardenError: awkward is needed and missing.
        """
        return self._array if self._array is not None else _as_array(self._events or [])

    def part(self, begin: int, end: int | None = None) -> "Batch":
        """Some of its events; the counts of what could not be read stay with the whole."""
        end = len(self) if end is None else min(end, len(self))
        size = self.size * max(0, end - begin) // max(1, len(self))
        if self._array is not None:
            return Batch(array=self._array[begin:end], size=size)
        return Batch((self._events or [])[begin:end], size=size)


def _as_array(events: Sequence[Any]) -> Any:
    first = next(iter(events), None)
    events = [event for event in events if type(event) is dict]
    if not events:
        raise ProcessorAbort(f"an event is a {type(first).__name__}, no record; write event in place of events")
    names = list(events[0])
    columns = [column for name in names if (column := _column(events, name)) is not None]
    if names and len(columns) == len(names) and all(len(each) == len(names) for each in events):
        kinds = [(name, column.dtype) for name, column in zip(names, columns, strict=True)]
        return np.rec.fromarrays(columns, dtype=kinds)
    try:
        import awkward
    except ImportError:
        cure = "pip install 'wardenserver[uproot]'"
        raise WardenError(f"events with different fields, or with lists, need the library awkward: {cure}") from None
    try:
        return awkward.Array(list(events))
    except (ValueError, TypeError, OverflowError, RuntimeError) as error:  # such as numbers of more than 64 bits
        raise ProcessorAbort(f"an array cannot hold the events ({error!s:.100})") from None


def _column(events: Sequence[Any], name: str) -> "np.ndarray[Any, Any] | None":
    """One field of all events; None where it has no plain value in some."""
    try:
        values = [event[name] for event in events]
        column = np.array(values)
    except (KeyError, TypeError, ValueError, OverflowError):  # missing, no record, of different lengths, too large
        return None
    kind = column.dtype.kind
    if column.ndim != 1 or kind not in "biufU" or (kind == "U" and not all(type(value) is str for value in values)):
        return None
    return column
