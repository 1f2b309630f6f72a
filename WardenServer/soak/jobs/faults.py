"""The faults of a soak of jobs, each a context manager: it begins, holds for a while, and ends. Main thread."""

import os
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import text

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.jobs import requests
from WardenServer.plugins.common.jobs.storage import radix_ids
from WardenServer.soak.jobs.collector import Collector
from WardenServer.soak.jobs.stage import CHECK_IN, Actor, Stage
from WardenServer.soak.shared import kill, stopped

#: Requests of one kind that are made at once.
REQUESTS = 20
#: Ids that there are not, some of which can be none.
ODD = ("it's \"quoted\"; DROP TABLE jobs", "new\nline", "../../../etc/passwd", "x" * 255, "x" * 300, "\u00e9\U0001f600",
       "nul\0", "")  # fmt: skip


@dataclass
class Scene:
    """What a fault works on."""

    stage: Stage
    collector: Collector
    random: random.Random


Throw = Callable[[Scene], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """One kind of fault, and how many seconds it holds."""

    kind: str
    throw: Throw
    seconds: tuple[float, float] = (0.0, 3.0)
    times: int = 1  # in one round of all faults


# -- programs


@contextmanager
def _killed(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """Killed, away for a while, and started again."""
    actors = choose(scene)
    for actor in actors:
        scene.stage.harm(actor)
        if actor.child.alive:
            kill(actor.child)
    yield
    for actor in actors:
        actor.start()


@contextmanager
def _stopped(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """It stands still, perhaps past the limit, and goes on as if nothing were."""
    [actor] = choose(scene)
    scene.stage.harm(actor)
    with suppress(ProcessLookupError), stopped(actor.child):  # its job may have killed it
        yield


@contextmanager
def _ended(scene: Scene, choose: Callable[[Scene], list[Actor]]) -> Iterator[None]:
    """Told to end, in order, and started again."""
    [actor] = choose(scene)
    scene.stage.end(actor, scene.random.choice([signal.SIGTERM, signal.SIGHUP]))
    yield
    actor.start()


def _a_monitor(scene: Scene) -> list[Actor]:
    return [scene.random.choice(scene.stage.monitors)]


def _monitors(scene: Scene) -> list[Actor]:
    return scene.stage.monitors


def _a_worker(scene: Scene) -> list[Actor]:
    return [scene.random.choice(scene.stage.workers)]


def _workers(scene: Scene) -> list[Actor]:
    return scene.stage.workers


# -- the database


@contextmanager
def _locked(scene: Scene) -> Iterator[None]:
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
def _cut(scene: Scene) -> Iterator[None]:
    """All connections to PostgreSQL end."""
    with scene.stage.database.reading() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).all()
    yield


# -- files


@contextmanager
def _target_gone(scene: Scene, success: bool) -> Iterator[None]:
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
def _read_only(scene: Scene) -> Iterator[None]:
    """Nothing can be put into the folders of today (but by root)."""
    folders = [place for place in (scene.stage.jobs.successful, scene.stage.jobs.failed) if place and place.exists()]
    for folder in folders:
        folder.chmod(0o500)
    yield
    for folder in folders:
        folder.chmod(0o770)


# -- requests


@contextmanager
def _asked(scene: Scene) -> Iterator[None]:
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


def faults(stage: Stage) -> list[Fault]:
    """All kinds."""
    limit = 2 * CHECK_IN
    found = [
        Fault("a monitor killed", partial(_killed, choose=_a_monitor), times=2),
        Fault("all monitors killed", partial(_killed, choose=_monitors)),
        Fault("a worker killed", partial(_killed, choose=_a_worker), (0.0, limit), times=3),
        Fault("all workers killed", partial(_killed, choose=_workers)),
        Fault("a worker stopped past the limit (SIGSTOP)", partial(_stopped, choose=_a_worker), (limit, limit + 5)),
        Fault("a monitor stopped (SIGSTOP)", partial(_stopped, choose=_a_monitor), (0.5, 7.0)),
        Fault("a worker told to end", partial(_ended, choose=_a_worker)),
        Fault("a monitor told to end", partial(_ended, choose=_a_monitor)),
        Fault("the database locked", _locked, (0.5, 7.0)),
        Fault("a target folder away", partial(_target_gone, success=True), (0.5, 3.0)),
        Fault("the other target folder away", partial(_target_gone, success=False), (0.5, 3.0)),
        Fault("many requests", _asked, (0.0, 0.0), times=3),
    ]
    if os.geteuid() != 0:
        found.append(Fault("target folders read-only", _read_only, (0.5, 3.0)))
    if stage.database.path is None:
        found.append(Fault("connections cut", _cut, (0.0, 0.0), times=2))
    return found
