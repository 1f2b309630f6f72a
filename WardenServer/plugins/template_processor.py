"""The smallest processor of an event stream: publishes how many events had a number in a field, and their mean.

To make your own, copy this file into your plugin folder under a new name, change the lines marked with `change`, and
name a stream in the settings file:

    [agents.processor]
    stream = "daq"
    field = "energy"

With `start_run(self, number)` it can begin anew with each run of the hub, and end with it: `stop_run(self, number)`.
"""

from typing import Any

from WardenServer.processor import Processor, ProcessorAbort


class Mean(Processor):
    """Gathers what it needs of each event."""

    name = "processor"  # change: the agent's name
    INTERVAL = 1.0  # change: seconds from one sample to the next

    def __init__(self, field: str = "energy") -> None:  # change: the settings with their defaults
        self.field = field
        self.count, self.total = 0, 0.0

    def event(self, event: Any) -> None:
        """Called for each event."""
        try:
            value = float(event[self.field])  # change: what you need of an event
        except (KeyError, TypeError, ValueError):
            raise ProcessorAbort(f"an event has no number {self.field}") from None  # it is passed over
        self.count += 1
        self.total += value

    def sample(self) -> dict[str, Any]:
        """Called every INTERVAL; what is returned is published."""
        return {"Count": self.count, "Mean": self.total / self.count if self.count else None}

    def load(self, old: Any) -> None:
        """Take over what was gathered, when this file has changed; `old` may have been made by older code."""
        self.count, self.total = getattr(old, "count", 0), getattr(old, "total", 0.0)
