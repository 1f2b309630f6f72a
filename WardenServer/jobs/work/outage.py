"""An outage is said once when it begins, and once when it ends."""

import logging
import time

log = logging.getLogger("warden.jobs")


class Outage:
    """Of one thing that one thread does again and again; `consequence` is what people should know."""

    def __init__(self, consequence: str) -> None:
        self._consequence = consequence
        self._since: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether it did not work the last time."""
        return self._since is not None

    def begin(self, error: Exception) -> None:
        """It did not work."""
        if self._since is None:
            self._since = time.monotonic()
            log.warning("%s; %s", error, self._consequence)

    def end(self) -> None:
        """It works."""
        if self._since is not None:
            log.info("the jobs' database answers again, after %.0f s", time.monotonic() - self._since)
            self._since = None
