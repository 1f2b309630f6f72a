"""The real servers of the system tests, for contracts that need one."""

from tests.system.conftest import database, memcached, postgresql, pouchdb

__all__ = ["database", "memcached", "postgresql", "pouchdb"]
