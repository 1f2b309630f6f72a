"""How many events come per second.

    [agents.event_rate]
    plugin = "rate"
    stream = "daq"

Publishes `rate` (events per second since the last sample; in the first sample, since the start) and `count` (events
since the start). What an event holds does not matter.
"""

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from WardenServer.processor import Processor


class Rate(Processor):
    """Counts events, and divides by the time."""

    name = "rate"
    FIELDS: ClassVar[dict[str, dict[str, Any]]] = {
        "rate": {"dtype": "float", "unit": "1/s", "format": "%10.1f"},
        "count": {"dtype": "int", "format": "%d"},
    }

    def __init__(self) -> None:
        self.count = 0
        #: The count and the time of the last sample.
        self.before, self.since = 0, time.monotonic()

    def event(self, event: Any) -> None:
        """Count one event."""
        self.count += 1

    def events(self, batch: Any) -> None:
        """Count many events."""
        self.count += len(batch)

    def sample(self) -> dict[str, Any]:
        """The rate since the last sample; null where no time has passed."""
        now = time.monotonic()
        passed, came = now - self.since, self.count - self.before
        self.before, self.since = self.count, now
        return {"rate": came / passed if passed > 0 else None, "count": self.count}

    def load(self, old: Any) -> None:
        """Go on from the count and the last sample of `old`."""
        self.count = getattr(old, "count", 0)
        self.before, self.since = getattr(old, "before", self.count), getattr(old, "since", self.since)

    def merge(self, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The sums of the rates and of the counts."""
        rates = [sample["rate"] for sample in samples if sample.get("rate") is not None]
        return {"rate": sum(rates) if rates else None, "count": sum(sample.get("count") or 0 for sample in samples)}
