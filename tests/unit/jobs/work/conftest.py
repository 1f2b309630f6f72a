"""A storage with files, and a database of their jobs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    root = tmp_path / "in"
    root.mkdir()
    return configuration.read({"storage": str(root), "folder": str(tmp_path / "state"), "check_in": 1.0})


@pytest.fixture
def database(jobs: Jobs) -> Iterator[Database]:
    with closing(Database(jobs.url)) as made:
        yield made
