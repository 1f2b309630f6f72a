"""The events that wait for one processor: a queue with a bound."""

import threading
from collections import deque

from WardenServer.streams.batch import Batch

#: Bytes, as they came, of events that may wait for one processor.
LIMIT = 64 * 1024 * 1024
#: Most marks that wait. More come only where a processor hangs over many runs; the oldest go.
MARKS = 1000


class Waiting:
    """Batches in order. One thread puts, one takes; any may rouse it and close it.

    A mark is a batch without events: it keeps its place between them, and is never dropped for want of room.

    `full` says what happens to events for which there is no room: the "oldest" or the "newest" are dropped and counted,
    or the reader waits ("block"). `dropped` is how many were.
    """

    def __init__(self, most: int, full: str, limit: int = LIMIT) -> None:
        self.dropped = 0
        self._most, self._full, self._limit = most, full, limit
        self._batches: deque[Batch] = deque()
        self._count = self._bytes = self._in_hand = 0
        self._changed = threading.Condition()
        self._roused = self._closed = False

    def __len__(self) -> int:
        """How many events wait, or are at work: those that `take` gave last."""
        return self._count + self._in_hand

    def put(self, batch: Batch) -> None:
        """Add events; with "block" it waits for room."""
        if self._full == "block":
            for begin in range(0, len(batch), self._most):
                self._put(batch.part(begin, begin + self._most) if len(batch) > self._most else batch)
        else:
            self._put(batch)

    def _put(self, batch: Batch) -> None:
        with self._changed:
            if self._full == "block":
                self._changed.wait_for(lambda: self._closed or not self._count or self._fits(batch))
            self._add(batch)
            if self._full != "block":
                self._drop(newest=self._full == "newest")
            self._changed.notify_all()

    def mark(self, mark: Batch) -> None:
        """Add a mark, at once. Any thread may, while none puts."""
        with self._changed:
            marks = [each for each in self._batches if not len(each)]
            if len(marks) >= MARKS:
                self._batches.remove(marks[0])
            self._batches.append(mark)
            self._changed.notify_all()

    def _fits(self, batch: Batch) -> bool:
        return self._count + len(batch) <= self._most and self._bytes + batch.size <= self._limit

    def _add(self, batch: Batch) -> None:
        self._batches.append(batch)
        self._count += len(batch)
        self._bytes += batch.size

    def _drop(self, newest: bool) -> None:
        """Drop what is too much; of the last batch concerned only a part, where numbers and not bytes decide."""
        marks = []
        while self._count > self._most or (self._bytes > self._limit and self._count > 1):
            batch = self._batches.pop() if newest else self._batches.popleft()
            if not len(batch):
                marks.append(batch)
                continue
            excess = self._count - self._most if self._bytes <= self._limit else max(1, len(batch) // 2)
            self._count -= len(batch)
            self._bytes -= batch.size
            gone = min(excess, len(batch))
            self.dropped += gone
            if gone < len(batch):
                self._put_back(batch.part(0, len(batch) - gone) if newest else batch.part(gone), newest)
        (self._batches.extend if newest else self._batches.extendleft)(reversed(marks))

    def _put_back(self, rest: Batch, newest: bool) -> None:
        (self._batches.append if newest else self._batches.appendleft)(rest)
        self._count += len(rest)
        self._bytes += rest.size

    def take(self, most: int, whole_arrays: bool = False) -> Batch | None:
        """The next events, at most so many but for arrays that are to stay whole; waits for them. None when it is
        roused, or closed and empty."""
        with self._changed:
            self._in_hand = 0
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._batches or self._roused or self._closed)
            self._roused = False
            if not self._batches:
                return None
            batch = self._batches.popleft()
            self._count -= len(batch)
            self._bytes -= batch.size
            if len(batch) > most and not (whole_arrays and batch.is_array):
                self._put_back(batch.part(most), newest=False)
                batch = batch.part(0, most)
            self._in_hand = len(batch)
            return batch

    def wait_empty(self, seconds: float) -> bool:
        """Wait until all is done that came, at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self), seconds)

    def limit(self, most: int, full: str) -> None:
        """Other bounds, from the next events on."""
        with self._changed:
            self._most, self._full = most, full
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all events that wait."""
        with self._changed:
            self._batches = deque(each for each in self._batches if not len(each))
            self._count = self._bytes = 0
            self._changed.notify_all()

    def rouse(self) -> None:
        """Let `take` return."""
        with self._changed:
            self._roused = True
            self._changed.notify_all()

    def close(self) -> None:
        """Never wait again, neither for room nor for events."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
