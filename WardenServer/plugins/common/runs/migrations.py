"""Brings the tables of the store to their form of now."""

from sqlalchemy import Connection, delete, insert, inspect, select

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.runs.tables import METADATA, VERSION, runs_schema


def bring_up(connection: Connection, what: str) -> None:
    """Make the tables where they are missing. In one transaction.

    Raises:
        Unreachable: `what`, the database, was written by a newer release.
    """
    version = _version(connection)
    if version > VERSION:
        raise Unreachable(f"{what} was written by a newer release (version {version}); install that one")
    if version == VERSION:
        return
    METADATA.create_all(connection)
    connection.execute(delete(runs_schema))
    connection.execute(insert(runs_schema).values(version=VERSION))


def _version(connection: Connection) -> int:
    """0 where there are no tables."""
    if not inspect(connection).has_table(runs_schema.name):
        return 0
    return int(connection.scalar(select(runs_schema.c.version)) or 0)
