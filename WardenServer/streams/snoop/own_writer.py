"""A writer of a configuration module's own: an object with write(docs, timestamp)."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from WardenServer.settings.masking import mask
from WardenServer.sinks.writers.writer import Document, Writer

log = logging.getLogger("warden.stream")

#: Most documents that wait; beyond it the oldest are lost, and counted.
WAITING = 100_000


class OwnWriter(Writer):
    """Hands each document to `write`, with the whole minutes since 1970.

    After an OSError, such as one of a connection, the document is kept and tried again; any other exception costs it.
    """

    def __init__(self, write: Callable[[list[tuple[str, Any]], int], Any]) -> None:
        """Take on what writes."""
        super().__init__()
        self._write = write
        self._waiting: deque[Document] = deque()

    def write(self, documents: Sequence[Document]) -> None:
        """See Writer."""
        self._waiting.extend(documents)
        while len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.lost += 1
        self.problem = ""
        while self._waiting and not self.problem:
            self._one(self._waiting[0])
            if not self.problem:
                self._waiting.popleft()
        self.notes = [f"{len(self._waiting)} documents wait"] if self._waiting else []

    def close(self) -> None:
        """See Writer."""
        if self._waiting:
            log.error("%d documents are lost: %s", len(self._waiting), self.problem)
        self.lost += len(self._waiting)
        self._waiting.clear()

    def _one(self, document: Document) -> None:
        try:
            self._write([(document.name, dict(document.fields))], document.minute)
        except OSError as error:
            self.problem = mask(f"the writer of the configuration fails ({error!r:.200}); it is tried again")
        except BaseException as error:  # it is somebody's own, and may raise anything
            self.lost += 1
            log.error("a document of %s is lost: %s", document.name, mask(f"its writer fails ({error!r:.200})"))
