"""Our store of runs: those of the hub with their values, and of any source what was found, told and acknowledged.

Several hubs may share one; `source` tells theirs apart (Source.name).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError

from WardenServer.plugins.common.runs.tables import METADATA, VERSION, runs_schema
from WardenServer.servers import database, sql


class Store(database.Database):
    """The tables of runs at a URL. Any thread may use it. Nothing is connected to before it is needed."""

    owner, setting, file = "the runs'", "runs_url", "runs.db"
    metadata, schema, version = METADATA, runs_schema, VERSION


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can say what becomes of a row that is there."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def replace(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Write a row, in place of one with the same key."""
    new = insert(connection, table).values(**values)
    keys = [column.name for column in table.primary_key]
    others = {name: new.excluded[name] for name in values if name not in keys}
    connection.execute(new.on_conflict_do_update(index_elements=keys, set_=others))


def fill(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> None:
    """Write many new rows, past SQLAlchemy, which would take most of the time. Texts come clean (see names.py)."""
    place = f"{columns[0].table.name} ({', '.join(column.name for column in columns)})"
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        sql.driver(connection).executemany(f"INSERT INTO {place} VALUES ({marks})", rows)
    else:
        _copy(connection, f"COPY {place} FROM STDIN", rows)


def _copy(connection: Connection, words: str, rows: Iterable[Sequence[Any]]) -> None:
    import psycopg

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(words) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DatabaseError(words, None, error) from error
