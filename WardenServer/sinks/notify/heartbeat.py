"""A sign of life to a URL or a file, so that somebody notices when the hub dies: they tell when it stays away."""

import json
import logging
import threading
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from WardenServer.errors import WardenError
from WardenServer.machine import whole_file
from WardenServer.settings import masking, secret
from WardenServer.sinks.notify.target import hide

log = logging.getLogger("warden.notify")

#: Seconds that the server behind a URL may take.
ANSWER = 10.0
#: Bytes of its answer that are read.
SHORT = 1000


class Heartbeat:
    """Beats on a thread of its own, for as long as `beat` is called; a hub that hangs does not beat.

    `problem` says why the last beat did not get there, if so.
    """

    def __init__(self, place: Any, interval: float, instance: str) -> None:
        self.problem = ""
        self._place, self._interval, self._instance = place, interval, instance
        self._state = ""
        self._next = 0.0
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def beat(self, state: str) -> None:
        """The hub is alive, and this is its state. Returns at once."""
        now = time.monotonic()
        if now >= self._next:
            self._next, self._state = now + self._interval, state
            self._wake.set()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing = True
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._closing:
                return
            why = self._send()
            if why and not self.problem:
                log.warning("the heartbeat does not get there: %s", why)
            self.problem = why

    def _send(self) -> str:
        """One beat; why it did not get there."""
        try:
            place = secret.value("[notify]: heartbeat", self._place)
            if "://" in place:
                hide(place)
                with urlopen(place, timeout=ANSWER) as answer:
                    answer.read(SHORT)
            else:
                said = {"instance": self._instance, "state": self._state, "timestamp": time.time()}
                whole_file.write(Path(place).expanduser(), json.dumps(said))
        except (WardenError, OSError, HTTPException, ValueError) as error:
            return masking.mask(f"[notify]: heartbeat: {error}")
        return ""
