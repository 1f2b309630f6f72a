"""The history in a folder: a file of SQLite for each part."""

import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from WardenServer.errors import Unreachable
from WardenServer.machine import whole_file
from WardenServer.servers import sql
from WardenServer.sinks.history import tables
from WardenServer.sinks.history.parts import Part, read_name
from WardenServer.sinks.history.store import Store, sentences

log = logging.getLogger("warden.history")

#: Seconds to wait for another program that writes to the file.
PATIENCE = 2.0
#: Most files that are open at once.
MOST = 120
_CURE = "make room, or correct history_url or the rights of the folder"


class Files(Store):
    """A folder with files such as raw-2026-11-28.db. Any thread may use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._engines: dict[Path, tuple[int, Engine]] = {}  # with the number of the file
        self._lock = threading.Lock()
        self._is_checked = False

    def path(self, part: Part) -> Path:
        """The file of a part."""
        return self.folder / f"{part}.db"

    def parts(self) -> list[Part]:
        """See Store."""
        try:
            names = [entry.name for entry in os.scandir(self.folder) if entry.name.endswith(".db")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unreachable(f"{self.folder} cannot be read ({error.strerror}); correct its rights") from None
        found = [part for name in names if (part := read_name(name.removesuffix(".db"))) is not None]
        return sorted(found, key=lambda part: (part.level.name, part.begin))

    @contextmanager
    def write(self, part: Part) -> Iterator[Connection]:
        """See Store."""
        path = self.path(part)
        with sentences(str(path), _CURE), self._put_aside_damaged(path):
            self._check_place()
            with self._engine(path, part).execution_options(begin=sql.WRITING).begin() as connection:
                yield connection

    @contextmanager
    def read(self, part: Part) -> Iterator[Connection]:
        """See Store."""
        path = self.path(part)
        cure = "correct its rights, or look with: warden history check"
        with sentences(str(path), cure), self._engine(path, None).begin() as connection:
            yield connection

    def drop(self, part: Part) -> None:
        """See Store."""
        path = self.path(part)
        self._forget(path)
        with sentences(str(path), _CURE):
            for each in (path, *_beside(path)):
                each.unlink(missing_ok=True)

    def size(self, part: Part) -> int:
        """See Store."""
        path = self.path(part)
        return sum(each.stat().st_size for each in (path, *_beside(path)) if each.exists())

    def free(self) -> tuple[int, int] | None:
        """See Store."""
        try:
            usage = shutil.disk_usage(next(each for each in (self.folder, *self.folder.parents) if each.exists()))
        except OSError as error:
            raise Unreachable(f"{self.folder} cannot be looked at ({error.strerror}); correct its rights") from None
        return usage.free, usage.total

    def tidy(self, part: Part) -> None:
        """See Store."""
        engine = self._engine(self.path(part), part).execution_options(begin="")
        with sentences(str(self.path(part)), _CURE), engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")

    def trouble(self, part: Part) -> str:
        """See Store."""
        try:
            with self.read(part) as connection:
                said = [row[0] for row in connection.execute(text("PRAGMA integrity_check(3)"))]
        except Unreachable as error:
            return str(error)
        return "" if said == ["ok"] else "; ".join(map(str, said))

    def close(self) -> None:
        """See Store."""
        with self._lock:
            known, self._engines = list(self._engines.values()), {}
        for _, engine in known:
            engine.dispose()

    @contextmanager
    def _put_aside_damaged(self, path: Path) -> Iterator[None]:
        """Where a file turns out to be damaged, make way for a new one: it costs that part only."""
        try:
            yield
        except DatabaseError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                self._forget(path)
                aside = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
                path.replace(aside)
                log.error("%s is damaged (%s): it is now %s, and a new one is made", path, error.orig, aside)
            raise

    def _forget(self, path: Path) -> None:
        with self._lock:
            known = self._engines.pop(path, None)
        if known is not None:
            known[1].dispose()

    def _check_place(self) -> None:
        """Make the folder; refuse one on a network file system."""
        if self._is_checked:
            return
        sql.refuse_network(self.folder, "set history_url to a folder on a disk of this machine, or to PostgreSQL")
        whole_file.make_folder(self.folder)
        self._is_checked = True

    def _engine(self, path: Path, part: Part | None) -> Engine:
        """What talks to a file; with `part` the file is made where it is missing."""
        with self._lock:
            known, engine = self._engines.pop(path, (0, None))
            if engine is not None and sql.file_number(path) != known:  # somebody has removed it, or made another
                engine.dispose()
                engine = None
            if engine is None:
                engine = _open(path, part)
            self._engines[path] = sql.file_number(path), engine  # the one used last is the last
            if len(self._engines) > MOST:
                self._engines.pop(next(iter(self._engines)))[1].dispose()
        return engine


def _beside(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}-{end}") for end in ("wal", "shm")]


def _open(path: Path, part: Part | None) -> Engine:
    if part is not None and not path.exists():
        _make(path, part)
    if not path.exists():
        raise Unreachable(f"{path} is not there any more; it has been thinned away or moved")
    engine = sql.sqlite(path, PATIENCE)
    try:
        with engine.execution_options(begin="").connect() as connection:
            _check_version(path, connection)
            if part is not None:
                _make_tables(connection, part)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _make(path: Path, part: Part) -> None:
    """Make a file under another name first: a reader that finds it finds its tables."""
    new = path.with_suffix(".new")
    for each in (new, *_beside(new)):  # of a start that was cut off
        each.unlink(missing_ok=True)
    whole_file.make(new)  # with the right mode
    engine = sql.sqlite(new, PATIENCE)
    try:
        with engine.execution_options(begin="").connect() as connection:
            _make_tables(connection, part)
    finally:
        engine.dispose()  # with it goes what WAL has beside the file
    with suppress(FileExistsError):  # another was quicker
        path.hardlink_to(new)
    new.unlink()


def _check_version(path: Path, connection: Connection) -> None:
    (version,) = connection.execute(text("PRAGMA user_version")).fetchone() or (0,)
    if version > tables.VERSION:
        raise Unreachable(f"{path} was written by a newer release (version {version}); install that one")


def _make_tables(connection: Connection, part: Part) -> None:
    """The tables of a new file."""
    if (connection.execute(text("PRAGMA user_version")).fetchone() or (0,))[0] == tables.VERSION:
        return
    connection.execute(text("PRAGMA auto_vacuum = INCREMENTAL"))
    connection.execute(text("PRAGMA journal_mode = WAL")).fetchall()
    connection.execute(text("BEGIN IMMEDIATE"))
    tables.of(part.level).create_all(connection)
    connection.execute(text(f"PRAGMA user_version = {tables.VERSION}"))
    connection.execute(text("COMMIT"))
