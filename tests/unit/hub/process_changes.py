"""Changes one thing after the other for a whole process, this one, and prints as JSON what each look finds.

A program of its own, started by test_surroundings.py: in the tests' process nothing must be changed.
"""

import builtins
import faulthandler
import gc
import json
import locale
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
import tomllib
import warnings
from collections.abc import Callable
from typing import Any

from tests.unit.fake import FakeClock
from WardenServer.hub.surroundings import SHOWN, Surroundings
from WardenServer.machine import origin
from WardenServer.machine.process_things import LOG_LEVEL
from WardenServer.machine.switching import SWITCHING


def lower_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))


def move_zone() -> None:
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()


CHANGES: dict[str, Callable[[], Any]] = {
    "os.umask": lambda: os.umask(0o777),
    "os.environ": lambda: os.environ.update(A_TOKEN="of-an-agent"),
    "os.environ itself": lambda: setattr(os, "environ", None),
    "os.chdir": lambda: os.chdir("/"),
    "socket.setdefaulttimeout": lambda: socket.setdefaulttimeout(0.001),
    "sys.setswitchinterval": lambda: sys.setswitchinterval(0.5),
    "sys.setrecursionlimit": lambda: sys.setrecursionlimit(5000),
    "threading.stack_size": lambda: threading.stack_size(1024 * 1024),
    "gc": gc.disable,
    "sys.stdin": lambda: sys.stdin.close(),
    "sys.stdout": lambda: setattr(sys, "stdout", None),
    "file descriptor 2": lambda: os.close(2),
    "sys.modules": lambda: sys.modules.pop("tomllib"),
    "sys.path": sys.path.clear,
    "builtins": lambda: setattr(builtins, "abs", None),
    "logging": lambda: logging.disable(logging.CRITICAL),
    "the level of the hub's log": lambda: logging.getLogger("warden").setLevel(60),
    "locale.setlocale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "time.tzset": move_zone,
    "warnings.filters": lambda: warnings.simplefilter("error"),
    "a timer (signal.setitimer or alarm)": lambda: signal.setitimer(signal.ITIMER_REAL, 1000),
    "faulthandler.register": lambda: faulthandler.register(signal.SIGUSR1),
    "resource.RLIMIT_NOFILE": lower_limit,
}


class Process:
    """The surroundings of this process, with a clock of the test's own."""

    def __init__(self) -> None:
        self.clock, self.asked = FakeClock(), list[float]()
        self.ran = ["culprit"]
        self.now = Surroundings(self.clock)
        self.now.open()

    def look(self) -> list[str]:
        """What a look a second later finds."""
        self.clock.turn(SHOWN)  # earlier sentences are old
        self.now.look(self.who)
        return self.now.notes()

    def who(self, since: float) -> list[str]:
        self.asked.append(since)
        return self.ran


def _try(process: Process, name: str) -> dict[str, Any]:
    thing = next(thing for thing in process.now._kept if thing.name == name)
    before = thing.read()
    CHANGES[name]()
    said = process.look()
    return {"said": said, "right": thing.read() == before, "again": process.look()}


def main() -> None:
    """Print what became of each change, by name, and of the rest."""
    out, err, module = os.dup(1), sys.stderr, tomllib
    locale.setlocale(locale.LC_ALL, "C")
    os.environ["A_TOKEN"] = "of-the-hub"
    SWITCHING.open()
    process = Process()
    report: dict[str, Any] = {name: _try(process, name) for name in CHANGES}
    assert sys.stderr is err
    assert sys.modules["tomllib"] is module
    os.environ["MY_OWN"] = "1"
    sys.path.insert(0, "/mine")
    process.asked.clear()
    report["added"] = process.look()
    report["asked"] = [*process.asked]
    gc.disable()
    since, process.ran = process.clock.now, []
    report["nobody"] = process.look()
    report["since"] = process.asked == [since]
    log = logging.getLogger("warden")
    level = log.level
    process.now.change(LOG_LEVEL, "ERROR")
    report["wanted"] = [*process.look(), logging.getLevelName(log.level)]
    process.now.change(LOG_LEVEL, level)
    SWITCHING.take(0.001)
    report["ours"] = [*process.look(), str(round(sys.getswitchinterval(), 6))]
    kept = dict(os.environ)
    os.environ.clear()
    os.chdir("/")
    begin = origin.for_children()
    report["children"] = begin["env"]["A_TOKEN"] == kept["A_TOKEN"] and begin["cwd"] != "/"
    os.write(out, json.dumps(report).encode())


if __name__ == "__main__":
    main()
