"""Events of any Python object, as batches: what `warden stream run` reads of a reader that is nobody else's."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from WardenServer.streams.batch import GATHER, MOST, Batch
from WardenServer.streams.readers.base import Reader

#: Seconds between two looks while there are no events, doubling from the first to the last.
PAUSES = (0.001, 0.05)


class Own(Reader):
    """Reads events from what `begin` returns, such as a generator; None in there says that there is none now.

    It ends where that ends. After an exception in there, `begin` is called again. Where it waits for its next event, in
    place of None, they are handed on one by one.
    """

    endless = False  # nobody knows

    def __init__(self, begin: Callable[[], Iterable[Any]]) -> None:
        """Take on where events come from."""
        super().__init__()
        self._begin = begin
        self._events: Iterator[Any] | None = None
        self._pause = PAUSES[0]
        self._alone = 0  # how many more events are handed on one by one

    def open(self, position: Any) -> None:
        """See Reader."""
        self.ended = False
        self._events = iter(self._begin())

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        events: list[Any] = []
        now = time.monotonic()
        until, enough = now + wait, now + GATHER
        while not self.ended and len(events) < MOST and now < (enough if events else until):
            event, now = self._next(now)
            if event is not None:
                events.append(event)
            if (event is None and events) or self._alone:
                break
            if event is None and not self.ended:
                now = self._rest(until - now)
        return Batch(events) if events else None

    def _next(self, now: float) -> tuple[Any, float]:
        """The next event, or None, and the time."""
        assert self._events is not None
        try:
            event = next(self._events)
        except StopIteration:
            self.ended = True
            return None, now
        later = time.monotonic()
        if event is not None:
            self._pause = PAUSES[0]
            self._alone = MOST if later - now > GATHER else max(0, self._alone - 1)
        return event, later

    def _rest(self, left: float) -> float:
        time.sleep(max(0.0, min(self._pause, left)))
        self._pause = min(2 * self._pause, PAUSES[1])
        return time.monotonic()

    def close(self) -> None:
        """See Reader. A generator is closed."""
        events, self._events = self._events, None
        if isinstance(events, Generator):
            events.close()
