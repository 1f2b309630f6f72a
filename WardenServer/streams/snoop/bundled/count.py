"""The processor `count`."""

from typing import Any

from WardenServer.processor import Processor


class Count(Processor):
    """Counts events that are anything. `interval` is only handed on."""

    name = "count"

    def __init__(self, interval: int = 1000) -> None:
        self.interval = interval
        self.count = 0

    def event(self, event: Any) -> None:
        """See Processor."""
        if event:
            self.count += 1

    def sample(self) -> dict[str, Any]:
        """See Processor."""
        return {"count": self.count, "interval": self.interval}

    def load(self, old: Any) -> None:
        """See Processor."""
        self.count = old.count
