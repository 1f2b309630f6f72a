"""The jobs' database."""

import time
from collections.abc import Callable
from typing import Any

from WardenServer.plugins.common.jobs.migrations import CHANGES
from WardenServer.plugins.common.jobs.tables import METADATA, VERSION, jobs_schema
from WardenServer.plugins.common.jobs.times import text_of
from WardenServer.servers import database


class Database(database.Database):
    """The tables of jobs at a URL."""

    owner, setting, file = "the jobs'", "url in [jobs]", "jobs.db"
    metadata, schema, version, changes = METADATA, jobs_schema, VERSION, CHANGES

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        """Take on the place; `clock` gives the time where the database has none of its own. Raises SettingError."""
        super().__init__(url)
        self._clock = clock

    def prepare(self, connection: Any) -> None:
        """The time of now, for times in SQL."""
        connection.create_function("ago", 1, lambda seconds: text_of(self._clock() - seconds), deterministic=True)
