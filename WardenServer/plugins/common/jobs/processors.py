"""Processors: they register, say now and then that they are alive, and leave."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.tables import jobs, processors
from WardenServer.plugins.common.jobs.times import ago

#: When one that has left was seen last: the next look for dead ones finds it.
_LEFT = 915_148_800.0  # 1999-01-01


@dataclass(frozen=True)
class Processor:
    """One that is registered."""

    id: int
    name: str


def register(database: Database, name: str) -> Processor:
    """Add a processor. Its name must be new: whoever starts again is another one."""
    with database.writing() as connection:
        values = insert(processors).values(name=name, startdatetime=ago(), lastseendatetime=ago())
        return Processor(connection.scalars(values.returning(processors.c.id)).one(), name)


def check_in(database: Database, processor: Processor) -> bool:
    """Say that it is alive; whether it is still known. One that was taken for dead must register anew."""
    with database.writing() as connection:
        seen = update(processors).where(processors.c.id == processor.id).values(lastseendatetime=ago())
        return connection.execute(seen).rowcount == 1


def leave(database: Database, processor: Processor) -> None:
    """Have the next look for dead processors give away what it still has."""
    with database.writing() as connection:
        left = update(processors).where(processors.c.id == processor.id).values(lastseendatetime=_LEFT)
        connection.execute(left)


def is_live(check_in: float) -> ColumnElement[bool]:
    """Of a row of `processors`: seen within `check_in` seconds, and not in the future, as after a step of the clock."""
    seen = processors.c.lastseendatetime
    return and_(seen > ago(check_in), seen <= ago(-check_in))


def is_dead(check_in: float) -> ColumnElement[bool]:
    """Of a row of `processors`: not seen for twice `check_in` seconds."""
    seen = processors.c.lastseendatetime
    return or_(seen.is_(None), seen < ago(2 * check_in), seen > ago(-2 * check_in))


def has_left() -> ColumnElement[bool]:
    """Of a row of `processors`: it said that it leaves. No clock is needed to know that."""
    return processors.c.lastseendatetime == _LEFT


def live(connection: Connection, check_in: float) -> list[int]:
    """The numbers of those that are alive, in order."""
    return list(connection.scalars(select(processors.c.id).where(is_live(check_in)).order_by(processors.c.id)))


def loads(connection: Connection, check_in: float) -> Mapping[int, int]:
    """How many jobs that are not done each live processor has."""
    found = dict.fromkeys(live(connection, check_in), 0)
    counts = select(jobs.c.owner, func.count()).where(jobs.c.success.is_(None)).group_by(jobs.c.owner)
    found.update({owner: count for owner, count in connection.execute(counts) if owner in found})
    return found
