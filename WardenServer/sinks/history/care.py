"""Looks after a history by hand: whether all of it can be read, and a copy of it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from WardenServer.errors import Unreachable, WardenError
from WardenServer.machine import whole_file
from WardenServer.sinks.history import form, points, tables
from WardenServer.sinks.history.files import Files
from WardenServer.sinks.history.parts import BREAKS, RAW, Part
from WardenServer.sinks.history.store import Store


class Finding(NamedTuple):
    """A part: its size in bytes, how many values or points it has, and what is wrong with it, "" where nothing is."""

    part: Part
    size: int
    values: int
    trouble: str


def check(store: Store) -> Iterator[Finding]:
    """Read all of a history, part by part.

    Raises:
        Unreachable: the store does not answer at all.
    """
    for part in store.parts():
        trouble, values = store.trouble(part), 0
        try:
            values = 0 if trouble else _read_all(store, part)
        except (form.Damaged, Unreachable) as error:
            trouble = str(error)
        yield Finding(part, store.size(part), values, trouble)


def _read_all(store: Store, part: Part) -> int:
    """How many values a part has; raises form.Damaged where one cannot be read."""
    if part.level is BREAKS:
        return 0
    with store.read(part) as connection:
        if part.level is not RAW:
            column = tables.points.c
            chosen = select(column.day, column.data).where(column.day >= part.begin, column.day < part.end)
            rows = connection.execute(chosen)
            return sum(len(points.unpack(data, day, part.level.seconds).begin) for day, data in rows)
        block, fresh = tables.blocks.c, tables.fresh.c
        packed = connection.execute(select(block.kind, block.data).where(block.day == part.begin))
        count = sum(len(form.unpack(kind, data)) for kind, data in packed)
        new = connection.scalars(select(fresh.data).where(fresh.day == part.begin))
        return count + sum(len(column) for data in new for column in json.loads(data)[1:])


def backup(store: Store, target: Path) -> Iterator[Part]:
    """Copy all parts into a folder while the hub runs; those that are there and have not changed since stay.

    Raises:
        WardenError: it is no history in files, or the folder cannot be written.
    """
    if not isinstance(store, Files):
        raise WardenError("the history is in PostgreSQL; copy it with: pg_dump --schema 'warden_*'")
    try:
        whole_file.make_folder(target)
    except OSError as error:
        raise WardenError(f"{target} cannot be made ({error.strerror}); choose another folder") from None
    for part in store.parts():
        if _copy(store.path(part), target / f"{part}.db"):
            yield part


def _copy(source: Path, target: Path) -> bool:
    """Copy a file of SQLite as it is at one moment; whether there was need to."""
    written = [each for each in (source, source.with_name(f"{source.name}-wal")) if each.exists()]
    newest = max(each.stat().st_mtime for each in written)
    if target.exists() and target.stat().st_mtime >= newest:
        return False
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        whole_file.make(part)
        with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(part)) as copy:
            database.backup(copy)
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise WardenError(f"{target} cannot be written ({error}); make room, or choose another folder") from None
    return True
