"""A run database of its own for each test, in a file and in PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.contract.databases import empty
from tests.contract.runs.runinfo.database import PARAMETERS, settings
from WardenServer.plugins.common.runs.runinfo.source import RunInfo

Open = Callable[..., RunInfo]


@pytest.fixture
def url(server: str, tmp_path: Path) -> Iterator[str]:
    """Of a database that is empty."""
    with empty(server, tmp_path / "runinfo.db") as made:
        yield made


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
