"""Jobs: queued, taken and done, and their files found, beside huey, pgqueuer and procrastinate.

The contest is in jobs_contest.py, what it is about in jobs_sides.py; files are in jobs_files.py, requests in
jobs_request.py. All jobs must be there, and each done once; where not, there is no figure.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.contest import Contender, Runs
from tests.bench.figure import Figure, Run, against, limit
from tests.bench.jobs_request import TIMES
from tests.system.postgresql import is_there

#: Jobs in a transaction when many are queued, taken on SQLite, and taken on PostgreSQL: what pgqueuer takes by itself.
MANY, SOME, FEW = 1000, 100, 10
WORKERS = 8
#: Ours / pgqueuer, in time: its rate times 0.7 is enough.
_TARGET = round(1 / 0.7, 2)
_HUEY = "huey, at most once"
#: Folders for the files of this run; they go when the benchmark ends.
_folders: list[tempfile.TemporaryDirectory[str]] = []


def contenders(quick: bool) -> list[Contender]:
    """See __main__."""
    found = [*_on_sqlite(quick)]
    if is_there():
        found += _on_postgresql(quick)
    else:
        print("bench: jobs: PostgreSQL is missing and left out; apt install postgresql", file=sys.stderr)
    return [*found, *_with_files(quick)]


def _on_sqlite(quick: bool) -> Iterator[Contender]:
    many, few = (30_000, 2000) if quick else (100_000, 5000)
    for name in ("ours", "huey"):
        yield _queue(f"queue {name}", name, False, many, MANY)
        yield _queue(f"queue one {name}", name, False, few, 1)
        yield _work(f"work one {name}", name, False, few, 1)
    yield _work("work ours", "ours", False, 4 * few, SOME)


def _on_postgresql(quick: bool) -> Iterator[Contender]:
    many, few = (16_000, 4000) if quick else (32_000, 8000)
    for name in ("ours", "pgqueuer", "procrastinate"):
        yield _queue(f"pg queue {name}", name, True, many, MANY)
        yield _work(f"pg work one {name}", name, True, few, 1)
    for name in ("ours", "pgqueuer"):
        yield _work(f"pg work {name}", name, True, many, FEW)


def _queue(title: str, name: str, postgresql: bool, number: int, batch: int) -> Contender:
    given = {"name": name, "postgresql": postgresql, "number": number, "batch": batch}
    return Contender(title, "queue", given, "jobs_contest")


def _work(title: str, name: str, postgresql: bool, number: int, batch: int) -> Contender:
    given: dict[str, Any] = {"name": name, "postgresql": postgresql, "number": number, "batch": batch}
    return Contender(title, "work", {**given, "workers": WORKERS if postgresql else 1}, "jobs_contest", 300)


def _with_files(quick: bool) -> Iterator[Contender]:
    """The trees and the database with a million jobs are in a folder of this run."""
    pairs, million = (30_000, 200_000) if quick else (100_000, 1_000_000)
    _folders.append(tempfile.TemporaryDirectory(prefix="warden-bench-"))
    place = Path(_folders[-1].name)
    for folders in (1, 100):
        kept = {"kept": str(place / f"tree{folders}")}
        made: dict[str, Any] = {"number": pairs, "folders": folders}
        yield Contender(f"make {folders}", "make", {**kept, **made}, "jobs_files", 300, once=True)
        yield Contender(f"rescan {folders}", "rescan", kept, "jobs_files", 300)
        yield Contender(f"rescan bare {folders}", "rescan_bare", kept, "jobs_files")
    for function in ("found", "found_huey"):
        yield Contender(function, function, kept, "jobs_files", 300)
    queued: dict[str, Any] = {"kept": str(place / "million"), "number": million}
    yield Contender("make jobs", "make", queued, "jobs_request", 300, once=True)
    for function in ("request", "request_bare"):
        yield Contender(function, function, queued, "jobs_request")


# -- what the measurements say


def figures(runs: Runs) -> list[Figure]:
    """See __main__."""
    found = [*_of_sqlite(runs)]
    if "pg queue ours" in runs:
        found += _of_postgresql(runs)
    return [*found, *_of_files(runs), *_of_request(runs)]


def _of_sqlite(runs: Runs) -> Iterator[Figure]:
    many, one, done = f"queue a job, {MANY} a commit", "queue a job, a commit each", "take and end a job"
    yield from _on_file(many, runs["queue ours"], runs["queue huey"], 20_000)
    yield from _on_file(one, runs["queue one ours"], runs["queue one huey"], 5000)
    yield from _on_file(f"{done}, one by one", runs["work one ours"], runs["work one huey"], 2000)
    yield from _on_file(f"{done}, by {SOME} (huey: one by one)", runs["work ours"], runs["work one huey"], 2000)


def _on_file(what: str, ours: list[Run], huey: list[Run], rate: float, name: str = _HUEY) -> Iterator[Figure]:
    """The time, which must be enough for so many a second, and the CPU: all is done in one process."""
    yield limit(f"SQLite: {what}", ours, "wall", "µs", 1e6 / rate)
    yield against(f"SQLite: {what}", ours, huey, "wall", "µs", name)
    yield against(f"SQLite: {what}: CPU", ours, huey, "cpu", "µs", name)


def _of_postgresql(runs: Runs) -> Iterator[Figure]:
    what, done = f"queue a job, {MANY} a commit", f"{WORKERS} workers take and end a job"
    for name in ("pgqueuer", "procrastinate"):
        yield from _on_server(what, runs["pg queue ours"], runs[f"pg queue {name}"], name)
    yield from _on_server(f"{done}, by {FEW}", runs["pg work ours"], runs["pg work pgqueuer"], "pgqueuer", _TARGET)
    for name, target in (("pgqueuer", _TARGET), ("procrastinate", None)):
        yield from _on_server(
            f"{done}, one by one", runs["pg work one ours"], runs[f"pg work one {name}"], name, target
        )


def _on_server(
    what: str, ours: list[Run], rival: list[Run], name: str, target: float | None = None
) -> Iterator[Figure]:
    """The time, which is judged, and the CPU of those who talk to the server."""
    yield against(f"PostgreSQL: {what}", ours, rival, "wall", "µs", name, target)
    yield against(f"PostgreSQL: {what}: CPU beside the server", ours, rival, "cpu", "µs", name)


def _of_files(runs: Runs) -> Iterator[Figure]:
    for folders, where in ((1, "one folder"), (100, "100 folders")):
        ours, bare = runs[f"rescan {folders}"], runs[f"rescan bare {folders}"]
        what, pairs = "known pairs in " + where, runs[f"make {folders}"][0]["pairs"]
        yield against(f"{pairs:g} {what}: walk", ours, bare, "walk", "ms", "bare os.scandir", 2.0)
        yield against(f"{pairs:g} {what}, and a new one: walk", ours, bare, "one", "ms", "bare os.scandir")
        yield against(f"{pairs:g} {what}: round of the monitor", ours, bare, "round", "ms", "bare os.scandir", 2.0)
    yield from _on_file("find and queue a pair of files", runs["found"], runs["found_huey"], 20_000, "a walk and huey")


def _of_request(runs: Runs) -> Iterator[Figure]:
    ours, bare = runs["request"], runs["request_bare"]
    what, rival = f"one request among {runs['make jobs'][0]['jobs']:g} jobs", "the bare statement of sqlite3"
    yield limit(f"{what}: p50", ours, "p50", "ms", 5.0)
    yield against(f"{what}: p50", ours, bare, "p50", "ms", rival)
    yield against(f"{what}: worst of {TIMES}", ours, bare, "max", "ms", rival)
