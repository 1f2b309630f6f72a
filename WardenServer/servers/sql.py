"""Databases of SQLAlchemy as we talk to them: files of SQLite, and PostgreSQL. Needs an extra that has SQLAlchemy."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from WardenServer.errors import Unreachable

#: File systems on which the readers and the writer of one file do not see each other's memory, as WAL needs.
NETWORK = ("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "9p", "lustre", "beegfs", "gpfs", "ceph",
           "fuse.sshfs", "fuse.glusterfs", "fuse.ceph")  # fmt: skip
#: What the option `begin` of a connection says for a transaction that writes: a reader that becomes a writer would not
#: wait for its turn.
WRITING = "BEGIN IMMEDIATE"
#: Seconds to wait for a connection to PostgreSQL, and milliseconds that it waits for a client that is gone.
CONNECT, GONE = 3, 10_000


def sqlite(path: Path, patience: float) -> Engine:
    """What talks to a file of SQLite; any thread may use it. `patience`: seconds to wait for another that writes.

    A transaction begins as the option `begin` of its connection says, which is WRITING for one that writes.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": patience, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def postgresql(url: URL, parameters: Mapping[str, Any]) -> Engine:
    """What talks to PostgreSQL, with `parameters` of its server for each connection. Raises ImportError without
    psycopg."""
    options = " ".join(f"-c {name}={value}" for name, value in parameters.items())
    return create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT, "options": options, "tcp_user_timeout": GONE},
    )  # fmt: skip


def driver(connection: Connection) -> sqlite3.Connection:
    """What talks to the file of SQLite below SQLAlchemy, in the same transaction: for statements that run thousands of
    times a second, of which SQLAlchemy would take most of the time. Raises sqlite3.Error."""
    found: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def file_number(path: Path) -> int:
    """By which a file is known, also when another gets its name; 0 where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def file_system(path: Path) -> str:
    """The kind of file system that a path is, or will be, on; "" where that is unknown."""
    place = next(each for each in (path, *path.parents) if each.exists()).resolve()
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    return next((mounts[each] for each in (place, *place.parents) if each in mounts), "")


def refuse_network(folder: Path, cure: str) -> None:
    """Raises Unreachable, with the cure, where a folder is on a network file system."""
    if (kind := file_system(folder)) in NETWORK:
        raise Unreachable(f"{folder} is on a network file system ({kind}), where SQLite loses data; {cure}")


@contextmanager
def sentences(what: str, cure: str) -> Iterator[None]:
    """Turn errors of a database, and of its disk, into Unreachable: one sentence that names `what` and the cure."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        raise Unreachable(f"{what} cannot be used ({said}); {cure}") from None
    except OSError as error:
        if isinstance(error, Unreachable):
            raise
        raise Unreachable(f"{what} cannot be used ({error.strerror}); {cure}") from None


def _prepare(connection: Any, record: object) -> None:
    """Each new connection: transactions begin where we say so, and a kill -9 costs nothing that was committed."""
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: Connection) -> None:
    """Each new transaction, in the words of the option `begin`."""
    if words := connection.get_execution_options().get("begin", "BEGIN"):
        try:
            driver(connection).execute(words)
        except sqlite3.Error as error:
            raise DatabaseError(words, None, error) from error
