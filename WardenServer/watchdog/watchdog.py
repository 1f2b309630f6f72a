"""Ends a process that hangs as a whole, and says at its next start which agent was at work.

C code that hangs with the interpreter's lock held stops every thread, ours too. faulthandler's timer is a thread that
needs no lock: unless it is set anew in time, it writes the stacks of all threads to a file and ends the process, which
`warden up`, Starter or systemd then starts again. A crash in C code leaves its stacks in the same file.

The agent at fault would do the same again: the next start holds it back.
"""

import faulthandler
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from WardenServer.machine import whole_file
from WardenServer.machine.clock import Clock
from WardenServer.machine.state_file import StateFile
from WardenServer.settings.config import Settings
from WardenServer.watchdog import post_mortem
from WardenServer.watchdog.agents_at_work import AgentsAtWork, Mark, place

log = logging.getLogger("warden.watchdog")

#: Seconds between beats.
BEAT = 1.0
#: Seconds after a hang or crash within which another one counts as its repetition.
AGAIN = 3600.0
#: By its number: an agent can close or replace sys.stderr.
_STANDARD_ERROR = 2


@dataclass
class _Held:
    """An agent that is held back: its code is not run until it changes."""

    reason: str
    digest: str = ""  # known as soon as the agent is loaded


@dataclass
class _Past:
    """What must be known at the next start."""

    suspects: list[str] = field(default_factory=list)
    since: float = 0.0  # Unix seconds
    held: dict[str, _Held] = field(default_factory=dict)


class Watchdog:
    """The watch over one process; off, and without effect, until `open` and when hang_limit is 0."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._limit = settings.hang_limit
        self._clock = clock or Clock()
        self._beaten = 0.0
        self._settings = settings
        self._file = StateFile(
            settings.state_folder / f"{settings.instance}-held.json", 1, "the agents that are held back"
        )
        self._dump = settings.state_folder / "logs" / f"{settings.instance}-hang.txt"
        self._past = _Past()
        self._words: list[str] = []
        self._marks: AgentsAtWork | None = None
        self._output: IO[str] | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    # -- life

    def open(self) -> None:
        """Read what the last process has left, say it in the log, and begin to watch."""
        if not self._limit:
            return
        self._past = self._file.read(_understand, _Past())
        self._find_marks()
        self._learn()
        self._open_dump()
        self.beat()
        self._thread.start()

    def close(self) -> None:
        """Watch no more: the process ends in order, or a new hub begins."""
        self._closing.set()
        if not self._thread.is_alive():
            return
        self._thread.join()
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
        if self._output is not None:
            self._output.close()
        if self._marks is not None:
            self._marks.remove()

    def beat(self) -> None:
        """We are alive: the process is to be ended only if this is not called for another hang_limit.

        Each beat sets all of faulthandler anew: any agent can turn it off.
        """
        if self._output is not None:
            faulthandler.enable(self._output, all_threads=False)  # of a hundred at most, the right one
        faulthandler.dump_traceback_later(self._limit, exit=True, file=self._output or _STANDARD_ERROR)
        if self._marks is not None:
            self._marks.beat(self._clock.time())
        self._beaten = self._clock.monotonic()

    def _run(self) -> None:
        while not self._clock.wait(self._closing, min(BEAT, self._limit / 4)):
            if self._clock.monotonic() - self._beaten < self._limit:  # else the timer has run out, and is to be heard
                self.beat()

    def _find_marks(self) -> None:
        try:
            self._marks = AgentsAtWork(place(self._settings))
        except OSError as error:
            log.warning("agents at work cannot be marked (%s); a hang of the whole hub will name none", error)

    def _open_dump(self) -> None:
        """Where the stacks go; a process that hangs must end also where they cannot be written."""
        try:
            whole_file.make_folder(self._dump.parent)
            if post_mortem.is_there(self._dump):
                self._dump.replace(f"{self._dump}.1")
            self._output = open(self._dump, "w", encoding="utf-8", opener=whole_file.opener)  # noqa: SIM115
        except OSError as error:
            log.warning("%s cannot be written (%s); a hang of the whole hub will not be known", self._dump, error)

    # -- agents

    def slot(self, name: str) -> Mark:
        """The mark of an agent, one byte: 1 while it is at work, else 0."""
        with self._lock:
            return self._marks.slot(name) if self._marks is not None else bytearray(1)

    def post_mortem(self) -> Sequence[str]:
        """Sentences on how the last process ended, if it hung or crashed."""
        return tuple(self._words)

    def holds(self, name: str, digest: str) -> str:
        """Why an agent is to be held back; "" when it is not. Code with another digest is not held back any more."""
        with self._lock:
            held = self._past.held.get(name)
            if held is None:
                return ""
            if held.digest in ("", digest):
                held.digest = digest
                reason = held.reason
            else:
                del self._past.held[name]
                reason = ""
            self._save()
            return reason

    def release(self, name: str) -> None:
        """Hold an agent back no more: somebody wants it to run as it is."""
        with self._lock:
            if self._past.held.pop(name, None) is not None:
                self._save()

    # -- what the last process has left

    def _learn(self) -> None:
        """Say how the last process ended, and hold back those at fault."""
        end = None
        try:
            end = post_mortem.read(self._dump, self._marks, self._settings)
        except OSError as error:
            log.warning("%s cannot be read (%s); how the last server ended is not known", self._dump, error.strerror)
        if self._marks is not None:
            self._marks.clear()
        if end is None:
            return
        blamed = self._blame(list(end.at_work))
        self._words = [end.sentence(blamed)]
        log.error("%s", self._words[0])
        self._past.held.update({name: _Held(end.reason(name)) for name in blamed})
        self._past.suspects, self._past.since = list(end.at_work), self._clock.time()
        self._save()

    def _blame(self, suspects: list[str]) -> list[str]:
        """Who is to be held back. Of several the one at fault is not known: only those at work in two hangs in a row,
        or all when these have none in common."""
        before = self._past.suspects if self._clock.time() - self._past.since < AGAIN else []
        if len(suspects) == 1 or not before:
            return suspects if len(suspects) == 1 else []
        return [name for name in suspects if name in before] or suspects

    def _save(self) -> None:
        self._file.write(asdict(self._past))


def _understand(version: int, content: Any) -> _Past:
    held = {str(name): _Held(str(one["reason"]), str(one["digest"])) for name, one in content["held"].items()}
    return _Past([str(name) for name in content["suspects"]], float(content["since"]), held)
