"""Events that never came: gaps in the numbers that publishers give their events."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from WardenServer.streams.batch import Batch

#: Most publishers that are told apart, and most missing numbers that are remembered for each, in case they come late.
MOST_PUBLISHERS, MOST_MISSING = 10_000, 10_000


class _Publisher:
    """The numbers of one publisher. They go up by one; what comes late is not lost."""

    def __init__(self, number: int) -> None:
        self._next = number + 1
        self._restart: int | None = None  # what comes next, if the publisher has begun anew
        self._missing: OrderedDict[int, None] = OrderedDict()

    def count(self, number: int) -> int:
        """How many more are lost, now that this one has come; less than 0 where it was counted as lost."""
        if number == self._next:
            self._next += 1
            return 0
        if number > self._next:
            lost = number - self._next
            self._missing.update(dict.fromkeys(range(max(self._next, number - MOST_MISSING), number)))
            while len(self._missing) > MOST_MISSING:
                self._missing.popitem(last=False)
            self._next = number + 1
            return lost
        if number in self._missing:
            del self._missing[number]
            return -1
        if number == self._restart:  # the second in a row
            self._next, self._restart = number + 1, None
            self._missing.clear()
        else:
            self._restart = number + 1
        return 0

    def take(self, first: int, last: int) -> bool:
        """Take numbers from `first` to `last` at once, if they go on where the last ones ended."""
        if first != self._next:
            return False
        self._next = last + 1
        return True


class Gaps:
    """Counts what is lost between events with numbers.

    A number twice is no loss. A publisher that begins anew, with two numbers in a row below the last, is followed.
    """

    def __init__(self, sequence: str, publisher: str = "") -> None:
        """`sequence` is the field with the number, `publisher` the one that says who has counted, if there are many."""
        self._sequence, self._publisher = sequence, publisher
        self._publishers: OrderedDict[Hashable, _Publisher] = OrderedDict()
        self.lost = 0

    def look(self, batch: Batch) -> None:
        """Take note of the numbers in a batch; events without one are left out."""
        if batch.is_array:
            self._look_at_array(batch.array)
        else:
            for event in batch.events:
                if type(event) is dict:
                    self._one(event.get(self._publisher), event.get(self._sequence))

    def _look_at_array(self, array: Any) -> None:
        fields = _fields(array)
        if self._sequence not in fields:
            return
        numbers = np.asarray(array[self._sequence])
        if self._publisher in fields:
            self._each(list(array[self._publisher].tolist()), numbers.tolist())
        elif not (numbers.dtype.kind in "iu" and len(numbers) and self._in_a_row(numbers)):
            self._each([None] * len(numbers), numbers.tolist())

    def _in_a_row(self, numbers: "np.ndarray[Any, Any]") -> bool:
        known = self._publishers.get(None)
        if known is None or not (np.diff(numbers) == 1).all():
            return False
        return known.take(int(numbers[0]), int(numbers[-1]))

    def _each(self, publishers: Sequence[Any], numbers: Sequence[Any]) -> None:
        for publisher, number in zip(publishers, numbers, strict=True):
            self._one(publisher, number)

    def _one(self, publisher: Any, number: Any) -> None:
        if type(number) is not int or not isinstance(publisher, Hashable):
            return
        known = self._publishers.get(publisher)
        if known is not None:
            self.lost += known.count(number)
            return
        self._publishers[publisher] = _Publisher(number)
        if len(self._publishers) > MOST_PUBLISHERS:
            self._publishers.popitem(last=False)


def _fields(array: Any) -> Sequence[str]:
    return array.dtype.names or () if isinstance(array, np.ndarray) else array.fields
