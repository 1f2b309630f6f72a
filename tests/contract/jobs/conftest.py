"""A jobs' database of its own for each test, in a file and in PostgreSQL."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.databases import empty
from tests.unit.plugins.jobs.rows import Rows
from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    with empty(server, tmp_path / "state" / "jobs.db") as made:
        yield made


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
