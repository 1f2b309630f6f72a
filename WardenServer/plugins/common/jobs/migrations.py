"""Brings the tables of the jobs' database to their form of now: those of an older release, and Socorro's own."""

from collections.abc import Callable

from sqlalchemy import Connection, Table, delete, insert, inspect, select, text
from sqlalchemy.schema import CreateColumn

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.jobs.tables import METADATA, VERSION, jobs, jobs_schema, processors


def bring_up(connection: Connection, what: str) -> None:
    """Make the tables where they are missing, and change those of an older form. In one transaction.

    Raises:
        Unreachable: `what`, the database, was written by a newer release.
    """
    version = _version(connection)
    if version > VERSION:
        raise Unreachable(f"{what} was written by a newer release (version {version}); install that one")
    if version == VERSION:
        return
    for change in _CHANGES[version:]:
        change(connection)
    METADATA.create_all(connection)
    for table in (jobs, processors):
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    connection.execute(delete(jobs_schema))
    connection.execute(insert(jobs_schema).values(version=VERSION))


def _version(connection: Connection) -> int:
    """0 where there are no tables, or Socorro's."""
    if not inspect(connection).has_table(jobs_schema.name):
        return 0
    return int(connection.scalar(select(jobs_schema.c.version)) or 0)


def _from_socorro(connection: Connection) -> None:
    """Socorro's jobs get our columns. Its ids had 50 characters; SQLite does not look at that."""
    if not inspect(connection).has_table(jobs.name):
        return
    _add_missing(connection, jobs)
    connection.execute(text("UPDATE jobs SET priority = 0 WHERE priority IS NULL"))  # it would come first, or last
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE jobs ALTER COLUMN uuid TYPE varchar(255)"))


def _add_missing(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            said = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {said}"))


#: What makes version n+1 of version n.
_CHANGES: tuple[Callable[[Connection], None], ...] = (_from_socorro,)
