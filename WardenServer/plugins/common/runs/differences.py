"""Differences that were found between two runs, and which of them people were told."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, true, update

from WardenServer.plugins.common.runs.source import bounded
from WardenServer.plugins.common.runs.store import Store, insert
from WardenServer.plugins.common.runs.tables import run_differences


@dataclass(frozen=True)
class Difference:
    """What changed in these partitions between two runs. `text` is the short form, `at` in Unix seconds; `number` is
    the store's own, 0 before it has one."""

    partitions: tuple[str, ...]
    old: int
    new: int
    at: float
    changes: int
    text: str
    number: int = 0


def record(connection: Connection, source: str, difference: Difference) -> None:
    """Keep a difference that is to be told. One of the same partitions and runs that is there already stays."""
    digest = hashlib.sha256(json.dumps(sorted(difference.partitions)).encode()).hexdigest()
    new = insert(connection, run_differences).values(
        source=source, digest=digest, old=difference.old, new=difference.new, at=difference.at,
        partitions=json.dumps(difference.partitions), changes=difference.changes, text=difference.text,
    )  # fmt: skip
    connection.execute(new.on_conflict_do_nothing())


def untold(store: Store, source: str) -> list[Difference]:
    """Those that nobody was told yet, the oldest first."""
    order = run_differences.c.id
    return _read(store, _of(source).where(~run_differences.c.told).order_by(order))


def mark_told(store: Store, source: str, numbers: Iterable[int]) -> None:
    """They were told."""
    mine = run_differences.c.source == source
    statement = update(run_differences).where(mine, run_differences.c.id == bindparam("mine")).values(told=true())
    if given := [{"mine": number} for number in numbers]:
        with store.writing() as connection:
            connection.execute(statement, given)


def newest(store: Store, source: str, most: int, before: int | None = None) -> list[Difference]:
    """The newest first; with smaller numbers than `before`."""
    statement = _of(source).order_by(run_differences.c.id.desc()).limit(most)
    return _read(store, statement if before is None else statement.where(run_differences.c.id < bounded(before)))


def _of(source: str) -> Select[Any]:
    columns = run_differences.c
    return select(
        columns.partitions, columns.old, columns.new, columns.at, columns.changes, columns.text, columns.id
    ).where(columns.source == source)


def _read(store: Store, statement: Select[Any]) -> list[Difference]:
    with store.reading() as connection:
        return [Difference(tuple(json.loads(row[0])), *row[1:]) for row in connection.execute(statement)]
