"""Keeps the events that come with results, each once."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from WardenServer.results.event import Event
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import LogSink
from WardenServer.sinks.events.store import Store, place

log = logging.getLogger("warden.events")

#: Seconds between looks whether there is too much.
TRIM = 3600.0


class Events(LogSink):
    """Writes all events into the store."""

    def __init__(self, settings: Settings, targets: Callable[[Event], tuple[str, ...]] | None = None) -> None:
        """`targets` says who is told of an event, where the event does not say so itself."""
        super().__init__("events")
        self._targets = targets or (lambda event: event.to)
        self.written: Callable[[], None] = lambda: None  # called after events were written
        self._path = place(settings)
        self._store: Store | None = None
        self._trimmed = 0.0

    def wants(self, result: Result) -> bool:
        """See LogSink."""
        return bool(result.events)

    def write(self, results: Sequence[Result]) -> None:
        """See LogSink. The file is made with the first event."""
        if not results and self._store is None:
            return
        if self._store is not None and not self._path.exists():  # somebody has removed it: a new one is made
            self.release()
        if self._store is None:
            self._store = Store(self._path)
            if self._store.notice:
                log.warning("%s", self._store.notice)
        if results:
            events = [event for result in results for event in result.events]
            self._store.add([replace(event, to=self._targets(event)) for event in events])
            self.written()
        now = time.time()
        if abs(now - self._trimmed) > TRIM:
            self._store.trim(now)
            self._trimmed = now

    def release(self) -> None:
        """See Sink."""
        if self._store is not None:
            self._store.close()
            self._store = None
