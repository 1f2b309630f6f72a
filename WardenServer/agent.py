"""What the hub hands to the functions of a plugin."""

import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from WardenServer.errors import FieldError
from WardenServer.results import event
from WardenServer.results.event import Event
from WardenServer.results.field import Place
from WardenServer.results.result import tolerate
from WardenServer.results.value import Readings, Value
from WardenServer.servers import documents, tango_reading
from WardenServer.settings.masking import mask

__all__ = ["Agent", "Place", "Value"]


def _nobody() -> None:
    """Where nothing runs agents by ticks, nobody is asked for a run."""


@dataclass
class Agent:
    """What the functions of a plugin get: its name, settings and surroundings.

    `last` holds the fields of the last good run, `told` the events that go out with the next result. Threads that the
    plugin starts may use `tell` and `soon`; all else is for the agent's own thread.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("warden.agent"))
    stopping: threading.Event = field(default_factory=threading.Event)
    last: Mapping[str, Any] = field(default_factory=dict)
    told: deque[Event] = field(default_factory=deque)
    ask_for_run: Callable[[], None] = _nobody

    def soon(self) -> None:
        """Ask for a run at the next tick, whatever INTERVAL says; any thread may. While a run goes on, the next tick
        after its end is meant."""
        self.ask_for_run()

    def tell(self, text: str, severity: str = "info", id: str | None = None) -> None:
        """Give out an event with the result of this run: what happened, in a sentence for people.

        Args:
            text: the sentence.
            severity: info, warning or alarm.
            id: the event's name for good: telling it again, also after a restart, makes no second event.

        Raises:
            FieldError: it is no event, or there are too many of them in one run.
        """
        if len(self.told) >= event.MOST:
            raise FieldError(f"tells more than {event.MOST} events in one run; tell what is news, once")
        named = f"{self.name}.{os.urandom(8).hex()}" if id is None else id
        said = mask(text) if isinstance(text, str) else text
        self.told.append(event.make(named, time.time(), self.name, severity, said))

    def read(self, device: str, attributes: list[str]) -> Readings:
        """Values of a Tango device's attributes, read in one call: {attribute: value}.

        What is returned as it came keeps the quality, time, unit and limits that the device gives it; `full` has each
        with these, as a `Value`. An attribute that cannot be read or published is a `NoData` with the reason.

        Raises:
            Unreachable: the device or its database does not answer.
        """
        return Readings(tolerate(tango_reading.read(device, attributes)))

    def get(self, key: str) -> Any:
        """What the hub's Memcached holds under a key, whoever wrote it: a document as a dict, or a plain value; None
        where there is nothing.

        Raises:
            Unreachable: Memcached does not answer.
            FieldError: the key holds what is neither.
        """
        found = documents.read([key]).get(key)
        if not isinstance(found, str) or not found.startswith("{"):
            return found
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            raise FieldError(f"key {key} holds text that is no whole JSON: {found!r:.60}; see what writes it") from None

    def tolerate(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields, with `NoData` and the reason in place of each value that cannot be published, such as a text
        that is too long. A field that `work` returns as it is, and that cannot be published, fails the whole run."""
        return tolerate(fields)
