"""Files on disk: a tree of known ones is looked through again, and new ones are found and queued."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.figure import Run
from tests.bench.jobs_contest import once
from tests.bench.jobs_sides import batches, side

if TYPE_CHECKING:
    from WardenServer.plugins.common.jobs.configuration import Jobs

SUFFIXES = (".json", ".dump")
#: Processors that get the jobs, walks whose median counts, and seconds between two rounds of the monitor.
PROCESSORS, WALKS, PAUSE = 4, 5, 2.0


def make(folder: Path, kept: str, number: int, folders: int) -> Run:
    """Write so many pairs of small files into as many folders; one folder is the root itself."""
    root = Path(kept)
    for each in range(folders):
        place = root / f"scan{each:04}" if folders > 1 else root
        place.mkdir(parents=True, exist_ok=True)
        for image in range(number // folders):
            for suffix in SUFFIXES:
                (place / f"image_{image:06}{suffix}").write_bytes(b"{}")
    return {"pairs": number}


def ids(root: Path) -> list[str]:
    """The ids of all pairs, by a walk that does nothing else."""
    cut = -len(SUFFIXES[0])
    return [path[len(str(root)) + 1 : cut] for path in _files(str(root)) if path.endswith(SUFFIXES[0])]


def _files(root: str) -> Iterator[str]:
    left = [root]
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    left.append(entry.path)
                else:
                    yield entry.path


# -- known ones


def rescan(folder: Path, kept: str) -> Run:
    """Milliseconds of a walk when all pairs are known, when one is not, and of the monitor's round when all are."""
    jobs, there = _jobs(folder, kept), ids(Path(kept))
    walk, one = _walks(jobs, there, 0), _walks(jobs, there, 1)
    return {name: 1e3 * median(took) for name, took in (("walk", walk), ("one", one), ("round", _rounds(jobs, there)))}


def _walks(jobs: "Jobs", there: list[str], new: int) -> list[float]:
    """Seconds of walks in which so many are new, and found."""
    from WardenServer.plugins.common.jobs.storage import make as storages

    storage, known, took = storages.standard(jobs), set(there[new:]), []
    for _ in range(WALKS):
        began = time.perf_counter()
        found = list(storage.arrived(known))
        took.append(time.perf_counter() - began)
        once([each.id for each in found], there[:new])
    return took


def _rounds(jobs: "Jobs", there: list[str]) -> list[float]:
    """Seconds of rounds of the monitor after all is queued."""
    with closing(side("ours", jobs.url)) as queued, closing(_Monitor(jobs)) as monitor:
        queued.prepare(PROCESSORS)
        monitor.round()
        monitor.round()
        took = [monitor.round() for _ in range(WALKS)]
        once(queued.waiting(), there)
    return took


def rescan_bare(folder: Path, kept: str) -> Run:
    """A recursive os.scandir that asks each entry whether it is a folder, and counts the others."""
    took, number = [], 2 * len(ids(Path(kept)))
    for _ in range(WALKS):
        began = time.perf_counter()
        found = _count(kept)
        took.append(time.perf_counter() - began)
        once([str(found)], [str(number)])
    return dict.fromkeys(("walk", "one", "round"), 1e3 * median(took))


def _count(root: str) -> int:
    count = 0
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                count += _count(entry.path)
            else:
                count += 1
    return count


# -- new ones


def found(folder: Path, kept: str) -> Run:
    """Microseconds, and of CPU, to find and queue a pair: two rounds of the monitor, since files must settle."""
    jobs, there = _jobs(folder, kept), ids(Path(kept))
    with closing(side("ours", jobs.url)) as queued, closing(_Monitor(jobs)) as monitor:
        queued.prepare(PROCESSORS)
        cpu = time.process_time()
        wall = monitor.round() + monitor.round()
        cpu = time.process_time() - cpu
        once(queued.waiting(), there)
    return {"wall": 1e6 * wall / len(there), "cpu": 1e6 * cpu / len(there)}


def found_huey(folder: Path, kept: str) -> Run:
    """What a user of huey would write: one walk that looks at both files of a pair once, and batches of 1000."""
    there = ids(Path(kept))
    with closing(side("huey", f"sqlite:///{folder / 'jobs.db'}")) as queued:
        began, cpu = time.perf_counter(), time.process_time()
        for each in batches([id for id in ids(Path(kept)) if _both(kept, id)], 1000):
            queued.queue(each, 1000)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        once(queued.waiting(), there)
    return {"wall": 1e6 * wall / len(there), "cpu": 1e6 * cpu / len(there)}


def _both(root: str, id: str) -> bool:
    for suffix in SUFFIXES:
        Path(f"{root}/{id}{suffix}").stat()
    return True


class _Monitor:
    """The loop that finds files; between two rounds of it PAUSE seconds go by on its clock, but nobody waits."""

    def __init__(self, jobs: "Jobs") -> None:
        from WardenServer.plugins.common.jobs.database import Database
        from WardenServer.plugins.common.jobs.rounds import Standard

        self._passed = 0.0
        self._database = Database(jobs.url)
        self._loop = Standard(jobs, self._database, logging.getLogger("bench"), self._clock)

    def round(self) -> float:
        """Seconds that a round takes."""
        self._passed += PAUSE
        began = time.perf_counter()
        self._loop.run(threading.Event())
        return time.perf_counter() - began

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _clock(self) -> float:
        return time.monotonic() + self._passed


def _jobs(folder: Path, kept: str) -> "Jobs":
    from WardenServer.plugins.common.jobs import configuration

    return configuration.read({"storage": kept, "folder": str(folder / "jobs"), "pattern": "**"})
