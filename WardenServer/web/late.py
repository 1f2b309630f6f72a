"""Settings in the Tango database, where that was not there at the start."""

import logging
import os
import signal
import threading
import time
from typing import Any

from WardenServer.servers import client
from WardenServer.settings.config import Settings

#: Seconds from one question to the next.
AGAIN = 5.0

log = logging.getLogger("warden.web")


def watch(settings: Settings, options: dict[str, Any]) -> None:
    """Ask for the properties of the hub, until they are there. Where they change something, this process ends, for who
    looks after it to start it again."""
    threading.Thread(target=_ask, args=(settings, options), name="late properties", daemon=True).start()


def _ask(settings: Settings, options: dict[str, Any]) -> None:
    unseen = "not yet"
    while unseen:
        time.sleep(AGAIN)
        found, unseen = client.with_properties(settings, options)
    if found != settings:
        log.warning("the Tango database is there now, and has other settings: the web ends, to be started with them")
        os.kill(os.getpid(), signal.SIGTERM)
