"""A run database of its own for each test, in a file and in PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from tests.contract.runs.runinfo.database import PARAMETERS, settings
from WardenServer.plugins.common.runs.runinfo.source import RunInfo

Open = Callable[..., RunInfo]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """Where databases can be made; "" for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    if not server:
        yield f"sqlite:///{tmp_path / 'runinfo.db'}"
        return
    name = f"runinfo_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def open_source(url: str, tmp_path: Path) -> Iterator[Open]:
    """The source of this database, with this text in the parameters file: open_source(text, schema)."""
    with ExitStack() as stack:

        def make(text: str = PARAMETERS, schema: str = "") -> RunInfo:
            made = RunInfo(settings(url, tmp_path / "diffed_parameters.txt", schema, text))
            return stack.enter_context(closing(made))

        yield make


@pytest.fixture
def source(open_source: Open) -> RunInfo:
    return open_source()
