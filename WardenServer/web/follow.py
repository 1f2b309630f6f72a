"""Follows the hub: reads its Memcached once each interval, and makes one encoded change for all who listen."""

import asyncio
import logging
import threading
import time
from contextlib import suppress
from typing import Any

from WardenServer.settings.config import Settings
from WardenServer.web.feed import Feed
from WardenServer.web.memory import Memory
from WardenServer.web.view import View, change, encode
from WardenServer.web.zone import zone_name

log = logging.getLogger("warden.web")


class Follow:
    """The newest view, and the thread that takes it. Any thread may read `view`; `feed` belongs to the event loop, on
    which both become new together."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings, self._loop = settings, loop
        # Numbers of an earlier process are never met again: it has read ten times a second at most.
        self.view = View(int(10 * time.time()), time.time(), "the hub's Memcached has not been read yet")
        self.feed = Feed(self.view.number)
        self._memory = Memory(settings)
        self._closing = threading.Event()
        self._encoding = threading.Lock()
        self._encoded: tuple[int, bytes] = (0, b"")
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, within about the time that Memcached may take to answer."""
        self._closing.set()
        self.feed.close()

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(seconds)

    def snapshot(self) -> tuple[int, bytes]:
        """The newest view with its number, encoded once for all who ask. Takes a while: not for the event loop."""
        with self._encoding:
            view = self.view
            if self._encoded[0] != view.number:
                self._encoded = view.number, encode(self._as_dict(view))
            return self._encoded

    def _as_dict(self, view: View) -> dict[str, Any]:
        settings = self._settings
        return {
            "id": view.number,
            "read": view.read,
            "instance": settings.instance,
            "device": settings.device,
            "zone": zone_name(settings),
            "interval": settings.web_interval,
            "jobs": "jobs" in settings.shared,
            "runs": "runs" in settings.shared,
            "ping": "ping_archive" in settings.shared,
            "problem": view.problem,
            "hub": view.hub,
            "fields": view.fields,
            "alarms": view.alarms,
            "documents": view.documents,
        }

    def _run(self) -> None:
        due, view = time.monotonic(), self.view
        while not self._closing.is_set():
            try:
                view = self._look(view)
            except Exception:  # a mistake in here must not leave the page without news
                log.exception("the hub's Memcached could not be read; it goes on")
            due = max(due + self._settings.web_interval, time.monotonic())
            self._closing.wait(due - time.monotonic())
        self._memory.close()

    def _look(self, before: View) -> View:
        now = self._memory.read(before.number + 1)
        if now.problem and now.problem != before.problem:
            log.warning("%s", now.problem)
        said = b"event: change\nid: %d\ndata: %s\n\n" % (now.number, encode(change(before, now)))
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._publish, now, said)
        return now

    def _publish(self, view: View, said: bytes) -> None:
        self.view = view
        self.feed.put(view.number, said)
