"""Two snapshots compared by the database: only what differs comes out of it."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, exists, null, select

from WardenServer.plugins.common.differ.change import MISSING, Pair
from WardenServer.plugins.common.runs.kept import joined, value_of
from WardenServer.plugins.common.runs.source import Phase, Side, is_number
from WardenServer.plugins.common.runs.tables import run_parameters, run_snapshots, run_texts, run_values

_OLD, _NEW = run_values.alias("o"), run_values.alias("n")
_OLD_TEXTS, _NEW_TEXTS = run_texts.alias("ot"), run_texts.alias("nt")


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


def differing(connection: Connection, old: Stored, new: Stored, partitions: Sequence[str] | None) -> list[Pair]:
    """What differs, and what is unavailable on either side; by parameter, then partition."""
    pairs = [_pair(*row) for row in connection.execute(within(_changed(old, new), partitions))]
    missing = sum(pair.new is MISSING for pair in pairs)
    if partitions is not None or new.amount > old.amount - missing:
        pairs += [_pair(*row) for row in connection.execute(within(_added(old, new), partitions))]
    return sorted(pairs, key=lambda pair: (pair.parameter, pair.partition))


def _changed(old: Stored, new: Stored) -> Select[Any]:
    """Of the old values those that are not the same in the new snapshot. What is unavailable is the same as nothing."""
    there = and_(_NEW.c.snapshot == new.number, _NEW.c.parameter == _OLD.c.parameter)
    return (
        select(
            run_parameters.c.partition, run_parameters.c.parameter,
            _OLD.c.snapshot, joined(_OLD, _OLD_TEXTS), _OLD.c.reason,
            _NEW.c.snapshot, joined(_NEW, _NEW_TEXTS), _NEW.c.reason,
        )
        .join_from(_OLD, _NEW, there, isouter=True)
        .join(run_parameters, run_parameters.c.id == _OLD.c.parameter)
        .outerjoin(_OLD_TEXTS, _OLD_TEXTS.c.key == _OLD.c.text)
        .outerjoin(_NEW_TEXTS, _NEW_TEXTS.c.key == _NEW.c.text)
        .where(_OLD.c.snapshot == old.number, (_OLD.c.text == _NEW.c.text).is_not(True))
    )  # fmt: skip


def _added(old: Stored, new: Stored) -> Select[Any]:
    """The new values of which the old snapshot has none."""
    there = exists().where(_OLD.c.snapshot == old.number, _OLD.c.parameter == _NEW.c.parameter)
    return (
        select(
            run_parameters.c.partition, run_parameters.c.parameter, null(), null(), null(),
            _NEW.c.snapshot, joined(_NEW, _NEW_TEXTS), _NEW.c.reason,
        )
        .join_from(_NEW, run_parameters, run_parameters.c.id == _NEW.c.parameter)
        .outerjoin(_NEW_TEXTS, _NEW_TEXTS.c.key == _NEW.c.text)
        .where(_NEW.c.snapshot == new.number, ~there)
    )  # fmt: skip


def within(statement: Select[Any], partitions: Iterable[str] | None) -> Select[Any]:
    """Only of these partitions, or of all."""
    return statement if partitions is None else statement.where(run_parameters.c.partition.in_(list(partitions)))


def _pair(partition: str, parameter: str, *sides: Any) -> Pair:
    old, new = (MISSING if snapshot is None else value_of(text, reason)
                for snapshot, text, reason in (sides[:3], sides[3:]))  # fmt: skip
    return Pair(partition, parameter, old, new)
