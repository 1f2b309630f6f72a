"""A jobs' database of its own for each test, in a file and in PostgreSQL."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.unit.plugins.jobs.rows import Rows
from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """Where databases can be made; "" for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    if not server:
        yield f"sqlite:///{tmp_path / 'state' / 'jobs.db'}"
        return
    name = f"jobs_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with closing(Database(url)) as made:
        yield made


@pytest.fixture
def jobs(url: str, tmp_path: Path) -> Jobs:
    """Pairs of .json and .h5 anywhere in a folder; they go when their job has ended."""
    for name in ("storage", "deferred"):
        (tmp_path / name).mkdir()
    return configuration.read({
        "storage": str(tmp_path / "storage"), "deferred": str(tmp_path / "deferred"), "url": url, "pattern": "**",
        "folder": str(tmp_path / "state"), "suffixes": [".json", ".h5"], "after": "move", "check_in": 10.0,
    })  # fmt: skip


@pytest.fixture
def rows(db: Database) -> Rows:
    return Rows(db)
