"""The history in PostgreSQL: for each level of a hub a schema, in it the tables of tables.py, divided into partitions.

Rows are written by COPY.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateSchema

from WardenServer.errors import SettingError, Unreachable
from WardenServer.servers import sql
from WardenServer.sinks.history import tables
from WardenServer.sinks.history.parts import LEVELS, Level, Part, read_name
from WardenServer.sinks.history.store import CURE, Store, sentences

#: Milliseconds to wait for a lock, and for the end of a statement.
LOCK, STATEMENT = 2000, 60_000
_CURE = "see that PostgreSQL runs and lets this user in, or correct history_url"


class PostgreSQL(Store):
    """The database at a URL. Any thread may use it."""

    def __init__(self, url: URL, instance: str) -> None:
        """Raises SettingError where the library is missing."""
        self._place = f"PostgreSQL at {url.host or 'this machine'}"
        self._name = re.sub(r"[^a-z0-9]", "_", f"warden_{instance}".lower())
        try:
            self._engine: Engine = sql.postgresql(url, {"statement_timeout": STATEMENT, "lock_timeout": LOCK})
        except ImportError as error:
            message = f"the history in PostgreSQL needs the library {error.name}; {CURE.format('postgresql')}"
            raise SettingError(message) from None
        self._made: set[Part] = set()
        self._lock = threading.Lock()

    def parts(self) -> list[Part]:
        """See Store."""
        with self._begin(None) as connection:
            found = connection.execute(_PARTITIONS, {"schemas": [self._schema(level) for level in LEVELS.values()]})
            names = [(schema.removeprefix(f"{self._name}_"), table.split("_", 1)[1]) for schema, table in found]
        parts = [read_name(f"{level}-{span.replace('_', '-')}") for level, span in names]
        return sorted(
            {part for part in parts if part is not None}, key=lambda part: (part.level.name, part.begin)
        )

    @contextmanager
    def write(self, part: Part) -> Iterator[Connection]:
        """See Store."""
        self._make(part)
        with self._begin(part.level) as connection:
            yield connection

    @contextmanager
    def read(self, part: Part) -> Iterator[Connection]:
        """See Store."""
        with self._begin(part.level) as connection:
            yield connection

    def put(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Store."""
        if not rows:
            return
        names = list(rows[0])
        place = f'"{connection.get_execution_options()["schema_translate_map"][None]}"."{table.name}"'
        columns = ", ".join(f'"{name}"' for name in names)
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {place} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def drop(self, part: Part) -> None:
        """See Store."""
        with self._lock:
            self._made.discard(part)
        with self._begin(part.level) as connection:
            for name in self._partitions(part):
                connection.execute(text(f"DROP TABLE IF EXISTS {name}"))

    def size(self, part: Part) -> int:
        """See Store."""
        names = self._partitions(part)
        with self._begin(part.level) as connection:
            return sum(int(connection.scalar(_SIZE, {"name": name}) or 0) for name in names)

    def tidy(self, part: Part) -> None:
        """See Store."""
        with sentences(self._place, _CURE), self._engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")  # as VACUUM wants it
            for name in self._partitions(part):
                alone.execute(text(f"VACUUM {name}"))

    def close(self) -> None:
        """See Store."""
        self._engine.dispose()

    def _partitions(self, part: Part) -> list[str]:
        schema = self._schema(part.level)
        return [f'"{schema}"."{_partition(table, part)}"' for table in _divided(part.level)]

    def _schema(self, level: Level) -> str:
        return f"{self._name}_{level.name}"

    @contextmanager
    def _begin(self, level: Level | None) -> Iterator[Connection]:
        schema = None if level is None else self._schema(level)
        with sentences(self._place, _CURE), self._driver_errors():
            engine = self._engine.execution_options(schema_translate_map={None: schema})
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _driver_errors(self) -> Iterator[None]:
        """Errors of COPY, which SQLAlchemy does not see."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            said = str(error).strip().split("\n")[0]
            raise Unreachable(f"the history in {self._place} cannot be used ({said}); {_CURE}") from None

    def _make(self, part: Part) -> None:
        """Make schema, tables and partitions where they are missing."""
        if part in self._made:
            return
        schema = self._schema(part.level)
        with self._begin(part.level) as connection:
            connection.execute(_ALONE, {"name": schema})  # several hubs, or hub and upkeep, at once
            connection.execute(CreateSchema(schema, if_not_exists=True))
            self._check_version(connection, schema)
            tables.of(part.level).create_all(connection)
            for table, name in zip(_divided(part.level), self._partitions(part), strict=True):
                values = f"FROM ({part.begin}) TO ({part.end})"
                parent = f'"{schema}"."{table.name}"'
                connection.execute(text(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {parent} FOR VALUES {values}"))
        with self._lock:
            self._made.add(part)

    def _check_version(self, connection: Connection, schema: str) -> None:
        """The version is the comment of the schema."""
        said = connection.scalar(_COMMENT, {"name": schema})
        version = int(said.rpartition(" ")[2]) if said else 0
        if version > tables.VERSION:
            raise Unreachable(f"the history in {self._place} was written by a newer release; install that one")
        connection.execute(text(f"COMMENT ON SCHEMA \"{schema}\" IS 'WardenServer history, version {tables.VERSION}'"))


_PARTITIONS = text(
    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = ANY(:schemas) AND c.relispartition AND c.relkind = 'r'"
)
_SIZE = text("SELECT pg_total_relation_size(to_regclass(:name))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
_COMMENT = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")


def _divided(level: Level) -> list[Table]:
    """The tables of a level that have partitions."""
    return [table for table in tables.of(level).sorted_tables if table.dialect_options["postgresql"]["partition_by"]]


def _partition(table: Table, part: Part) -> str:
    return f"{table.name}_{part.name.split('-', 1)[1].replace('-', '_')}"
