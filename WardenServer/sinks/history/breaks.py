"""When there was no value, and why: gaps that begin with a null, and end with the next value."""

from collections.abc import Iterator
from types import NoneType
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from WardenServer.results.board import parts_of
from WardenServer.results.field import is_document
from WardenServer.results.result import Result
from WardenServer.sinks.history import tables
from WardenServer.sinks.history.parts import Part
from WardenServer.sinks.history.store import Store

#: Most characters of a reason.
LONGEST = 500
#: Most gaps that are read at once.
MOST = 10_000
#: Most gaps of a year that are kept: those of an agent that fails and recovers each second would fill the disk.
MOST_KEPT = 1_000_000
NOT_RUN = "the hub did not run"


class Where(NamedTuple):
    """Whose values a gap is about: an agent's, or all where that is ""; all its fields where `field` is ""."""

    agent: str = ""
    key: str = ""
    field: str = ""


class Gap(NamedTuple):
    """A time without values, in Unix seconds; it goes on where `end` is None."""

    begin: float
    end: float | None
    reason: str


class Change(NamedTuple):
    """A gap that has begun, or, where `reason` is None, that has ended."""

    where: Where
    time: float
    reason: str | None


class Breaks:
    """Which gaps there are now. One thread uses it."""

    def __init__(self) -> None:
        self._open: dict[str, dict[Where, str]] = {}  # by agent, with the reason

    def restore(self, found: dict[Where, str]) -> None:
        """Take up the gaps that an earlier hub has left open."""
        for where, reason in found.items():
            self._open.setdefault(where.agent, {})[where] = reason

    def look(self, result: Result) -> list[Change]:
        """What a result says of gaps."""
        known = self._open.get(result.agent)
        if known is None and result.error is None and NoneType not in map(type, result.fields.values()):
            return []
        found = dict(_gaps(result))
        changes = [Change(where, result.timestamp, None) for where in known or () if where not in found]
        known = known or {}
        changes += [
            Change(where, result.timestamp, reason) for where, reason in found.items() if where not in known
        ]
        if found:
            self._open[result.agent] = {where: known.get(where, reason) for where, reason in found.items()}
        else:
            self._open.pop(result.agent, None)
        return changes


def _gaps(result: Result) -> Iterator[tuple[Where, str]]:
    if result.error is not None:
        yield Where(result.agent), result.error[:LONGEST]
        return
    for key, each in parts_of(result).items():
        for name, value in each.fields.items():
            if value is None and not is_document(name, each.places):
                yield Where(result.agent, key, name), each.reasons.get(name, "it has no value")[:LONGEST]


class Book:
    """Writes gaps into a part. One thread uses it."""

    def __init__(self, connection: Connection, part: Part) -> None:
        self._connection, self._day = connection, part.begin
        self._last = connection.scalar(select(func.max(tables.breaks.c.id))) or 0

    def add(self, where: Where, gap: Gap) -> None:
        """Write a gap."""
        self._last += 1
        row = {"day": self._day, "id": self._last, **where._asdict(), **gap._asdict()}
        self._connection.execute(insert(tables.breaks), row)

    def note(self, change: Change) -> None:
        """Write what has begun or ended."""
        if change.reason is None:
            end_of(self._connection, change.where, change.time)
        else:
            self.add(change.where, Gap(change.time, None, change.reason))


def end_of(connection: Connection, where: Where, time: float) -> None:
    """The gaps of these values that go on end now."""
    column = tables.breaks.c
    same = and_(column.agent == where.agent, column.key == where.key, column.field == where.field)
    connection.execute(update(tables.breaks).where(same, column.end.is_(None)).values(end=time))


def trim(store: Store, part: Part) -> None:
    """Delete the oldest gaps of a part where there are too many; raises Unreachable."""
    column = tables.breaks.c
    with store.read(part) as connection:
        last = connection.scalar(select(func.max(column.id)).where(column.day == part.begin)) or 0
        first = connection.scalar(select(func.min(column.id)).where(column.day == part.begin)) or 0
    if last - first >= MOST_KEPT:
        with store.write(part) as connection:
            oldest = and_(column.day == part.begin, column.id <= last - MOST_KEPT, column.end.is_not(None))
            connection.execute(delete(tables.breaks).where(oldest))


def unfinished(connection: Connection) -> dict[Where, str]:
    """The gaps that go on, with their reasons."""
    column = tables.breaks.c
    found = connection.execute(
        select(column.agent, column.key, column.field, column.reason).where(column.end.is_(None))
    )
    return {Where(agent, key, field): reason for agent, key, field, reason in found}


def of(connection: Connection, where: Where, begin: float, end: float) -> list[Gap]:
    """The gaps of one field of an agent in a range, the oldest first; where the agent is "", of whichever fills it."""
    column: Any = tables.breaks.c
    touches = and_(column.begin <= end, or_(column.end.is_(None), column.end >= begin))
    its_own = and_(column.key == where.key, column.field == where.field)
    about = or_(column.agent == "", its_own)
    if where.agent:
        about = and_(column.agent.in_([where.agent, ""]), or_(column.field == "", its_own))
    found = connection.execute(
        select(column.begin, column.end, column.reason).where(about, touches).order_by(column.begin).limit(MOST)
    )
    return [Gap(*row) for row in found]


def knows(connection: Connection, key: str, field: str) -> bool:
    """Whether this field was ever null."""
    column = tables.breaks.c
    found = connection.scalar(select(column.id).where(column.key == key, column.field == field).limit(1))
    return found is not None
