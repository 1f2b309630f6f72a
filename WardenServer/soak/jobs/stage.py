"""Where a soak of jobs happens: a folder of its own, with a database, two monitors and three workers. Main thread."""

import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from WardenServer.machine import guardian
from WardenServer.machine.child import Child, wait_until
from WardenServer.plugins.common.jobs import configuration
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.soak.jobs import job

#: Seconds within which a worker says that it is alive: short, so that many may die.
CHECK_IN = 2.0
#: Jobs at a time of one worker.
AT_ONCE = 3
#: Seconds that a program may take to end when it is told to.
PATIENCE = 25.0
#: Seconds in which all that was killed has ended.
GONE = 6.0
#: What a worker says last that could not begin since its database was locked.
LOCKED = "(database is locked)"
MONITORS, WORKERS = 2, 3


class Actor:
    """A program that is ended and started again, each time under a name of its own. `seen` is when it was seen alive
    last, in Unix seconds."""

    def __init__(self, kind: str, make: Callable[[str], Child]) -> None:
        self.kind = kind
        self._make, self._numbers = make, itertools.count(1)
        self.start()

    def start(self) -> None:
        """Start it; it is not waited for."""
        self.seen = time.time()
        self.name = f"{self.kind}.{next(self._numbers)}"
        self.child = self._make(self.name)
        self.child.patience = PATIENCE
        self.child.launch()


class Stage:
    """The programs and their files. `harmed` is when something was first done to a program, in Unix seconds, by name;
    `ended_by_itself` are sentences on programs that ended without that."""

    def __init__(self, folder: Path, other: Path, url: str) -> None:
        """Make what is in the folder; in the other one, best on another file system, go files whose job was done.

        Raises:
            WardenError: the database cannot be used.
        """
        self.folder, self.logs, self.journal = folder, folder / "logs", folder / "journal"
        self.harmed: dict[str, float] = {}
        self.ended_by_itself: list[str] = []
        self.actors: list[Actor] = []
        self.tag = guardian.new_tag()
        table = {
            "storage": str(folder / "standard"), "deferred": str(folder / "deferred"), "layout": "radix",
            "folder": str(folder / "state"), "check_in": CHECK_IN,
            "successful": str(other / "successful"), **({"url": url} if url else {}),
        }  # fmt: skip
        for place in (self.logs, folder / "standard", folder / "deferred", folder / "state"):
            place.mkdir()
        self.journal.touch()
        self._settings = folder / "warden.toml"
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        self._settings.write_text("\n".join(["[jobs]", *lines, ""]), encoding="utf-8")
        self.jobs = configuration.read(table)
        self.database = Database(self.jobs.url)
        self.standard = RadixStorage(folder / "standard", self.jobs.suffixes)
        self.deferred = RadixStorage(folder / "deferred", self.jobs.suffixes)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The programs run; in the end nothing of them is left, whatever happened."""
        try:
            for number in range(MONITORS):
                self.actors.append(Actor(f"monitor{number + 1}", self._monitor))
            for number in range(WORKERS):
                self.actors.append(Actor(f"worker{number + 1}", self._function if number else self._command))
            yield
        finally:
            for actor in self.actors:
                if actor.child.alive:
                    os.kill(actor.child.pid or 0, signal.SIGKILL)
            guardian.kill(self.tag, GONE)
            for actor in self.actors:
                actor.child.stop()
            self.database.close()

    @property
    def monitors(self) -> list[Actor]:
        """Both."""
        return self.actors[:MONITORS]

    @property
    def workers(self) -> list[Actor]:
        """All."""
        return self.actors[MONITORS:]

    def harm(self, actor: Actor) -> None:
        """Take note that something is done to it; or was, by its job, since it was seen last."""
        self.harmed.setdefault(actor.name, time.time() if actor.child.alive else actor.seen)

    def is_harmed(self, processor: str, at: float) -> bool:
        """Whether something had been done to a program before a time in Unix seconds. A processor has the name of its
        program, and something behind it."""
        return self.harmed.get(processor.rpartition("-")[0], at + 1) <= at

    def see_to(self) -> None:
        """Start what has ended. That is a finding, but for a worker that was killed by its job, or that could not begin
        since its database was locked."""
        for actor in self.actors:
            if actor.child.alive:
                actor.seen = time.time()
                continue
            code, said = actor.child.code, actor.child.last_line()
            if actor in self.monitors or (code != -signal.SIGKILL and LOCKED not in said):
                self.ended_by_itself.append(f"{actor.name} (exit code {code}): {said}")
            self.harm(actor)
            actor.start()

    def end(self, actor: Actor, number: int = signal.SIGTERM) -> None:
        """Tell it to end, and wait for that; another exit code than 0 is a finding, but where it had just been started
        and knew no signals yet."""
        self.harm(actor)
        actor.child.tell(number)
        if not wait_until(lambda: not actor.child.alive, PATIENCE):
            self.ended_by_itself.append(f"{actor.name} has not ended {PATIENCE:g} s after signal {number}")
            os.kill(actor.child.pid or 0, signal.SIGKILL)
        elif actor.child.code not in (0, -number, -signal.SIGKILL):
            self.ended_by_itself.append(f"{actor.name} ended with {actor.child.code}: {actor.child.last_line()}")

    def left_behind(self) -> list[str]:
        """Processes that are still there, waited for a little."""
        wait_until(lambda: not guardian.find(self.tag), GONE)
        return [str(pid) for pid in guardian.find(self.tag)]

    def errors(self) -> list[str]:
        """Where programs have told of errors that nobody foresaw."""
        texts = {
            file.name: "\n" + file.read_text(encoding="utf-8", errors="replace") for file in sorted(self.logs.iterdir())
        }
        return [f"{name}: {_last_of_traceback(text)}" for name, text in texts.items() if _TRACEBACK in text]

    def _monitor(self, name: str) -> Child:
        delays = [f"--{each}LoopDelay=1" for each in ("standard", "cleanupJobs", "priority")]
        log = [f"--logFilePathname={self.logs / name}.log", "--logFileErrorLoggingLevel=20"]
        return self._child(name, "monitor", *delays, *log)

    def _command(self, name: str) -> Child:
        line = f"{sys.executable} -I -S {job.__file__} {{json}} {{dump}}"
        return self._worker(name, "--command", line)

    def _function(self, name: str) -> Child:
        return self._worker(name, "--python", f"{job.__name__}:process")

    def _worker(self, name: str, *what: str) -> Child:
        return self._child(name, "work", "--name", name, "-n", str(AT_ONCE), "--grace", "1", *what)

    def _child(self, name: str, command: str, *arguments: str) -> Child:
        words = [sys.executable, "-P", "-m", "WardenServer", "jobs", command, "-c", str(self._settings), *arguments]
        return Child(name, words, self.logs / f"{name}.out", {guardian.VARIABLE: self.tag})


_TRACEBACK = "\nTraceback (most recent call last)"


def _last_of_traceback(text: str) -> str:
    lines = text.partition(_TRACEBACK)[2].splitlines()
    return next((line for line in lines[1:] if line[:1] not in ("", " ")), "")[:300]
