"""What the agent jobs_status does in each round."""

from collections.abc import Mapping
from typing import Any

from WardenServer.plugins.common.jobs import configuration, status
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.failures import Failure, Failures
from WardenServer.plugins.common.jobs.status import Status


class StatusLoop:
    """Looks at the queue. For one thread."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Raises SettingError where the table is wrong."""
        self._jobs = configuration.read(table)
        self._database = Database(self._jobs.url)
        self._failures = Failures(self._database)

    @property
    def seen(self) -> int | None:
        """Up to which step failures were looked at; None before the first look."""
        return self._failures.seen

    @seen.setter
    def seen(self, number: int | None) -> None:
        self._failures.seen = number

    def look(self, most: int) -> tuple[Status, list[Failure], int]:
        """The queue of now, which is written down as well; the newest failures, and how many more there are.

        Raises:
            Unreachable: the database cannot be used.
        """
        now = status.server_status(self._database, self._jobs)
        status.write(self._database, now)
        return now, *self._failures.new(most)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()
