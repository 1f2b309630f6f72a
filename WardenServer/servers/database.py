"""A database of ours: a file of SQLite, or PostgreSQL for several machines. Needs an extra that has SQLAlchemy."""

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, delete, event, func, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from WardenServer.errors import SettingError, Unreachable
from WardenServer.machine import whole_file
from WardenServer.servers import sql

#: Seconds to wait for another that writes.
PATIENCE = 5.0
#: Of SQLite: kB of memory for the pages of a connection, and how many changed pages are brought to the file at a time.
MEMORY, CHECKPOINT = 32_768, 8000
#: Of PostgreSQL, in milliseconds: to wait for a lock, and for the end of a statement. To compile one (jit) takes longer
#: than all that it would do.
_LIMITS = {"lock_timeout": 5000, "statement_timeout": 60_000, "TimeZone": "UTC", "jit": "off"}


class Database:
    """The tables at a URL. Any thread may use it. Nothing is connected to before it is needed.

    A subclass says what it is for, which setting has the URL, and what its tables are.
    """

    #: In sentences: whose database it is, the setting that names it, and the name of a file.
    owner: str
    setting: str
    file: str
    #: The tables of now, the one among them that has the version of their form in a row, and that of now.
    metadata: MetaData
    schema: Table
    version: int
    #: What makes version n + 1 of version n; 0 is a database without the table `schema`.
    changes: Sequence[Callable[[Connection], None]] = ()

    def __init__(self, url: str) -> None:
        """Take on the place.

        Raises:
            SettingError: the URL means nothing, or the library for it is missing.
        """
        self._url = self._parse(url)
        self.is_file = self._url.drivername.startswith("sqlite")
        self.path = Path(self._url.database or "").absolute() if self.is_file else None
        if self.path is not None:
            self._what = f"{self.owner} database {self.path}"
            self._cure = f"end what holds it, or correct {self.setting}"
        else:
            self._what = f"{self.owner} database in PostgreSQL at {self._url.host or 'this machine'}"
            self._cure = f"see that it runs and lets this user in, or correct {self.setting}"
        self._engines: dict[str, Engine] = {}  # one, by the words with which its transactions begin
        self._number = 0  # of the file
        self._mine = threading.local()
        self._kept: weakref.WeakSet[Connection] = weakref.WeakSet()  # of all threads
        self._lock = threading.Lock()

    def prepare(self, connection: Any) -> None:
        """Give a new connection to a file of SQLite what else it needs."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write. Raises Unreachable where the database cannot be used."""
        with sql.sentences(self._what, self._cure), self._begin(sql.WRITING) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises Unreachable where the database cannot be used."""
        with sql.sentences(self._what, self._cure), self._begin("BEGIN") as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections. No transaction may go on."""
        with self._lock:
            self._let_go()

    def alone(self, connection: Connection, name: str) -> None:
        """Let no other transaction do what has this name before this one ends. In SQLite only one writes anyway."""
        if not self.is_file:
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"warden {self.owner} {name}"))))

    # -- the engine

    def _begin(self, words: str) -> AbstractContextManager[Connection]:
        engine = self._ready()[words]
        return self._on_kept(engine) if self.is_file and words == sql.WRITING else engine.begin()

    @contextmanager
    def _on_kept(self, engine: Engine) -> Iterator[Connection]:
        """A transaction of a connection that this thread keeps: to take one of the pool each time costs half as much as
        all of a small transaction. It goes back to the pool when the thread ends. Not for a server: what it has cut
        is only noticed when it is taken from the pool."""
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None or connection.engine is not engine or connection.closed or connection.invalidated:
            connection = self._mine.connection = engine.connect()
            with self._lock:
                self._kept.add(connection)
        with connection.begin():
            yield connection

    def _ready(self) -> dict[str, Engine]:
        """What talks to the database, whose tables are there."""
        with self._lock:
            if self._engines and self.path is not None and sql.file_number(self.path) != self._number:
                self._let_go()  # somebody has removed the file, or put another in its place
            if not self._engines:
                engine = self._open()
                self._engines = {words: engine.execution_options(begin=words) for words in ("BEGIN", sql.WRITING)}
            return self._engines

    def _let_go(self) -> None:
        for connection in list(self._kept):
            connection.close()
        self._kept.clear()
        for engine in self._engines.values():
            engine.dispose()
        self._engines = {}

    def _open(self) -> Engine:
        engine = self._open_file(self.path) if self.path is not None else sql.postgresql(self._url, _LIMITS)
        try:
            with engine.execution_options(begin=sql.WRITING).begin() as connection:
                self.alone(connection, "tables")
                self._bring_up(connection)
        except BaseException:
            engine.dispose()
            raise
        self._number = sql.file_number(self.path) if self.path is not None else 0
        return engine

    def _bring_up(self, connection: Connection) -> None:
        """Make the tables where they are missing, and change those of an older form."""
        is_there = inspect(connection).has_table(self.schema.name)
        found = int(connection.scalar(select(self.schema.c.version)) or 0) if is_there else 0
        if found > self.version:
            raise Unreachable(f"{self._what} was written by a newer release (version {found}); install that one")
        if found == self.version:
            return
        for change in self.changes[found:]:
            change(connection)
        self.metadata.create_all(connection)
        connection.execute(delete(self.schema))
        connection.execute(insert(self.schema).values(version=self.version))

    def _open_file(self, path: Path) -> Engine:
        cure = f"set {self.setting} to a file on a disk of this machine, or to PostgreSQL"
        sql.refuse_network(path.parent, cure)
        whole_file.make_folder(path.parent)
        whole_file.make(path)  # with the right mode
        engine = sql.sqlite(path, PATIENCE)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, record: object) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{MEMORY}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
            self.prepare(connection)

        return engine

    def _parse(self, url: str) -> URL:
        where = f"write sqlite:////FOLDER/{self.file} or postgresql://USER@HOST/DATABASE"
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # the second of a port that is no number
            raise SettingError(f"{self.setting} is no URL; {where}") from None
        if parsed.drivername.startswith("sqlite") and parsed.database not in (None, "", ":memory:"):
            return parsed
        if not parsed.drivername.startswith("postgresql"):
            raise SettingError(f"{self.setting} is of {parsed.drivername}, or names no file; {where}")
        try:
            import psycopg  # noqa: F401  # used further down: what is missing is said here
        except ImportError:
            cure = "install it with: pip install wardenserver[postgresql]"
            raise SettingError(f"{self.setting} is of PostgreSQL, which needs the library psycopg; {cure}") from None
        return parsed
