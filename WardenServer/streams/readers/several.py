"""Several readers as one, for streams whose events come from more than one place."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.settings.masking import mask
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader

log = logging.getLogger("warden.stream")

#: Seconds between attempts to open one that fails, doubling from the first to the last.
PAUSES = (0.5, 10.0)


class _Part:
    """One of the readers. It fails by itself, and is opened again after a pause."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.trouble = ""
        self._is_open = False
        self._position: Any = None
        self._pause, self._next = PAUSES[0], 0.0

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        return [self.trouble] if self.trouble else list(self.reader.notes)

    def begin(self, position: Any) -> None:
        """Open it with the next read."""
        self._position = position
        self._pause, self._next = PAUSES[0], 0.0

    def read(self, wait: float) -> Batch | None:
        """See Reader; None where it fails."""
        if self.reader.ended and self._is_open:
            return None
        try:
            if self._is_open or self._opened():
                return self.reader.read(wait)
        except WardenError as error:
            self._fail(mask(str(error)))
        return None

    def _opened(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self.reader.open(self._position)
        self._is_open, self.trouble, self._pause = True, "", PAUSES[0]
        return True

    def _fail(self, why: str) -> None:
        if why != self.trouble:
            log.warning("%s; it is tried again", why)
        self.trouble = why
        self._position = self.position()
        self.close()
        self._next = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, PAUSES[1])

    def position(self) -> Any:
        """See Reader."""
        return self.reader.position() if self._is_open else self._position

    def close(self) -> None:
        """See Reader."""
        self.reader.close()
        self._is_open = False


class Several(Reader):
    """Takes turns. Those that have nothing are waited for only when all have nothing, and one that fails is tried again
    while the others go on, so none delays another."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        """Put them together; they are this one's from now on."""
        super().__init__()
        self._parts = [_Part(reader) for reader in readers]
        self.endless = any(each.endless for each in readers)
        self.counts_lost = any(each.counts_lost for each in readers)
        self._next = 0

    def open(self, position: Any) -> None:
        """See Reader."""
        places = position if isinstance(position, list) and len(position) == len(self._parts) else []
        self.ended, self._next = False, 0
        for part, place in zip(self._parts, places or [None] * len(self._parts), strict=True):
            part.begin(place)

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        until = time.monotonic() + wait
        for limit in (0.0, wait / len(self._parts)):
            for _ in self._parts:
                if (batch := self._read_next(limit)) is not None:
                    return batch
        self.ended = all(each.reader.ended for each in self._parts)
        if not self.ended:
            time.sleep(max(0.0, until - time.monotonic()))  # some have failed, and did not wait
        return None

    def _read_next(self, wait: float) -> Batch | None:
        part = self._parts[self._next]
        self._next = (self._next + 1) % len(self._parts)
        batch = part.read(wait)
        self.notes = [note for each in self._parts for note in each.notes]
        return batch

    def position(self) -> Any:
        """See Reader."""
        return [each.position() for each in self._parts]

    def close(self) -> None:
        """See Reader."""
        for part in self._parts:
            part.close()
