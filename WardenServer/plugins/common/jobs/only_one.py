"""Of several monitors one does a thing at a time, also where that takes long."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from WardenServer.plugins.common.jobs.database import Database


@contextmanager
def only_one(database: Database, name: str) -> Iterator[bool]:
    """Whether nobody else does what has this name; nobody begins it before this ends.

    PostgreSQL keeps the lock for a transaction that does nothing else; beside a file of SQLite there is a file. The
    end of the process ends both. Raises Unreachable where the database cannot be used.
    """
    with database.reading() as connection:  # turns errors of the file, too, into sentences
        if database.path is None:
            key = func.hashtext(f"warden jobs {name}")
            yield bool(connection.scalar(select(func.pg_try_advisory_xact_lock(key))))
            return
        with database.path.with_name(f"{database.path.name}.{name}").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
