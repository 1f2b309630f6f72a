"""What tests of readers of files share."""

import json
import time
from typing import Any

from WardenServer.streams.readers.base import Reader


def drain(reader: Reader, undecodable: list[int] | None = None) -> list[Any]:
    """All events that there are now; what was undecodable is appended."""
    events: list[Any] = []
    in_vain = 0
    while in_vain < 2:  # what was appended to a file in its turn is read in the next one
        batch = reader.read(0)
        in_vain = in_vain + 1 if batch is None else 0
        if batch is None:
            continue
        assert len(batch) or batch.undecodable, "an empty batch"
        events += batch.events
        if undecodable is not None:
            undecodable.append(batch.undecodable)
    return events


def drain_until(reader: Reader, number: int) -> list[Any]:
    """At least so many events, which may come a little later."""
    events: list[Any] = []
    until = time.monotonic() + 10
    while len(events) < number and time.monotonic() < until:
        batch = reader.read(0.05)
        events += batch.events if batch is not None else []
    return events


def restarted(reader: Reader, again: Reader) -> Reader:
    """Another reader that goes on where the first one is."""
    position = json.loads(json.dumps(reader.position()))
    reader.close()
    again.open(position)
    return again
