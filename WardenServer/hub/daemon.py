"""The hub without Tango: agents and Memcached only, in one process that runs until it is ended."""

import logging
import os
import queue
import signal
from collections.abc import Callable
from types import FrameType

from WardenServer.hub import process
from WardenServer.hub.warden import Warden
from WardenServer.settings.config import Settings

log = logging.getLogger("warden")

#: Seconds that the start waits for the plugin files, and that the end may take.
LOADING, ENDING = 2.0, 1.5


def run(read: Callable[[], Settings]) -> int:
    """Run a hub until SIGTERM, SIGINT (Ctrl-C) or SIGQUIT; SIGUSR1 reloads. The exit code. For the main thread.

    Args:
        read: the settings as they are now, for the start and each reload.

    Raises:
        WardenError: the settings cannot be read at the start.
    """
    settings = read()
    process.prepare()
    if settings.tango_host:
        os.environ["TANGO_HOST"] = settings.tango_host  # agents may read devices
    descendants = process.begin(settings, console=True)
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()

    def note(number: int, _: FrameType | None) -> None:
        signals.put(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        signal.signal(number, note)
    warden = Warden(settings, reread=read, descendants=descendants)
    try:
        warden.open(LOADING)
        log.info("the hub %s runs without Tango; end it with Ctrl-C or SIGTERM", settings.instance)
        while (came := signals.get()) == signal.SIGUSR1:
            warden.reload_unasked("SIGUSR1")
        log.info("ended by %s", signal.Signals(came).name)
    finally:
        warden.close(ENDING)
    return 0
