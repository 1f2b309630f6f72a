"""Looks each second at what runs follow: Tango attributes, or a file."""

import logging
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from WardenServer.errors import NoData, Unreachable, WardenError
from WardenServer.hub.runs import trigger
from WardenServer.hub.runs.trigger import Wanted
from WardenServer.machine.side_by_side import SideBySide
from WardenServer.plugins.common.runs.configuration import Runs, names
from WardenServer.servers.tango_devices import Devices

log = logging.getLogger("warden.runs")

#: Seconds between looks, and those that one may take.
POLL, LIMIT = 1.0, 2.5


def followed(runs: Runs) -> str:
    """What runs follow, for sentences; "" where people begin and end them."""
    said = {"attribute": runs.state or runs.number, "file": runs.file}
    return next((f"the {kind} {place}" for kind, place in said.items() if place), "")


class Follower:
    """A thread of its own. `problem` says why it is not known whether a run is open: it stays as it is then; `note`
    what people should know of the last look."""

    def __init__(self, follow: Callable[[Wanted, str], str]) -> None:
        """`follow` gets what is wanted and what says so; it returns a note, or raises WardenError."""
        self.problem = self.note = ""
        self._follow = follow
        self._runs: Runs | None = None
        self._devices = Devices()
        self._files: SideBySide[Path, bytes | None] = SideBySide(content)
        self._file = trigger.File()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runs follower", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def use(self, runs: Runs | None) -> None:
        """Go by these settings from now on; None: follow nothing."""
        self._runs = runs

    def _run(self) -> None:
        while not self._closing.wait(POLL):
            try:
                self.look()
            except Exception:  # a mistake of ours must not end it
                log.exception("what runs follow cannot be looked at; it goes on")

    def look(self) -> None:
        """One look. Called by the thread (and by tests)."""
        runs = self._runs
        where = followed(runs) if runs is not None else ""
        try:
            wanted = self._wanted(runs) if runs is not None and where else None
            if wanted is not None:
                self.note = self._follow(wanted, where)
            elif not where:
                self.note = ""
            self._say("")
        except WardenError as error:
            self._say(f"runs follow {where}: {error}")

    def _say(self, problem: str) -> None:
        if problem and not self.problem:
            log.warning("%s; until that is known the run stays as it is", problem)
        elif self.problem and not problem:
            log.info("it is known again whether a run is open")
        self.problem = problem

    def _wanted(self, runs: Runs) -> Wanted | None:
        return self._by_file(runs.file) if runs.file is not None else self._by_attributes(runs)

    def _by_file(self, path: Path) -> Wanted | None:
        found = self._files.ask([path], LIMIT)[path]
        if isinstance(found, Exception):
            said = getattr(found, "strerror", None) or str(found)
            raise Unreachable(f"{path} cannot be read ({said}); correct its rights, or `file`")
        return self._file.see(path, found)

    def _by_attributes(self, runs: Runs) -> Wanted:
        wanted = [each for each in dict.fromkeys((runs.state, runs.number)) if each]
        found = self._devices.read(names(wanted), LIMIT)

        def value(attribute: str) -> Any:
            device, _, name = attribute.rpartition("/")
            reading = found[device][name]
            if isinstance(reading, NoData):
                raise Unreachable(f"{attribute} cannot be read: {reading}")
            return reading.value

        if runs.state and not trigger.is_running(value(runs.state), runs.running):
            return Wanted(False)
        return Wanted(True, trigger.number_of(value(runs.number)) if runs.number else None)


def content(path: Path) -> bytes | None:
    """The first bytes of a file, None where there is none. Raises OSError where it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would let us wait
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is no file")
        return os.read(handle, trigger.MOST + 1)
    finally:
        os.close(handle)
