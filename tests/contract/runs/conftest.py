"""A store of runs of its own for each test, in a file and in PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.contract.databases import empty
from WardenServer.plugins.common.runs import recording
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store
from WardenServer.plugins.common.runs.tables import run_parameters, run_snapshots, run_texts, run_values

#: Values by partition and parameter; or Taken, where more of a value matters.
Values = dict[tuple[str, str], Any]


def count(store: Store) -> list[int | None]:
    """Rows of the snapshots, parameters, values and texts."""
    with store.reading() as connection:
        tables = (run_snapshots, run_parameters, run_values, run_texts)
        return [connection.scalar(select(func.count()).select_from(table)) for table in tables]


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    with empty(server, tmp_path / "state" / "runs.db") as made:
        yield made


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(Store(url)) as made:
        yield made


@pytest.fixture
def own(store: Store) -> Own:
    return Own(store, "hub")


Take = Callable[..., None]


@pytest.fixture
def take(store: Store) -> Take:
    """Write a snapshot of the hub's run: take(12, {("Petra", "Current"): 100.1})."""

    def write(
        run: int, values: Values | list[Taken], phase: Phase = Phase.START, at: float = 0.0, hub: str = "hub"
    ) -> None:
        taken = values if isinstance(values, list) else [Taken(*name, value) for name, value in values.items()]
        recording.add(store, hub, Snapshot(run, phase, at or 1e9 + run, taken))

    return write
