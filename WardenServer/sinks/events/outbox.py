"""Messages that are yet to be delivered, in the file of events: kept until a target has them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from WardenServer.errors import Unreachable
from WardenServer.results.event import ALARM, Event, Severity
from WardenServer.sinks.events.store import END, PATIENCE

#: Most messages that are looked at together.
MOST = 10_000

_WAITING = f"""
SELECT m.number, e.id, e.timestamp, e.agent, e.severity, e.text, c.text
FROM messages AS m JOIN events AS e ON e.id = m.event
LEFT JOIN events AS c ON e.id GLOB '{ALARM}*' AND c.id = {END}
WHERE m.target = ? AND m.sent IS NULL ORDER BY m.number LIMIT {MOST}
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One event for one target. `number` stays the same when it is sent again; `end` is what there is to be said of
    the whole fault, where it is over already."""

    number: int
    event: Event
    end: str | None = None


def waiting(path: Path, target: str) -> list[Message]:
    """What a target is yet to get, the oldest first.

    Raises:
        Unreachable: the file cannot be read.
    """
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", timeout=PATIENCE, uri=True)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] < 2:  # it is being made just now
                return []
            rows = database.execute(_WAITING, (target,)).fetchall()
    except sqlite3.Error as error:
        raise Unreachable(f"{path} cannot be read ({error}); correct its rights") from None
    return [
        Message(number, Event(id, stamp, agent, Severity(severity), text), end)
        for number, id, stamp, agent, severity, text, end in rows
    ]


def note_sent(path: Path, numbers: Sequence[int], now: float) -> None:
    """These messages have been delivered, at `now` in Unix seconds.

    Raises:
        Unreachable: the file cannot be written.
    """
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as database, database:
            database.executemany("UPDATE messages SET sent = ? WHERE number = ?", [(now, each) for each in numbers])
    except sqlite3.Error as error:
        raise Unreachable(f"{path} cannot be written ({error}); make room, or correct its rights") from None
