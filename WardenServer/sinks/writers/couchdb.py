"""The writer `couchdb`: a document of CouchDB for each sample, as snoop had them."""

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from WardenServer.errors import SettingError, Unreachable
from WardenServer.settings.units import size
from WardenServer.sinks.writers.couchdb_server import Refused, Server
from WardenServer.sinks.writers.spool import Spool, Waiting
from WardenServer.sinks.writers.writer import Document, Writer, as_text

log = logging.getLogger("warden.writer")

#: Seconds between attempts while the server is away, doubling from the first to the last.
PAUSES = (0.1, 2.0)
#: Seconds after which what waits is looked for, though nobody said that there is something.
IDLE = 5.0
#: Seconds that are given to what waits at the end; the rest is delivered in the next life.
LAST = 1.0
#: Most ids in a row that may be taken by others.
MOST = 1000


class CouchDB(Writer):
    """Keeps documents in a file, and delivers them from there on a thread of its own: each once, in order, also after a
    restart.

    The first document of a name in a minute (whole minutes since 1970) has the id NAME_MINUTE, the next ones
    NAME_MINUTE_2 and so on: what stands in the database is never overwritten. Where it is not known whether a document
    came there, the one with its id is compared with it. Each has `timestamp`, that minute, unless it has one itself.
    CouchDB keeps names that begin with _ to itself: they get a - in front. A database that is missing is made.
    """

    def __init__(self, url: str, database: str, spool: Any = "500 MB", *, spool_file: Path) -> None:
        """Check the settings.

        Args:
            url: of the server, with user and password where it wants them.
            database: its name.
            spool: bytes, or text such as "500 MB", that may wait while the server is away; beyond it the oldest
                documents are lost, and counted.
            spool_file: where they wait.

        Raises:
            SettingError: a setting means nothing.
        """
        super().__init__()
        try:
            self._spool = Spool(spool_file, size(spool))
        except ValueError as error:
            raise SettingError(f"spool is {spool!r:.60}; write {error}") from None
        self._server = Server(url, database)
        self._refused, self._refusal = 0, ""
        self._until = 0.0  # on the monotonic clock: the end of what is delivered after `close`
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    # -- the caller's thread

    def write(self, documents: Sequence[Document]) -> None:
        """See Writer. They are taken over when they are in the file."""
        rows = [_row(each) for each in documents]
        waiting = self._spool.count()
        self._note(waiting)
        if self._thread is None or not self._thread.is_alive():
            self._begin()
        if rows:
            self._spool.add(rows)  # the last thing that can fail
            self._wake.set()

    def close(self) -> None:
        """See Writer. What cannot be delivered at once waits for the next life."""
        self._until = time.monotonic() + LAST
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(2 * LAST)

    def _begin(self) -> None:
        self._closing.clear()
        name = f"{threading.current_thread().name} delivery"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _note(self, waiting: int) -> None:
        self.lost = self._spool.lost + self._refused
        notes = [self._spool.notice] if self._spool.notice else []
        notes += [f"{waiting} documents wait for CouchDB"] if waiting > 1 else []
        notes += [f"documents refused and lost: {self._refused}; the last: {self._refusal}"] if self._refused else []
        self.notes = notes

    # -- the thread that delivers

    def _run(self) -> None:
        pause = PAUSES[0]
        while not self._closing.is_set():
            self._wake.clear()
            if self._attempt():
                pause = PAUSES[0]
                self._wake.wait(IDLE)
            else:
                self._closing.wait(pause)
                pause = min(2 * pause, PAUSES[1])
        self._attempt()
        self._server.close()
        self._spool.close()

    def _attempt(self) -> bool:
        """Deliver all that waits; False where that cannot be done now: `problem` says why."""
        try:
            while not self._is_over() and (waiting := self._spool.first()) is not None:
                self._deliver(waiting)
            self.problem = ""
        except Unreachable as error:
            self.problem = str(error)
        except Exception as error:  # an error of ours: what waits is kept, and tried again
            problem = f"documents cannot be delivered to CouchDB ({type(error).__name__}); the log says more"
            if problem != self.problem:
                log.exception("%s", problem)
            self.problem = problem
        return not self.problem

    def _is_over(self) -> bool:
        return self._closing.is_set() and time.monotonic() > self._until

    def _deliver(self, waiting: Waiting) -> None:
        place = 0
        try:
            place = self._put(waiting)
        except Refused as error:
            self._refused += 1
            self._refusal = f"{_id(waiting, waiting.next):.100} {error}"
            log.error("document %s; it is lost", self._refusal)
        self._spool.remove(waiting, place)

    def _put(self, waiting: Waiting) -> int:
        """Make it a document; its place in its minute. The file knows of each request before it is sent."""
        first = waiting.tried or waiting.next
        for place in range(first, first + MOST):
            if place != waiting.tried:
                self._spool.note_try(waiting, place)
            id = _id(waiting, place)
            if self._server.put(id, waiting.text):
                return place
            if place == waiting.tried and self._server.holds(id, waiting.text):  # it came there, its answer did not
                return place
        raise Refused(f"has no place: {MOST} ids are taken by others; give the processor another name")


def _row(document: Document) -> tuple[str, int, str]:
    fields = {_allowed(str(name)): value for name, value in document.fields.items()}
    name = document.name.encode("utf-8", "replace").decode()
    return name, document.minute, as_text({"timestamp": document.minute, **fields})


def _id(waiting: Waiting, place: int) -> str:
    name = _allowed(f"{waiting.name}_{waiting.minute}")
    return f"{name}_{place}" if place > 1 else name


def _allowed(name: str) -> str:
    return f"-{name}" if name.startswith("_") else name
