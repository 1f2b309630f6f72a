"""Changes of the jobs' tables: of those of an older release, and of Socorro's own."""

from collections.abc import Callable

from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.schema import CreateColumn

from WardenServer.plugins.common.jobs.tables import jobs, processors


def _from_socorro(connection: Connection) -> None:
    """Socorro's jobs get our columns, and its tables our indexes. Its ids had 50 characters; SQLite does not look at
    that."""
    for table in (jobs, processors):
        if inspect(connection).has_table(table.name):
            _add_missing(connection, table)
    if not inspect(connection).has_table(jobs.name):
        return
    connection.execute(text("UPDATE jobs SET priority = 0 WHERE priority IS NULL"))  # it would come first, or last
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER TABLE jobs ALTER COLUMN uuid TYPE varchar(255)"))


def _add_missing(connection: Connection, table: Table) -> None:
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            said = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {said}"))
    for index in table.indexes:
        index.create(connection, checkfirst=True)


#: What makes version n + 1 of version n.
CHANGES: tuple[Callable[[Connection], None], ...] = (_from_socorro,)
