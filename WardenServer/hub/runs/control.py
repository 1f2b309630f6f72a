"""Opens and closes runs: as people say by command, or as something that is followed does."""

import logging
import threading
from collections.abc import Callable

from WardenServer.errors import WardenError
from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.record import Opened
from WardenServer.hub.runs.taker import Step
from WardenServer.hub.runs.trigger import Wanted
from WardenServer.plugins.common.runs.source import LARGEST

log = logging.getLogger("warden.runs")


class Control:
    """Any thread may use it."""

    def __init__(
        self, book: Book, put: Callable[[Step], None], is_full: Callable[[], bool], has: Callable[[int], bool]
    ) -> None:
        """`put` has the snapshots taken, while there is room; `has` says whether the store has a run of a number, or
        raises Unreachable."""
        self._book, self._put, self._is_full, self._has = book, put, is_full, has
        self._lock = threading.Lock()

    def start(self, number: int | None, by: str) -> int:
        """See Recorder."""
        with self._lock:
            if (opened := self._number()) is not None:
                raise WardenError(f"run {opened} is open; stop it first: warden run stop")
            if number is not None:
                self._check(number)
            return self._begin(number, by).number

    def stop(self, number: int | None, by: str) -> int:
        """See Recorder."""
        with self._lock:
            opened = self._number()
            if opened is None:
                raise WardenError("no run is open; open one with: warden run start")
            if number not in (None, opened):
                raise WardenError(f"run {number} is not open, run {opened} is; stop that with: warden run stop")
            self._end(by)
        return opened

    def follow(self, wanted: Wanted, where: str) -> str:
        """Bring the open run in line with what was seen in a place; a note where that cannot be.

        Raises:
            WardenError: it cannot be now; it is tried again.
        """
        number, note, back = wanted.number, "", ""
        if number is not None and wanted.change(self._number())[1] and self._is_old(number):
            if self._is_used(number):
                note = f"{where} says run {number}, which was recorded already: any other number opens a run"
                wanted = Wanted(False)
            back = f"the number went back from {self._book.largest}"
        with self._lock:
            ends, begins = wanted.change(self._number())
            if begins:
                self._begin(number, where, back)
            elif ends:
                self._end(where)
        return note

    def _number(self) -> int | None:
        run = self._book.opened
        return None if run is None else run.number

    def _check(self, number: int) -> None:
        if not 0 < number <= LARGEST:
            raise WardenError(f"{number} is no number of a run; give one from 1 to {LARGEST}, or none for the next one")
        if self._is_old(number):
            cure = "give a larger number, or none for the next one"
            raise WardenError(f"run {number} is not larger than run {self._book.largest}, the largest so far; {cure}")

    def _is_old(self, number: int) -> bool:
        return number <= (self._book.largest or 0)

    def _is_used(self, number: int) -> bool:
        return number == self._book.largest or self._has(number)

    def _begin(self, number: int | None, by: str, note: str = "") -> Opened:
        self._check_room()
        ended, run = self._book.begin(number, by, note)
        log.info("run %d is open, by %s%s", run.number, by, f"; run {ended.number} is closed" if ended else "")
        self._put(Step(ended, run))
        return run

    def _end(self, by: str) -> None:
        self._check_room()
        run = self._book.end()
        log.info("run %d is closed, by %s", run.number, by)
        self._put(Step(run, None))

    def _check_room(self) -> None:
        if self._is_full():
            raise WardenError("the snapshots of earlier runs are not taken yet; try again in a moment")
