"""A monitoring host that answers as it is told, and the folder of an archive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.ping.lying_host import Host, lying_host


@pytest.fixture
def host() -> Iterator[Host]:
    with lying_host() as made:
        yield made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"
