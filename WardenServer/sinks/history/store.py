"""Where the history is kept: parts of it, each of which can be written, read, measured and dropped."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from WardenServer.errors import SettingError
from WardenServer.settings import secret
from WardenServer.settings.config import Settings
from WardenServer.sinks.history.parts import Part

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

#: What to say where a library is missing.
CURE = "install it with: pip install wardenserver[{}]"


class Store:
    """What all stores can do. Every error of a server or disk is Unreachable, with the cure."""

    def parts(self) -> list[Part]:
        """All parts that are there, the oldest of each level first."""
        raise NotImplementedError

    def write(self, part: Part) -> "AbstractContextManager[Connection]":
        """A transaction that writes to a part, which is made where it is missing."""
        raise NotImplementedError

    def put(self, connection: "Connection", table: "Table", rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows."""
        if rows:
            connection.execute(table.insert(), rows)

    def read(self, part: Part) -> "AbstractContextManager[Connection]":
        """A transaction that reads from a part that is there."""
        raise NotImplementedError

    def drop(self, part: Part) -> None:
        """Delete a part as a whole."""
        raise NotImplementedError

    def size(self, part: Part) -> int:
        """How many bytes a part takes."""
        raise NotImplementedError

    def free(self) -> tuple[int, int] | None:
        """How many bytes of the disk are free, and how many it has; None where that is not ours to know."""
        return None

    def tidy(self, part: Part) -> None:
        """Give back the room that a part no longer needs, as far as that is quick."""

    def trouble(self, part: Part) -> str:
        """What is wrong with a part, found by looking at all of it; "" where nothing is."""
        return ""

    def close(self) -> None:
        """Let go of all connections."""


def url(settings: Settings) -> str:
    """The URL of the history: a secret as a whole.

    Raises:
        SettingError: the variable or file that it stands in is not there.
    """
    said = secret.value("history_url", settings.history_url)
    return str(said or f"sqlite:///{folder(settings)}")


def folder(settings: Settings) -> Path:
    """The folder of the history where no URL says otherwise."""
    return settings.state_folder / f"history-{settings.instance}"


def open_store(url: str, instance: str) -> Store:
    """The store at a URL: `sqlite:///FOLDER` or `postgresql://...`. Nothing is connected to yet.

    Raises:
        SettingError: there is no such store, or its library is missing.
    """
    try:
        import pcodec  # noqa: F401  # used further down: what is missing is said here
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise SettingError(f"the history needs the library {error.name}; {CURE.format('history')}") from None
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingError("history_url is no URL; write sqlite:///FOLDER or postgresql://USER@HOST/DATABASE") from None
    if parsed.drivername.startswith("sqlite"):
        from WardenServer.sinks.history.files import Files

        return Files(Path(parsed.database or "").absolute())
    if parsed.drivername.startswith("postgresql"):
        from WardenServer.sinks.history.postgresql import PostgreSQL

        return PostgreSQL(parsed, instance)
    raise SettingError(f"history_url is of {parsed.drivername}; write sqlite:///FOLDER or postgresql://USER@HOST/DATABASE")


def sentences(place: str, cure: str) -> AbstractContextManager[None]:
    """Turn errors of a database into Unreachable, one sentence that names the place and the cure."""
    from WardenServer.servers import sql

    return sql.sentences(f"the history in {place}", cure)
