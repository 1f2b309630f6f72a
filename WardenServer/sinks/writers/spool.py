"""Documents that are yet to be delivered, in an SQLite file: they stay over a restart, and over kill -9."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from WardenServer.errors import Unreachable, WardenError
from WardenServer.machine import sqlite_file, whole_file

#: Seconds to wait for another program that has the file.
PATIENCE = 1.0
#: Minutes for which it is remembered how many documents of a name they have.
MINUTES = 60
#: Share of the documents that goes, the oldest first, when the file is full.
SHARE = 10

_TABLES = """
PRAGMA locking_mode = EXCLUSIVE;  -- what waits is delivered by one program only
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, minute INTEGER NOT NULL, text TEXT NOT NULL,
    tried INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS places (
    name TEXT NOT NULL, minute INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (name, minute)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_FIRST = """
SELECT number, d.name, d.minute, text, tried, coalesce(place, 0) + 1
FROM documents AS d LEFT JOIN places AS p ON p.name = d.name AND p.minute = d.minute ORDER BY number LIMIT 1
"""
#: Documents go from the begin of the file only, so their numbers have no gaps.
_WAITING = "SELECT coalesce(max(number) - min(number) + 1, 0) FROM documents"


class Waiting(NamedTuple):
    """A document that waits. `number` is its place in the file; `text` its JSON; `tried` the place in its minute under
    which it may have been delivered already, 0 where it was never sent; `next` the first place that may be free."""

    number: int
    name: str
    minute: int
    text: str
    tried: int
    next: int


class Spool:
    """The file, which is made when it is first needed. Any thread may use it."""

    def __init__(self, file: Path, size: int) -> None:
        """`size` is how many bytes may wait; beyond it the oldest are lost, and counted in `lost`."""
        self.lost = 0
        self.notice = ""
        self._file, self._size = file, size
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def add(self, rows: Sequence[tuple[str, int, str]]) -> None:
        """Keep documents as name, minute and text, all or none.

        Raises:
            Unreachable: the file cannot be written; so do all others.
        """
        with self._transaction() as database:
            database.executemany("INSERT INTO documents (name, minute, text) VALUES (?, ?, ?)", rows)
            lost = self._trim(database)
        self.lost += lost

    def first(self) -> Waiting | None:
        """The oldest document, None where none waits."""
        with self._transaction() as database:
            row = database.execute(_FIRST).fetchone()
        return Waiting(*row) if row else None

    def count(self) -> int:
        """How many documents wait."""
        with self._transaction() as database:
            return int(database.execute(_WAITING).fetchone()[0])

    def note_try(self, waiting: Waiting, place: int) -> None:
        """The document is about to be sent as the one with this place in its minute."""
        with self._transaction() as database:
            database.execute("UPDATE documents SET tried = ? WHERE number = ?", (place, waiting.number))

    def remove(self, waiting: Waiting, place: int = 0) -> None:
        """The document waits no more; `place` is that under which it was delivered, if it was."""
        with self._transaction() as database:
            database.execute("DELETE FROM documents WHERE number = ?", (waiting.number,))
            if place:
                name, minute = waiting.name, waiting.minute
                database.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", (name, minute, place))
                database.execute("DELETE FROM places WHERE name = ? AND minute < ?", (name, minute - MINUTES))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._connected() as database:
                    yield database
            except sqlite3.Error as error:
                if not isinstance(error, sqlite3.OperationalError):  # damaged: it is put aside when it is opened again
                    self._close()
                raise self._unreachable(str(error)) from None

    def _connected(self) -> sqlite3.Connection:
        if self._open is not None and not self._file.exists():  # somebody has removed it: a new one is made
            self._close()
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> sqlite3.Connection:
        try:
            whole_file.make_folder(self._file.parent)
            self.notice = sqlite_file.put_aside(self._file, "file of documents that wait") or self.notice
            whole_file.make(self._file)  # with the right mode
        except WardenError as error:
            raise Unreachable(str(error)) from None
        except OSError as error:
            raise self._unreachable(str(error.strerror)) from None
        database = sqlite3.connect(self._file, timeout=PATIENCE, check_same_thread=False)
        try:
            database.executescript(_TABLES)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _unreachable(self, said: str) -> Unreachable:
        return Unreachable(f"{self._file} cannot be written ({said}); make room, or correct state_folder or its rights")

    def _trim(self, database: sqlite3.Connection) -> int:
        """Where the file is full, the oldest documents go; how many those were."""
        lost = 0
        while self._used(database) > self._size and (waiting := database.execute(_WAITING).fetchone()[0]):
            (first,) = database.execute("SELECT min(number) FROM documents").fetchone()
            last = first + waiting // SHARE
            lost += database.execute("DELETE FROM documents WHERE number <= ?", (last,)).rowcount
        return lost

    @staticmethod
    def _used(database: sqlite3.Connection) -> int:
        """Bytes of the file that hold something."""
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)
