"""What processors share that take the numbers of one field: they get arrays, from single events too."""

import threading
from array import array
from typing import Any

import numpy as np

from WardenServer.plugins.common.event_fields import NO_NUMBER, Field, Numbers, numbers
from WardenServer.processor import Processor

#: Numbers that are gathered, from single events and small arrays, before they are taken together.
TOGETHER = 8192


class Gathering(Processor):
    """Takes the finite numbers of a field; of a list, all in it. A processor says in `take` what becomes of them.

    What is none is counted as `unusable`: null, text, NaN, an infinity, each such item of a list; and a missing field.
    Threads may give events at the same time.
    """

    def __init__(self, field: Any) -> None:
        """Begin; raises SettingError where `field` is no path of a field."""
        self.field = Field(field)
        self.path = self.field.path
        self.lock = threading.Lock()
        self.waiting = array("d")
        self.unusable = 0

    def take(self, values: Numbers) -> None:
        """Take one finite number or more. The lock is held."""
        raise NotImplementedError

    def event(self, event: Any) -> None:
        """Gather the numbers of one event."""
        try:
            self.waiting.append(event[self.path])
        except NO_NUMBER:
            self._other(event)
        if len(self.waiting) >= TOGETHER:
            with self.lock:
                self.settle()

    def _other(self, event: Any) -> None:
        """Take an event in which the field lies deeper, or is no single number."""
        found, others = numbers(self.field.of(event))
        with self.lock:
            self.waiting.extend(found)
            self.unusable += others

    def events(self, batch: Any) -> None:
        """Gather the numbers of many events."""
        found, others = numbers(self.field.column(batch))
        with self.lock:
            self.unusable += others
            if len(found) >= TOGETHER:
                self.settle()
                self._take(found)
                return
            self.waiting.frombytes(found.tobytes())
            if len(self.waiting) >= TOGETHER:
                self.settle()

    def settle(self) -> None:
        """Take what is gathered. The lock is held; another thread may append meanwhile, so only what was read goes."""
        if values := self.waiting[:]:
            del self.waiting[: len(values)]
            self._take(np.frombuffer(values))

    def _take(self, values: Numbers) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            values = values[finite]
            self.unusable += len(finite) - len(values)
        if len(values):
            self.take(values)

    def load(self, old: Any) -> None:
        """Take over what `old` has gathered and not yet taken."""
        self.waiting = array("d", getattr(old, "waiting", ()))
        self.unusable = getattr(old, "unusable", 0)
