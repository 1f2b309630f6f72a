"""What a soak of jobs leaves behind, read from its files and its database, for the verdict."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, func, select

from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.plugins.common.jobs.tables import job_steps, jobs, late_results, priorityjobs
from WardenServer.soak.jobs.history import Happened
from WardenServer.soak.jobs.job import END
from WardenServer.soak.jobs.stage import Stage

#: Rows that are read at once.
PORTION = 10_000


@dataclass(frozen=True)
class Evidence:
    """All of it.

    Args:
        steps: of each job, in their order.
        late: how many late results of it are kept.
        rows: jobs that are still there.
        requests: requests that are still there.
        journal: the lines that jobs wrote.
        standard: files in the standard storage.
        deferred: files in the deferred storage, by their path in it.
        successful: files whose job was done, by their path in the storage; True where the file is whole.
        failed: the same of those whose job has failed.
    """

    steps: dict[str, list[Happened]]
    late: Counter[str]
    rows: int
    requests: int
    journal: list[str]
    standard: set[str]
    deferred: set[str]
    successful: dict[str, bool]
    failed: dict[str, bool]


def read(stage: Stage) -> Evidence:
    """Read it. Raises Unreachable where the database cannot be used."""
    with stage.database.reading() as connection:
        late = Counter(connection.scalars(select(late_results.c.uuid)))
        rows, requests = (_count(connection, each) for each in (jobs, priorityjobs))
    assert stage.jobs.successful and stage.jobs.failed
    return Evidence(
        _steps(stage), late, rows, requests, stage.journal.read_text(encoding="utf-8").splitlines(),
        set(files_in(stage.standard.root)), set(files_in(stage.deferred.root)),
        _all_in(stage.jobs.successful), _all_in(stage.jobs.failed),
    )  # fmt: skip


def left(stage: Stage) -> int:
    """How many jobs, requests and files there still are that the monitors should take. Raises Unreachable."""
    with stage.database.reading() as connection:
        counts = [_count(connection, each) for each in (jobs, priorityjobs)]
    return sum(counts) + len(files_in(stage.standard.root))


def place(storage: RadixStorage, id: str) -> list[str]:
    """Where the files of an id would be in a storage, by their path in it."""
    return [str(path.relative_to(storage.root)) for path in storage.paths(id)]


def files_in(root: Path) -> list[str]:
    """All files below a folder, but not links, by their path in it."""
    found = []
    for folder, _, names in os.walk(root):
        paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118 - of 10,000 files
        found += [os.path.relpath(path, root) for path in paths if not os.path.islink(path)]  # noqa: PTH114
    return found


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _steps(stage: Stage) -> dict[str, list[Happened]]:
    found: dict[str, list[Happened]] = {}
    last, of = 0, job_steps.c
    columns = (of.id, of.uuid, of.at, of.step, of.reason, of.processor)
    while True:
        query = select(*columns).where(job_steps.c.id > last).order_by(job_steps.c.id).limit(PORTION)
        with stage.database.reading() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return found
        last = rows[-1][0]
        for _, id, *said in rows:
            found.setdefault(id, []).append(Happened(*said))


def _all_in(store: Path) -> dict[str, bool]:
    """A store, and what was away of it (see the faults)."""
    roots = [store, *store.parent.glob(f"{store.name}.*")]
    return {path: _is_whole(root / path) for root in roots if root.is_dir() for path in files_in(root)}


def _is_whole(path: Path) -> bool:
    text = path.read_bytes()
    return text.endswith(END) if path.suffix == ".dump" else text.startswith(b"{") and text.endswith(b"}")
