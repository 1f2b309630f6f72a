"""Several readers as one, for streams whose events come from more than one place."""

from collections.abc import Sequence
from typing import Any

from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader


class Several(Reader):
    """Takes turns. Those that have nothing are waited for only when all have nothing, so none delays another."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        """Put them together; they are this one's from now on."""
        super().__init__()
        self._readers = list(readers)
        self.endless = any(each.endless for each in readers)
        self.counts_lost = any(each.counts_lost for each in readers)
        self._next = 0

    def open(self, position: Any) -> None:
        """See Reader."""
        known = position if isinstance(position, list) and len(position) == len(self._readers) else []
        self.ended, self._next = False, 0
        for reader, place in zip(self._readers, known or [None] * len(self._readers), strict=True):
            reader.open(place)

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        for limit in (0.0, wait / len(self._readers)):
            for _ in self._readers:
                if (batch := self._read_next(limit)) is not None:
                    return batch
        self.ended = all(each.ended for each in self._readers)
        return None

    def _read_next(self, wait: float) -> Batch | None:
        reader = self._readers[self._next]
        self._next = (self._next + 1) % len(self._readers)
        batch = reader.read(wait) if not reader.ended else None
        self.notes = [note for each in self._readers for note in each.notes]
        return batch

    def position(self) -> Any:
        """See Reader."""
        return [each.position() for each in self._readers]

    def close(self) -> None:
        """See Reader."""
        for reader in self._readers:
            reader.close()
