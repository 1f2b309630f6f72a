"""Records that wait for the store, in order: in a file, or in memory while the file cannot be written."""

import logging
import threading
from collections import deque
from pathlib import Path

from WardenServer.errors import Unreachable
from WardenServer.hub.runs.record import Record, from_text
from WardenServer.sinks.writers.spool import Spool, Waiting

log = logging.getLogger("warden.runs")

#: Bytes of the file, and characters of those in memory, beyond which the oldest are lost.
SIZE, MEMORY = 2_000_000_000, 100_000_000


class WaitingRecords:
    """Any thread may add, one takes. `problem` says why the file cannot be used; those in memory do not outlive the
    process then."""

    def __init__(self, file: Path, size: int = SIZE, memory: int = MEMORY) -> None:
        """`size` and `memory`: see SIZE and MEMORY."""
        self.problem = ""
        self._spool = Spool(file, size)
        self._most = memory
        self._memory: deque[str] = deque()
        self._lost = 0
        self._first: Waiting | str | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    @property
    def lost(self) -> int:
        """Records for which there was no room, or that this release does not understand."""
        return self._lost + self._spool.lost

    @property
    def notice(self) -> str:
        """What became of a file that was damaged."""
        return self._spool.notice

    def add(self, record: Record) -> None:
        """Keep a record; nothing after `close`, when another may have the file."""
        text = record.as_text()
        with self._lock:
            if self._is_closed:
                return
            self._memory.append(text)
            self._save()
            while self._memory and sum(map(len, self._memory)) > self._most:
                self._memory.popleft()
                self._lost += 1

    def first(self) -> Record | None:
        """The oldest record, None where none waits."""
        while (text := self._look()) is not None:
            try:
                return from_text(text)
            except (ValueError, KeyError, TypeError) as error:
                log.error("a record of a run is not understood (%s) and lost: %.200s", error, text)
                self._lost += 1
                self.remove()
        return None

    def remove(self) -> None:
        """The record that `first` has given waits no more."""
        with self._lock:
            first, self._first = self._first, None
            if isinstance(first, Waiting) and not self._is_closed:
                self._remove(first)
            elif self._memory and self._memory[0] is first:
                self._memory.popleft()

    def count(self) -> int:
        """How many wait."""
        with self._lock:
            try:
                return len(self._memory) + (0 if self._is_closed else self._spool.count())
            except Unreachable:
                return len(self._memory)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._save()
            self._is_closed = True
            self._spool.close()

    def _save(self) -> None:
        """Bring what is in memory to the file."""
        try:
            if self._memory:
                self._spool.add([("", 0, text) for text in self._memory])
                self._memory.clear()
                self.problem = ""
        except Unreachable as error:
            self._say(error)

    def _look(self) -> str | None:
        with self._lock:
            if self._is_closed:
                return None
            self._save()
            self._first = self._oldest() or (self._memory[0] if self._memory else None)
            return self._first.text if isinstance(self._first, Waiting) else self._first

    def _oldest(self) -> Waiting | None:
        """The oldest in the file."""
        try:
            first = self._spool.first()
        except Unreachable as error:
            self._say(error)
            return None
        self.problem = self.problem if self._memory else ""
        return first

    def _remove(self, first: Waiting) -> None:
        try:
            self._spool.remove(first)
        except Unreachable as error:  # it is delivered once more, which does no harm
            self._say(error)

    def _say(self, error: Unreachable) -> None:
        if not self.problem:
            log.error("%s", error)
        self.problem = str(error)
