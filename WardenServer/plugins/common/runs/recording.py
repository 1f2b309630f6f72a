"""Writes runs of a hub to the store. Each call may be repeated, also after a restart: what is there already stays."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from WardenServer.plugins.common.runs import kept, names
from WardenServer.plugins.common.runs.kept import Kept
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Run, Snapshot
from WardenServer.plugins.common.runs.store import Store, fill, insert
from WardenServer.plugins.common.runs.tables import run_parameters, run_snapshots, run_texts, run_values, runs

#: Values by partition and parameter.
_Rows = Mapping[tuple[str, str], Kept]
_BY_NAME = (run_parameters.c.partition, run_parameters.c.parameter)
#: Keys of long texts that are looked up at a time.
_MANY = 500


def begin(store: Store, hub: str, number: int, at: float, by: str, note: str = "") -> None:
    """A run was opened, at this time in Unix seconds. Raises Unreachable, as all here."""
    with store.writing() as connection:
        _keep(connection, hub, number, {"opened": at, "opened_by": by, "note": note})


def add(store: Store, hub: str, snapshot: Snapshot) -> None:
    """A snapshot of a run that has begun. With the one of its start, the run is ready. On the way, only what differs
    from before is kept. Of values with the same name the first counts."""
    rows: dict[tuple[str, str], Kept] = {}
    for each in snapshot.values:
        rows.setdefault((names.kept(each.partition), names.kept(each.parameter)), kept.row_of(each))
    with store.writing() as connection:
        store.alone(connection, names.kept(hub))
        if connection.scalar(select(run_snapshots.c.id).where(_is(hub, snapshot))) is None:
            _keep(connection, hub, snapshot.run, {})
            _write(connection, hub, snapshot, rows)


def end(store: Store, hub: str, number: int, at: float, note: str = "") -> None:
    """A run was closed."""
    with store.writing() as connection:
        _keep(connection, hub, number, {"closed": at, "end_note": note})


def newest(store: Store, hub: str) -> Run | None:
    """The run with the largest number."""
    return next(iter(Own(store, hub).newest(1)), None)


def _keep(connection: Connection, hub: str, number: int, values: Mapping[str, Any]) -> None:
    """Write of a run what is not known yet."""
    new = insert(connection, runs).values(hub=hub, number=number, **values)
    if values:
        known = {name: func.coalesce(runs.c[name], new.excluded[name]) for name in values}
        connection.execute(new.on_conflict_do_update(index_elements=["hub", "number"], set_=known))
    else:
        connection.execute(new.on_conflict_do_nothing())


def _is(hub: str, snapshot: Snapshot) -> ColumnElement[bool]:
    mine = and_(run_snapshots.c.hub == hub, run_snapshots.c.run == snapshot.run)
    return and_(mine, run_snapshots.c.phase == snapshot.phase.value, run_snapshots.c.at == snapshot.at)


def _write(connection: Connection, hub: str, snapshot: Snapshot, rows: _Rows) -> None:
    partitions = sorted({partition for partition, _ in rows})
    if snapshot.phase is Phase.WAY:
        known = _known(connection, hub, snapshot)
        rows = {name: row for name, row in rows.items() if known.get(name, ()) != (row.text, row.reason)}
    new = insert(connection, run_snapshots).values(
        hub=hub, run=snapshot.run, phase=snapshot.phase.value, at=snapshot.at, partitions=json.dumps(partitions),
        amount=len(rows),
    )  # fmt: skip
    number = connection.scalars(new.returning(run_snapshots.c.id)).one()
    _write_texts(connection, rows.values())
    ids = _ids(connection, hub, rows)
    values = sorted((number, ids[name], *row[:-1]) for name, row in rows.items())  # in the order of the key
    fill(connection, list(run_values.c), values)


def _known(connection: Connection, hub: str, snapshot: Snapshot) -> dict[tuple[str, str], tuple[str, str]]:
    """Text and reason of each parameter as the run had it last before this snapshot."""
    earlier = select(run_snapshots.c.id).where(
        run_snapshots.c.hub == hub, run_snapshots.c.run == snapshot.run, run_snapshots.c.at <= snapshot.at
    )
    last = (
        select(run_values.c.parameter, func.max(run_values.c.snapshot).label("snapshot"))
        .where(run_values.c.snapshot.in_(earlier))
        .group_by(run_values.c.parameter)
        .subquery()
    )
    found = connection.execute(
        select(*_BY_NAME, run_values.c.text, run_values.c.reason)
        .join_from(last, run_values, and_(
            run_values.c.snapshot == last.c.snapshot, run_values.c.parameter == last.c.parameter,
        ))
        .join(run_parameters, run_parameters.c.id == last.c.parameter)
    )  # fmt: skip
    return {(partition, parameter): (text, reason) for partition, parameter, text, reason in found}


def _ids(connection: Connection, hub: str, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The numbers of parameters by their names; new ones get theirs. Only this hub writes its own, one at a time."""
    statement = select(*_BY_NAME, run_parameters.c.id).where(run_parameters.c.hub == hub)
    found = {(partition, parameter): number for partition, parameter, number in connection.execute(statement)}
    if missing := [name for name in wanted if name not in found]:
        mine = names.kept(hub)
        columns = [run_parameters.c.hub, *_BY_NAME]
        fill(connection, columns, [(mine, *name) for name in missing])
        found = {(partition, parameter): number for partition, parameter, number in connection.execute(statement)}
    return found


def _write_texts(connection: Connection, rows: Iterable[Kept]) -> None:
    """Those that are not there yet; in order, so that two hubs that write the same ones wait for each other."""
    texts = {row.text: row.long for row in rows if row.long}
    keys = sorted(key for key in texts if key is not None)
    for first in range(0, len(keys), _MANY):
        some = keys[first : first + _MANY]
        there = set(connection.scalars(select(run_texts.c.key).where(run_texts.c.key.in_(some))))
        if missing := [{"key": key, "text": texts[key]} for key in some if key not in there]:
            connection.execute(insert(connection, run_texts).on_conflict_do_nothing(), missing)
