"""A database by its own driver: what anyone has without us."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.servers import free_port
from tests.system.postgresql import PostgreSQL


class Driver:
    """A connection to the database at a URL. Each statement is a transaction of its own."""

    def __init__(self, url: str) -> None:
        self.is_file = url.startswith("sqlite")
        self._connection: Any
        if self.is_file:
            self._connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        else:
            import psycopg

            self._connection = psycopg.connect(url, autocommit=True)

    def execute(self, *statements: str) -> None:
        """One after the other."""
        for statement in statements:
            self._connection.execute(statement)

    def fetch(self, statement: str) -> list[Any]:
        """All rows."""
        return list(self._connection.execute(statement).fetchall())

    def fill(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Write many rows."""
        if self.is_file:
            self.execute("BEGIN")
            self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in rows[0])})", rows)
            self.execute("COMMIT")
            return
        with self._connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def settle(self) -> None:
        """What the server does by itself some time after so much was written."""
        self.execute("ANALYZE" if self.is_file else "VACUUM ANALYZE")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()


@contextmanager
def database(folder: Path, postgresql: bool) -> Iterator[str]:
    """The URL of a database without tables."""
    if not postgresql:
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    with PostgreSQL(free_port(), folder) as server:
        yield server.url
