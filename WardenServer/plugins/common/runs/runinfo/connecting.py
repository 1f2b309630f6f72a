"""The way to a run database of others: it is only read, and each wait has a limit.

Not tested with a real Oracle: only that its dialect can say the statements, and what happens where no server answers.
"""

import asyncio
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from WardenServer.errors import SettingError
from WardenServer.servers import sql

#: Seconds to wait for a lock, and for the end of a statement.
LOCK, STATEMENT = 5.0, 60.0
#: Rows that Oracle sends at a time.
_ROWS = 1000
_FORMS = "write sqlite:////FILE, postgresql://USER@HOST/DATABASE or oracle+oracledb://USER@HOST/?service_name=NAME"


@dataclass(frozen=True)
class Place:
    """A database. `name` is its URL without user, password and query; `what` and `cure` are for sentences."""

    engine: Engine
    name: str
    what: str
    cure: str


def place(said: str) -> Place:
    """What talks to the database at a URL. Nothing is connected to yet.

    Raises:
        SettingError: the URL means nothing, or the library for it is missing.
    """
    url = _parse(said)
    kind = url.get_backend_name()
    try:
        engine = _ENGINES[kind](url)
    except ImportError as error:
        cure = f"install it with: pip install 'wardenserver[{kind}]'"
        raise SettingError(f"`database` in [runs] is of {kind}, which needs the library {error.name}; {cure}") from None
    engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # what fails must not spoil what comes after it
    cure = "or correct `database` in [runs]"
    if kind == "sqlite":
        return Place(engine, _name(url), f"the run database {_path(url)}", f"see that the file can be read, {cure}")
    where = f"the run database of {kind} at {url.host or 'this machine'}"
    return Place(engine, _name(url), where, f"see that it runs and lets this user in, {cure}")


def _parse(said: str) -> URL:
    try:
        url = make_url(said)
    except (ArgumentError, ValueError):  # the second of a port that is no number
        raise SettingError(f"`database` in [runs] is no URL; {_FORMS}") from None
    kind = url.get_backend_name()
    if kind not in _ENGINES or (kind == "sqlite" and url.database in (None, "", ":memory:")):
        raise SettingError(f"`database` in [runs] is of {url.drivername}, or names no file; {_FORMS}")
    return url


def _name(url: URL) -> str:
    """Oracle has the name of its database in the query."""
    service = url.query.get("service_name") or url.database
    database = str(_path(url)) if url.get_backend_name() == "sqlite" else service
    plain = URL.create(url.get_backend_name(), host=url.host, port=url.port, database=str(database or ""))
    return plain.render_as_string()


def _path(url: URL) -> Path:
    return Path(url.database or "").absolute()


# -- the three


def _sqlite(url: URL) -> Engine:
    """A file that is opened for each look: another may take its place at any time. In the mode WAL, SQLite itself makes
    its two files beside it where they are missing."""
    place = f"{_path(url).as_uri()}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(place, LOCK, uri=True, check_same_thread=False)
        until = time.monotonic() + STATEMENT
        connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def _postgresql(url: URL) -> Engine:
    limits = {"lock_timeout": int(LOCK * 1000), "statement_timeout": int(STATEMENT * 1000)}
    return sql.postgresql(url, {"default_transaction_read_only": "on", "client_encoding": "UTF8", **limits})


def _oracle(url: URL) -> Engine:
    """In the thin mode, which needs nothing of Oracle. A CLOB comes as text. It is only read because nothing else is
    asked: Oracle has no such option for a session."""
    engine = create_engine(
        url.set(drivername="oracle+oracledb"), pool_pre_ping=True, arraysize=_ROWS,
        connect_args={"tcp_connect_timeout": float(sql.CONNECT)},
    )  # fmt: skip

    @event.listens_for(engine, "do_connect")
    def look(dialect: object, record: object, arguments: list[Any], named: dict[str, Any]) -> None:
        asyncio.run(_answers(arguments, named))

    @event.listens_for(engine, "connect")
    def limit(connection: Any, record: object) -> None:
        connection.call_timeout = int(STATEMENT * 1000)

    return engine


async def _answers(arguments: list[Any], named: dict[str, Any]) -> None:
    """See that Oracle lets us in: a usual connection waits without an end for a server that takes it and says nothing,
    only one of asyncio can be given up. Raises OSError."""
    import oracledb

    try:
        async with asyncio.timeout(sql.CONNECT), await oracledb.connect_async(*arguments, **named):
            pass
    except TimeoutError:
        raise OSError(0, f"no answer within {sql.CONNECT} s") from None
    except oracledb.Error as error:
        said = re.sub(r" *\(CONNECTION_ID=[^)]*\)", "", str(error))  # another one each time
        raise OSError(0, ": ".join(line.strip().rstrip(".") for line in said.split("\n")[:2])) from None


_ENGINES: dict[str, Callable[[URL], Engine]] = {"sqlite": _sqlite, "postgresql": _postgresql, "oracle": _oracle}
