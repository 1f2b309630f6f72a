"""Which run is open, and which numbers are taken; also after a restart."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub.runs.record import Opened, Record
from WardenServer.machine.clock import Clock
from WardenServer.machine.state_file import StateFile
from WardenServer.plugins.common.runs.source import LARGEST, Run


@dataclass(frozen=True)
class Known:
    """What the next start must know. `largest` is the largest number so far, None where that is not known; `started`
    whether the snapshot of the start of the `opened` run was taken."""

    largest: int | None = None
    opened: Opened | None = None
    started: bool = False


class Book:
    """Any thread may use it. Nobody waits long: the file is small."""

    def __init__(self, file: Path, keep: Callable[[Record], None], clock: Clock) -> None:
        """`keep` takes what is to be written, and returns at once."""
        self._file = StateFile(file, 1, "the open run and the numbers of runs")
        self._keep, self._clock = keep, clock
        self._lock = threading.Lock()
        self._known = Known()

    def open(self) -> None:
        """Read what the last hub has left."""
        self._known = self._file.read(_understand, Known())
        if self._known.opened is not None:
            self._keep(Record(self._known.opened))  # what was ended between the file and what waits

    @property
    def opened(self) -> Opened | None:
        """The open run."""
        return self._known.opened

    @property
    def largest(self) -> int | None:
        """The largest number so far; None: not known yet."""
        return self._known.largest

    @property
    def started(self) -> bool:
        """Whether the snapshot of the start of the open run was taken."""
        return self._known.started

    def learn(self, newest: Run | None) -> bool:
        """Take note of what the store has. Where nothing was known here, its run that was never closed is open: True.
        """
        with self._lock:
            known = self._known
            number = newest.number if newest is not None else 0
            adopted = known.largest is None and newest is not None and newest.closed is None
            if adopted and newest is not None:
                opened = Opened(number, newest.opened or self._clock.time(), newest.by, newest.note)
                known = replace(known, opened=opened, started=newest.is_ready)
            self._take(replace(known, largest=max(number, known.largest or 0)))
        return adopted

    def begin(self, number: int | None, by: str, note: str = "") -> tuple[Opened | None, Opened]:
        """Open a run with this number, or the next one, and close the open one, if there is one; both runs.

        Raises:
            WardenError: the next number is not known, or there is none.
        """
        with self._lock:
            before, now = self._known.opened, self._clock.time()
            chosen = self._next() if number is None else number
            run = Opened(chosen, now, by, note)
            if before is not None:
                self._keep(Record(before, closed=now))
            self._take(Known(max(chosen, self._known.largest or 0), run))
            self._keep(Record(run))
        return before, run

    def end(self) -> Opened:
        """Close the open run, which must be there."""
        with self._lock:
            run = self._known.opened
            assert run is not None
            self._keep(Record(run, closed=self._clock.time()))
            self._take(replace(self._known, opened=None, started=False))
        return run

    def note_start(self, number: int) -> None:
        """The snapshot of the start of this run was taken."""
        with self._lock:
            if self._known.opened is not None and self._known.opened.number == number:
                self._take(replace(self._known, started=True))

    def _next(self) -> int:
        if self._known.largest is None:
            cure = "give a number, or see that the runs' database answers"
            raise WardenError(f"the number of the next run is not known, since no run is known yet; {cure}")
        if self._known.largest >= LARGEST:
            raise WardenError(f"there is no number after {LARGEST}; remove that run from the runs' database")
        return self._known.largest + 1

    def _take(self, known: Known) -> None:
        if known != self._known:
            self._known = known
            self._file.write(_content(known))


def _content(known: Known) -> dict[str, Any]:
    run = known.opened
    opened = run and {"number": run.number, "at": run.at, "by": run.by, "note": run.note}
    return {"largest": known.largest, "opened": opened, "started": known.started}


def _understand(version: int, content: Any) -> Known:
    run, largest = content["opened"], content["largest"]
    opened = Opened(int(run["number"]), float(run["at"]), str(run["by"]), str(run["note"])) if run else None
    return Known(None if largest is None else int(largest), opened, bool(content["started"]))
