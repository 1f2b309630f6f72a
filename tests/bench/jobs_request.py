"""One request among a million jobs that wait, on SQLite: how long until its job is the most urgent one."""

import logging
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from tests.bench.figure import Run
from tests.bench.jobs_sides import side
from WardenServer.errors import WardenError

#: How many jobs are asked for, one after the other.
TIMES = 100
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
_JOBS = f"""
    INSERT INTO jobs (pathname, uuid, owner, priority, queueddatetime, founddatetime, attempts, signature)
    {_NUMBERS} SELECT '/data/' || i, 'image_' || i, 1 + i % 4, 0, '2026-01-01 00:00:00.000000',
    '2026-01-01 00:00:00.000000', 0, '2 1764350000123456789;2 1764350000123456789' FROM n
"""
_STEPS = f"""
    INSERT INTO job_steps (uuid, at, step, reason)
    {_NUMBERS} SELECT 'image_' || i, '2026-01-01 00:00:00.000000', 'queued', 'found in /data' FROM n
"""
_RAISE = "UPDATE jobs SET priority = priority + 1 WHERE uuid = ? AND starteddatetime IS NULL AND success IS NULL"


def make(folder: Path, kept: str, number: int) -> Run:
    """A database with so many jobs, of four processors."""
    file = Path(kept, "jobs.db")
    with closing(side("ours", f"sqlite:///{file}")) as ours:
        ours.prepare(4)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(_JOBS, (number,))
        database.execute(_STEPS, (number,))
    return {"jobs": number}


def request(folder: Path, kept: str, number: int) -> Run:
    """Milliseconds to ask for a job, and for the round of the monitor that serves it."""
    from WardenServer.plugins.common.jobs import configuration, requests
    from WardenServer.plugins.common.jobs.database import Database
    from WardenServer.plugins.common.jobs.rounds import Priority

    (folder / "data").mkdir()
    jobs = configuration.read({"storage": str(folder / "data"), "folder": kept})
    took, asked, before = [], _ids(number), _raised(kept)
    with closing(Database(jobs.url)) as database:
        loop = Priority(jobs, database, logging.getLogger("bench"))
        for id in asked:
            began = time.perf_counter()
            requests.ask(database, [id])
            loop.run(threading.Event())
            took.append(time.perf_counter() - began)
    _all_raised(kept, before + len(asked))
    return {"p50": 1e3 * median(took), "max": 1e3 * max(took)}


def request_bare(folder: Path, kept: str, number: int) -> Run:
    """The bare statement in a transaction of sqlite3."""
    took, asked, before = [], _ids(number), _raised(kept)
    with closing(sqlite3.connect(Path(kept, "jobs.db"), isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = NORMAL")
        for id in asked:
            began = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            database.execute(_RAISE, (id,))
            database.execute("COMMIT")
            took.append(time.perf_counter() - began)
    _all_raised(kept, before + len(asked))
    return {"p50": 1e3 * median(took), "max": 1e3 * max(took)}


def _ids(number: int) -> list[str]:
    """Some from everywhere."""
    return [f"image_{place * 7919 % number}" for place in range(TIMES)]


def _raised(kept: str) -> int:
    """How often a priority was raised, in all."""
    with closing(sqlite3.connect(Path(kept, "jobs.db"))) as database:
        return int(database.execute("SELECT sum(priority) FROM jobs WHERE priority > 0").fetchone()[0] or 0)


def _all_raised(kept: str, expected: int) -> None:
    if (raised := _raised(kept)) != expected:
        raise WardenError(f"priorities were raised {raised} times in place of {expected}; nothing is compared")
