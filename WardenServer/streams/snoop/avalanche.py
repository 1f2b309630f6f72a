"""What a reader of somebody's own that was written for avalanche imports."""

from collections.abc import Iterator
from typing import Any

from WardenServer.streams.readers.base import Reader
from WardenServer.streams.snoop.source import source_of
from WardenServer.streams.snoop.stand_ins import Feeds

#: Seconds that a call waits for an event, with blocking and without.
WAIT, NO_WAIT = 0.2, 0.0


class Client(Feeds):
    """Events of publishers and databases, one by one. It begins with the first `recv`."""

    def __init__(self, form: str = "json") -> None:
        super().__init__(form)
        self._reader: Reader | None = None
        self._events: Iterator[Any] = iter(())

    def recv(self, blocking: bool = False) -> Any:
        """The next event; None where there is none, with `blocking` only after 0.2 s."""
        for event in self._events:
            return event
        batch = self._begun().read(WAIT if blocking else NO_WAIT)
        self._events = iter(batch.events if batch is not None else ())
        return next(self._events, None)

    def _begun(self) -> Reader:
        if self._reader is None:
            place = source_of("avalanche", self)
            assert place is not None
            reader: Reader = place.make()
            reader.open(None)
            self._reader = reader
        return self._reader
