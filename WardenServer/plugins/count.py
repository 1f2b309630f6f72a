"""How many events have come since the start.

    [agents.events]
    plugin = "count"
    stream = "daq"

Publishes `count`. An event that is empty, null, false or 0 does not count.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from WardenServer.plugins.common.event_fields import all_records
from WardenServer.processor import Processor


class Count(Processor):
    """Counts events."""

    name = "count"
    FIELDS: ClassVar[dict[str, dict[str, Any]]] = {"count": {"dtype": "int", "format": "%d"}}

    def __init__(self) -> None:
        self.count = 0

    def event(self, event: Any) -> None:
        """Count one event."""
        if event:
            self.count += 1

    def events(self, batch: Any) -> None:
        """Count many events: all of them where all are records."""
        self.count += len(batch) if all_records(batch) else sum(map(bool, batch.tolist()))

    def sample(self) -> dict[str, Any]:
        """The count of now."""
        return {"count": self.count}

    def load(self, old: Any) -> None:
        """Go on from the count of `old`."""
        self.count += getattr(old, "count", 0)

    def merge(self, samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The sum of the counts."""
        return {"count": sum(sample.get("count") or 0 for sample in samples)}
