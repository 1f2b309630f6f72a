"""Child processes that do not outlive the hub, whatever ends it.

Start them on the main thread: Linux ends them together with the *thread* that started them.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from WardenServer.errors import Unreachable, WardenError
from WardenServer.machine import whole_file

#: Seconds a child may take from its start to its first answer.
START_LIMIT = 15.0
#: Bytes of output of a child beyond which its file is emptied.
OUTPUT_LIMIT = 5_000_000
#: Seconds until a child that died is started again; doubled each time up to LONGEST, until one has lived for LIVED.
FIRST, LONGEST, LIVED = 1.0, 30.0, 60.0

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # looked up here: after a fork it is too late


def wait_until(true: Callable[[], bool], limit: float) -> bool:
    """Ask again and again until the answer is yes, for at most `limit` seconds; the last answer."""
    until = time.monotonic() + limit
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def make_folder(path: Path) -> None:
    """Make a folder for this user only, if it does not exist.

    Raises:
        WardenError: it cannot be made, or written to.
    """
    try:
        whole_file.make_folder(path)
    except OSError as error:
        raise WardenError(
            f"folder {path} cannot be made ({error.strerror}); correct the setting state_folder"
        ) from None
    if not os.access(path, os.W_OK):
        raise WardenError(f"folder {path} cannot be written to; correct its rights, or the setting state_folder")


def _die_with_parent(parent: int) -> None:
    """Runs in the child before its program: Linux shall kill it when its parent ends, even by kill -9."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)


class Child:
    """A program that runs as a child process, with its output in a file. A context manager, for tests.

    `address` is where clients find it, `notice` a sentence on its last start that people should read, `patience` the
    seconds it may take to end when asked to.
    """

    address = ""
    notice = ""
    patience = 0.6

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        output: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.output = output
        self._environment = dict(environment or {})
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def answers(self) -> bool:
        """Whether the program does its work, asked the way its clients do."""
        return self.alive

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id."""
        return None if self._process is None else self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code when it has ended; negative after a signal."""
        return None if self._process is None else self._process.poll()

    def launch(self) -> None:
        """Start it and do not wait for its first answer."""
        make_folder(self.output.parent)
        if self.output.exists():
            self.output.replace(f"{self.output}.1")
        parent = os.getpid()
        try:
            with self.output.open("ab") as output:
                self._process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, **self._environment},
                    start_new_session=True,  # Ctrl-C is for us, who end the children in order
                    preexec_fn=lambda: _die_with_parent(parent),
                    **self._as_user(),
                )
        except OSError as error:
            raise WardenError(f"{self.name} cannot be started: {error}") from None

    def _as_user(self) -> dict[str, Any]:
        """A change of user is made before the program starts: made by itself, it would undo `_die_with_parent`."""
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": [], "cwd": "/"}

    def start(self, limit: float = START_LIMIT) -> None:
        """Start it and wait for its first answer.

        Raises:
            Unreachable: it ended, or did not answer in time; it does not run any more.
        """
        self.launch()
        wait_until(lambda: not self.alive or self.answers(), limit)
        if self.alive and self.answers():
            return
        how = f"did not answer within {limit:g} s" if self.alive else f"ended at once (exit code {self.code})"
        self.stop()
        raise Unreachable(f"{self.name} {how}: {self.last_line()}; see {self.output}")

    def stop(self) -> None:
        """End it: asked first, killed when it has not ended in time (one that hangs cannot hear)."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # with what it started itself
            self._process.wait(self.patience)

    def tell(self, number: int) -> None:
        """Send it a signal; nothing happens when it does not run."""
        if self._process is not None:
            self._process.send_signal(number)

    def last_line(self) -> str:
        """The last line of its output."""
        try:
            lines = self.output.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            lines = []
        return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "it said nothing")

    def trim(self) -> None:
        """Empty the file of its output when that has grown too large."""
        if self.output.exists() and self.output.stat().st_size > OUTPUT_LIMIT:
            os.truncate(self.output, 0)  # it appends, so it goes on at the new end

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Keeper:
    """Starts a child again when it has died, after a pause that doubles as long as it keeps dying."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._pause = FIRST
        self._launched = time.monotonic()
        self._due: float | None = None

    def look(self, now: float) -> str:
        """Do what is due at `now` on the monotonic clock; a sentence when the child has died, else nothing."""
        self.child.trim()
        if self.child.alive:
            return ""
        if self._due is None:
            return self._plan(now)
        return self._launch(now) if now >= self._due else ""

    def _plan(self, now: float) -> str:
        if now - self._launched >= LIVED:
            self._pause = FIRST
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST)
        self._due = now + pause
        child = self.child
        return f"{child.name} has ended (exit code {child.code}): {child.last_line()}; it starts again in {pause:g} s."

    def _launch(self, now: float) -> str:
        self._due, self._launched = None, now
        try:
            self.child.launch()
        except WardenError as error:
            return str(error)
        return self.child.notice
