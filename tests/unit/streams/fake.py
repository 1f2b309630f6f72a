"""A reader whose events the test gives."""

import queue
from collections.abc import Mapping
from typing import Any

from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader


class Given(Reader):
    """Reads what is put into `batches`; None in there is the end, an exception is raised."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: queue.SimpleQueue[Batch | Exception | None] = queue.SimpleQueue()
        self.count = 0
        self.begun: list[Any] = []
        self.closed = 0
        self.options: Mapping[str, Any] = {}

    def give(self, *events: Any, **about: Any) -> None:
        self.batches.put(Batch(list(events), **about))

    def open(self, position: Any) -> None:
        self.begun.append(position)

    def read(self, wait: float) -> Batch | None:
        try:
            batch = self.batches.get(timeout=wait)
        except queue.Empty:
            return None
        if isinstance(batch, Exception):
            raise batch
        if batch is None:
            self.ended = True
            return None
        self.count += len(batch)
        return batch

    def position(self) -> Any:
        return self.count

    def change(self, settings: Mapping[str, Any]) -> bool:
        self.options = settings
        return "other" not in settings

    def close(self) -> None:
        self.closed += 1
