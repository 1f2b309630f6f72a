"""A store of runs of its own for each test, in a file and in PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """Where databases can be made; "" for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    if not server:
        yield f"sqlite:///{tmp_path / 'state' / 'runs.db'}"
        return
    name = f"runs_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
