"""Our store of runs: those of the hub with their values, and of any source what was found, told and acknowledged.

Several hubs may share one; `source` tells theirs apart (Source.name).
"""

from sqlalchemy import Connection

from WardenServer.servers import database


class Store(database.Database):
    """The tables of runs at a URL. Any thread may use it. Nothing is connected to before it is needed."""

    owner, setting, file = "the runs'", "runs_url", "runs.db"

    def bring_up(self, connection: Connection, what: str) -> None:
        """Make the tables, or change those of an older form."""
        raise NotImplementedError
