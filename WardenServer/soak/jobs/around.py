"""Faults of what is around monitors and workers: their database, folders, and those who ask. See `faults`."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.jobs import requests
from WardenServer.plugins.common.jobs.storage import radix_ids
from WardenServer.soak.jobs.scene import Scene

#: Requests of one kind that are made at once.
REQUESTS = 20
#: Ids that there are not, some of which can be none.
ODD = ("it's \"quoted\"; DROP TABLE jobs", "new\nline", "../../../etc/passwd", "x" * 255, "x" * 300, "\u00e9\U0001f600",
       "nul\0", "")  # fmt: skip


# -- the database


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Somebody else holds a transaction open that keeps all others from writing."""
    database = scene.stage.database
    if database.path is not None:
        with closing(sqlite3.connect(database.path, timeout=30.0, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            yield
            somebody.execute("ROLLBACK")
    else:
        with database.reading() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 30000"))
            connection.execute(text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"))
            yield


@contextmanager
def cut(scene: Scene) -> Iterator[None]:
    """All connections to PostgreSQL end."""
    with scene.stage.database.reading() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).all()
    yield


# -- files


@contextmanager
def target_gone(scene: Scene, success: bool) -> Iterator[None]:
    """The folder of files whose job has ended is away, and cannot be made: a file is in its place. Where a monitor is
    quicker to make it anew, the files stay in both."""
    target = scene.stage.jobs.successful if success else scene.stage.jobs.failed
    assert target is not None
    away = target.with_name(f"{target.name}.{scene.random.randrange(10**9)}")
    with suppress(FileNotFoundError):  # nothing has gone there yet
        target.rename(away)
    is_shut = _put_file(target)
    try:
        yield
    finally:
        if is_shut:
            target.unlink()
            with suppress(OSError):
                away.rename(target)


def _put_file(path: Path) -> bool:
    """Whether nobody was quicker to make a folder there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    return True


@contextmanager
def read_only(scene: Scene) -> Iterator[None]:
    """Nothing can be put into the folders of today (but by root)."""
    folders = [place for place in (scene.stage.jobs.successful, scene.stage.jobs.failed) if place and place.exists()]
    for folder in folders:
        folder.chmod(0o500)
    yield
    for folder in folders:
        folder.chmod(0o770)


# -- requests


@contextmanager
def asked(scene: Scene) -> Iterator[None]:
    """Many ask at once: for what waits, is deferred, is long done or never was, and twice."""
    pairs = list(scene.collector.pairs.values())
    some = scene.random.sample(pairs, min(len(pairs), 3 * REQUESTS))
    latest, deferred = pairs[-REQUESTS:], [pair for pair in pairs if pair.is_deferred][-REQUESTS:]
    wanted = [*some, *latest, *deferred[::2], *latest]
    never = [radix_ids.make(0.0) for _ in range(REQUESTS)]
    ids = [*(pair.id for pair in wanted), *never, *ODD]
    scene.random.shuffle(ids)
    try:
        requests.ask(scene.stage.database, ids)
    except SettingError:  # some can be none; the others are asked for
        pass
    except Unreachable:
        wanted = []  # by nobody: it was one transaction
    for pair in wanted:
        pair.is_asked = True
    yield
