"""Two snapshots compared by the database: only what differs comes out of it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, exists, func, null, select, true

from WardenServer.plugins.common.differ.change import MISSING, Pair
from WardenServer.plugins.common.runs.kept import value_of, whole_text
from WardenServer.plugins.common.runs.source import Phase, Side, is_number
from WardenServer.plugins.common.runs.tables import run_parameters, run_snapshots, run_values

_OLD, _NEW = run_values.alias("o"), run_values.alias("n")


class Stored(NamedTuple):
    """A snapshot in the store, and how many values it has."""

    number: int = -1  # of none
    amount: int = 0


def find(connection: Connection, hub: str, side: Side) -> Stored:
    """The snapshot of a side: of several at the start the first one counts, of others the last one."""
    if not is_number(side.run):
        return Stored()
    at = run_snapshots.c.at if side.phase is Phase.START else run_snapshots.c.at.desc()
    found = connection.execute(
        select(run_snapshots.c.id, run_snapshots.c.amount)
        .where(run_snapshots.c.hub == hub, run_snapshots.c.run == side.run)
        .where(run_snapshots.c.phase == side.phase.value)
        .order_by(at)
        .limit(1)
    ).first()
    return Stored(*found) if found is not None else Stored()


def differing(
    connection: Connection, hub: str, old: Stored, new: Stored, partitions: Sequence[str] | None
) -> list[Pair]:
    """What differs, and what is unavailable on either side; by parameter, then partition."""
    in_one_go(connection)
    pairs = [_pair(*row) for row in connection.execute(_changed(old, new).where(within(hub, _OLD, partitions)))]
    missing = sum(pair.new is MISSING for pair in pairs)
    if partitions is not None or new.amount > old.amount - missing:
        pairs += [_pair(*row) for row in connection.execute(_added(old, new).where(within(hub, _NEW, partitions)))]
    return sorted(pairs, key=lambda pair: (pair.parameter, pair.partition))


def in_one_go(connection: Connection) -> None:
    """Have PostgreSQL go through a snapshot once, until this transaction ends. It takes snapshots that are newer than
    its statistics for empty, and would go through one again for each value of the other."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config("enable_nestloop", "off", True)))


def within(hub: str, values: FromClause, partitions: Iterable[str] | None) -> ColumnElement[bool]:
    """Only values of these partitions, or of all."""
    if partitions is None:
        return true()
    mine = select(run_parameters.c.id).where(run_parameters.c.hub == hub)
    return values.c.parameter.in_(mine.where(run_parameters.c.partition.in_(list(partitions))))


def _changed(old: Stored, new: Stored) -> "Select[*tuple[Any, ...]]":
    """Of the old values those that are not the same in the new snapshot. What is unavailable is the same as nothing."""
    there = and_(_NEW.c.snapshot == new.number, _NEW.c.parameter == _OLD.c.parameter)
    differ = (_OLD.c.text == _NEW.c.text).is_not(true())
    columns = [*_names(_OLD), *_value(_OLD), *_value(_NEW)]
    return select(*columns).join_from(_OLD, _NEW, there, isouter=True).where(_OLD.c.snapshot == old.number, differ)


def _added(old: Stored, new: Stored) -> "Select[*tuple[Any, ...]]":
    """The new values of which the old snapshot has none."""
    there = exists().where(_OLD.c.snapshot == old.number, _OLD.c.parameter == _NEW.c.parameter)
    columns = [*_names(_NEW), null(), null(), null(), *_value(_NEW)]
    return select(*columns).where(_NEW.c.snapshot == new.number, ~there)


def _names(values: FromClause) -> list[ColumnElement[Any]]:
    """Of the parameter of a row. In subqueries, as the text: PostgreSQL would join all of both tables to begin with."""
    names = (run_parameters.c.partition, run_parameters.c.parameter)
    return [select(name).where(run_parameters.c.id == values.c.parameter).scalar_subquery() for name in names]


def _value(values: FromClause) -> list[ColumnElement[Any]]:
    return [values.c.snapshot, whole_text(values), values.c.reason]


def _pair(partition: str, parameter: str, *sides: Any) -> Pair:
    old, new = (MISSING if snapshot is None else value_of(text, reason)
                for snapshot, text, reason in (sides[:3], sides[3:]))  # fmt: skip
    return Pair(partition, parameter, old, new)
