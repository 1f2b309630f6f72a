"""The real servers of the system tests, for contracts that need one."""

import pytest

from tests.system.conftest import database, memcached, postgresql, pouchdb

__all__ = ["database", "memcached", "postgresql", "pouchdb"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """Where databases can be made; "" for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)
