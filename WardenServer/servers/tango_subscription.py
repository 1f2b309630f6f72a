"""Change events of a device's attributes, as they come, in a queue of limited length."""

import functools
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import tango

from WardenServer.errors import Unreachable
from WardenServer.servers.tango_reading import first_reason


class Subscription:
    """Subscribed from its beginning to `close`; Tango subscribes again by itself when the device was away.

    Each event is {"device", "attribute", "value", "timestamp" (Unix s), "quality"}. Spectra and images come as numpy
    arrays, those of text as lists; a state as its name, an enumerated value as its number, no value as None. The first
    event of an attribute comes at once, and one more each time after the device was away.
    """

    def __init__(self, device: str, attributes: Sequence[str], limit: int) -> None:
        """Subscribe.

        Args:
            device: its name.
            attributes: of it.
            limit: most events that wait; the oldest are dropped for more.

        Raises:
            Unreachable: there is no such device, or its database does not answer.
        """
        self._device = device
        self._events: deque[dict[str, Any]] = deque()
        self._limit, self._dropped = limit, 0
        self._lock = threading.Lock()  # Tango calls on threads of its own
        self._news = threading.Event()
        self._notes = {name.lower(): f"attribute {device}/{name} has sent no event yet" for name in attributes}
        self._ids: list[int] = []
        try:
            with tango.EnsureOmniThread():  # Tango's locks want to know the thread
                self._proxy = tango.DeviceProxy(device)
                for name in attributes:
                    self._subscribe(name)
        except tango.DevFailed as error:
            self.close()
            why = first_reason(error)
            raise Unreachable(f"device {device} does not answer ({why}); start it, or correct `device`") from None

    def _subscribe(self, name: str) -> None:
        take = functools.partial(self._take, name)
        # stateless: an attribute that is missing now is tried again by Tango, every ten seconds
        how = tango.EventSubMode.Stateless
        number = self._proxy.subscribe_event(name, tango.EventType.CHANGE_EVENT, take, sub_mode=how)
        self._ids.append(number)

    @property
    def notes(self) -> list[str]:
        """One sentence for each attribute that has no events."""
        with self._lock:
            return list(self._notes.values())

    def wait(self, seconds: float) -> bool:
        """Wait for an event, at most so long; whether there is one."""
        return self._news.wait(seconds)

    def take(self, most: int) -> tuple[list[dict[str, Any]], int]:
        """Up to `most` events, the oldest first, and how many were dropped since the last call."""
        with self._lock:
            events = [self._events.popleft() for _ in range(min(most, len(self._events)))]
            dropped, self._dropped = self._dropped, 0
            if not self._events:
                self._news.clear()
        return events, dropped

    def close(self) -> None:
        """End it."""
        ids, self._ids = self._ids, []
        with tango.EnsureOmniThread():
            for each in ids:
                try:
                    self._proxy.unsubscribe_event(each)
                except (tango.DevFailed, KeyError):  # Tango has forgotten it
                    pass

    def _take(self, name: str, event: Any) -> None:
        """On a thread of Tango's."""
        if event.err:
            why = str(event.errors[0].desc).strip().splitlines()[0] if event.errors else "it does not say why"
            with self._lock:
                self._notes[name.lower()] = f"attribute {self._device}/{name} sends no events: {why}"
            return
        answer = event.attr_value
        found = {
            "device": self._device,
            "attribute": name,
            "value": _plain(answer.value),
            "timestamp": answer.time.totime(),
            "quality": answer.quality.name.removeprefix("ATTR_"),
        }
        with self._lock:
            self._notes.pop(name.lower(), None)
            self._events.append(found)
            if len(self._events) > self._limit:
                self._events.popleft()
                self._dropped += 1
            self._news.set()


def _plain(value: Any) -> Any:
    if isinstance(value, tango.DevState):
        return value.name
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
