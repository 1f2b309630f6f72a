"""Has the upkeep of the history done, again and again, by a process of its own that ends when it is done.

A process, since packing is computing: in the hub it would take the interpreter from the agents; tests/bench/README.md
has the figures.
"""

import json
import logging
import os
import sys
import threading
import time
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.loading.isolation.piped_child import Ended, PipedChild
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.sinks.history import store

log = logging.getLogger("warden.history")

#: Seconds from the start to the first round, and from round to round.
FIRST, EVERY = 60.0, 300.0
#: Seconds that a round may take: the points of a day of thousands of fields take minutes.
LIMIT = 3600.0
#: Most sentences on what was deleted that the status shows.
MOST_NOTES = 3


class _Closing(Exception):
    """The hub ends."""


class Keeper:
    """The thread that waits for each round. `notes` are sentences for the status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history keeper", daemon=True)
        self._trouble = ""
        self._deleted: list[str] = []

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        return [*self._deleted, *([self._trouble] if self._trouble else [])]

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and the process with it."""
        self._closing.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it has come."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause = FIRST
        while not self._closing.wait(pause):
            pause = EVERY
            try:
                self._round()
            except _Closing:
                return
            except (WardenError, Ended, TimeoutError, ValueError) as error:
                self._say(mask(str(error)) or f"its upkeep took longer than {LIMIT:g} s")
            except Exception:  # an error of ours must not leave the history without upkeep
                log.exception("the upkeep of the history failed; it is tried again")

    def _round(self) -> None:
        asked = request(self._settings)
        command = [sys.executable, "-P", "-m", "WardenServer.sinks.history.upkeep", str(os.getpid())]
        child = PipedChild(command, "history upkeep", lambda: None)
        until = time.monotonic() + LIMIT
        trouble, deleted = "", list[str]()
        try:
            child.send(json.dumps(asked).encode(), until, self._look)
            while (said := json.loads(child.receive(until, self._look))) is not None:
                trouble = said.get("error", trouble)
                deleted += [said["deleted"]] if "deleted" in said else []
        finally:
            child.kill()
        for each in deleted:
            log.warning("history: %s", each)
        self._deleted = (self._deleted + deleted)[-MOST_NOTES:]
        self._say(trouble)

    def _look(self) -> None:
        if self._closing.is_set():
            raise _Closing

    def _say(self, trouble: str) -> None:
        said = f"the history is not packed and thinned: {trouble}" if trouble else ""
        if said and said != self._trouble:
            log.warning("%s", said)
        self._trouble = said


def request(settings: Settings) -> dict[str, Any]:
    """What the upkeep of a hub needs to know."""
    seconds = {"raw": settings.history_raw, "1m": settings.history_minutes, "10m": settings.history_ten_minutes}
    return {
        "url": store.url(settings), "instance": settings.instance, "seconds": seconds, "size": settings.history_size,
    }  # fmt: skip
