"""The file with all events of a hub, `INSTANCE-events.db` in the state folder: SQLite, for a year and up to 1 GB.

The hub alone writes it; anybody who may read the file can read it, also while the hub runs or when it does not.
"""

import json
import math
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from WardenServer.errors import Unreachable
from WardenServer.machine import sqlite_file, whole_file
from WardenServer.results.event import ALARM, CLEAR, QUIET, Event, Severity
from WardenServer.settings.config import Settings

#: Seconds that events are kept, and bytes that the file may take.
AGE, SIZE = 366 * 86400.0, 1_000_000_000
#: Share of the events that goes, the oldest first, when the file is full.
SHARE = 10
#: Seconds to wait for another program that has the file.
PATIENCE = 1.0

_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, timestamp REAL NOT NULL, agent TEXT NOT NULL, severity TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_time ON events (timestamp);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, target TEXT NOT NULL, sent REAL
);
CREATE INDEX IF NOT EXISTS waiting ON messages (target) WHERE sent IS NULL;
PRAGMA user_version = 2;
"""


_DELETE_OLDEST = "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY timestamp LIMIT ?)"
#: The id of the end of an alarm `e`, in SQL.
END = f"'{CLEAR}' || substr(e.id, {len(ALARM) + 1})"
#: Alarms without an end: their ids differ from that of their end in the first word only.
_UNFINISHED = f"""
SELECT id, timestamp, agent, severity, text FROM events AS e WHERE (id GLOB '{ALARM}*' OR id GLOB '{QUIET}*')
AND NOT EXISTS (SELECT 1 FROM events WHERE id = {END}) ORDER BY timestamp, id DESC
"""
_NEWEST = """
SELECT id, timestamp, agent, severity, text FROM events
WHERE timestamp BETWEEN ? AND ? AND severity IN (SELECT value FROM json_each(?)) AND (? = '' OR agent = ?)
AND (? = '' OR instr(lower(text), lower(?)))
ORDER BY timestamp DESC, id LIMIT ?
"""


def place(settings: Settings) -> Path:
    """The file of an instance."""
    return settings.state_folder / f"{settings.instance}-events.db"


class Store:
    """The file, open for writing. One thread uses it."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        """Open the file; make it where there is none. One that is damaged is put aside: see `notice`.

        Raises:
            Unreachable: it cannot be opened.
        """
        self.notice = ""
        self._path, self._size = path, size
        try:
            whole_file.make_folder(path.parent)
            self.notice = sqlite_file.put_aside(path, "file of events")
            whole_file.make(path)  # with the right mode
            self._database = sqlite3.connect(path, timeout=PATIENCE)
        except (OSError, sqlite3.Error) as error:
            raise Unreachable(self._sentence(error)) from None
        try:
            self._database.executescript(_TABLES)
            self._database.commit()
        except sqlite3.Error as error:
            self.close()
            raise Unreachable(self._sentence(error)) from None

    def add(self, events: Sequence[Event]) -> None:
        """Keep events, and a message for each target that is told of one, all or none; those whose id is known already
        are the same ones, and stay as they are.

        Raises:
            Unreachable: the file cannot be written.
        """
        try:
            with self._database:
                for each in events:
                    row = (each.id, each.timestamp, each.agent, str(each.severity), each.text)
                    if self._database.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", row).rowcount:
                        letters = [(each.id, target) for target in each.to]
                        self._database.executemany("INSERT INTO messages (event, target) VALUES (?, ?)", letters)
        except sqlite3.Error as error:
            raise Unreachable(self._sentence(error)) from None

    def trim(self, now: float) -> None:
        """Forget what is too old at `now`, in Unix seconds, and the oldest where the file is full.

        Raises:
            Unreachable: the file cannot be written.
        """
        try:
            with self._database:
                self._database.execute("DELETE FROM events WHERE timestamp < ?", (now - AGE,))
                if self._used() > self._size:
                    (count,) = self._database.execute("SELECT count(*) FROM events").fetchone()
                    self._database.execute(_DELETE_OLDEST, (count // SHARE + 1,))
                self._database.execute("DELETE FROM messages WHERE event NOT IN (SELECT id FROM events)")
        except sqlite3.Error as error:
            raise Unreachable(self._sentence(error)) from None

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _used(self) -> int:
        """Bytes of the file that hold something."""
        values = [self._database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count")]
        (size,) = self._database.execute("PRAGMA page_size").fetchone()
        return int((values[0] - values[1]) * size)

    def _sentence(self, error: Exception) -> str:
        said = error.strerror if isinstance(error, OSError) else error
        return f"{self._path} cannot be written ({said}); make room, or correct state_folder or its rights"


def read(
    path: Path,
    number: int,
    since: float = 0.0,
    severities: Sequence[str] = (),
    agent: str = "",
    until: float = math.inf,
    text: str = "",
) -> list[Event]:
    """The newest `number` events of a time, the oldest of them first; none where there is no file.

    Args:
        path: the file.
        number: how many at most.
        since: Unix seconds.
        severities: only events of these; of all where there are none.
        agent: only events of this agent; "" is all.
        until: Unix seconds.
        text: only events whose text has this in it, in small or large letters (of ASCII).

    Raises:
        Unreachable: the file cannot be read.
    """
    chosen = json.dumps(severities or list(Severity))
    rows = _select(path, _NEWEST, (since, until, chosen, agent, agent, text, text, number))
    return rows[::-1]


def unfinished(path: Path) -> list[Event]:
    """The alarms that have not ended, the oldest first. For the hub: it may write, so it can take back what an earlier
    hub was writing when it was killed.

    Raises:
        Unreachable: the file cannot be read.
    """
    return _select(path, _UNFINISHED, (), "rw")


def _select(path: Path, statement: str, values: Sequence[Any], mode: str = "ro") -> list[Event]:
    if not path.exists():
        return []
    try:
        place = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(place, timeout=PATIENCE, uri=True)) as database:
            if not database.execute("PRAGMA user_version").fetchone()[0]:  # it is being made just now
                return []
            rows = database.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise Unreachable(f"{path} cannot be read ({error}); correct its rights, or try again") from None
    return [Event(id, stamp, name, Severity(severity), text) for id, stamp, name, severity, text in rows]


def as_line(event: Event) -> str:
    """An event for people, on one line; the time is local."""
    when = time.strftime("%F %T", time.localtime(event.timestamp))
    return f"{when}  {event.severity:7}  {event.agent}: {' '.join(event.text.split())}"
