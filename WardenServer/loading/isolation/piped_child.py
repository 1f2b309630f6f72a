"""A child process that is talked to in lines over pipes, every wait with a limit, and that never outlives the hub.

Linux can end a child together with the *thread* that started it, so each has a thread of its own, which starts it,
waits for its end and lives exactly as long. Apart from that thread only the owner calls it, one call at a time.
"""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO

import psutil

from WardenServer.loading.isolation.wire import LONGEST
from WardenServer.machine import guardian, origin

#: Seconds between two calls of `look` while a child is waited for.
LOOK = 0.1
#: Seconds in which a child must be there after its start, and gone after its end.
PATIENCE = 5.0
#: Seconds between two rings that are heard.
BETWEEN = 0.01


class Ended(Exception):
    """The child runs no more; the text says how it ended."""


class PipedChild:
    """The child, in a session of its own: what it starts itself is killed with it, however it ends.

    The last word of its command is the number of a descriptor; whatever it writes there calls `rung`, at any time, on
    the thread of the child (Linux only).

    Raises:
        Ended: it cannot be started.
    """

    def __init__(self, command: Sequence[str], name: str, rung: Callable[[], None]) -> None:
        self._rung = rung
        self._process: subprocess.Popen[bytes] | None = None
        self._failure = f"was not started within {PATIENCE:g} s"
        self._unwanted = False
        self._usage: psutil.Process | None = None
        self._reserved: int | None = None
        self._buffer = bytearray()
        self._reaping = threading.Lock()  # while it is held the pid is the child's, also when that has ended
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._keep, args=(command,), name=name, daemon=True)
        self._thread.start()
        if not self._started.wait(PATIENCE) or self._process is None:
            self.kill()
            raise Ended(self._failure)

    def _keep(self, command: Sequence[str]) -> None:
        """The child's own thread: its start, and the end of it with all that it has started."""
        tag = guardian.new_tag()
        try:
            process, bell = self._start(command, tag)
        except OSError as error:
            self._failure = f"cannot be started ({error.strerror})"
            self._started.set()
            return
        with bell:
            with self._reaping:
                self._process, self._usage = process, psutil.Process(process.pid)
                if self._unwanted:
                    _kill_group(process)
            self._started.set()
            with contextlib.suppress(OSError):  # no descriptor is left: nobody hears it ring
                self._listen(process.pid, bell)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            _kill_group(process)
            process.wait()
        guardian.kill(tag, PATIENCE / 2)  # what has left the group

    def _start(self, command: Sequence[str], tag: str) -> "tuple[subprocess.Popen[bytes], IO[bytes]]":
        """The process, and what it rings with."""
        begin = origin.for_children()
        bell, end = os.pipe()
        pipe = os.fdopen(bell, "rb", buffering=0)
        try:
            process = subprocess.Popen(
                [*command, str(end)],
                pass_fds=(end,),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                **{**begin, "env": {**begin["env"], guardian.VARIABLE: tag}},
            )
        except OSError:
            pipe.close()
            raise
        finally:
            os.close(end)
        return process, pipe

    def _listen(self, pid: int, bell: IO[bytes]) -> None:
        """Wait for the end of the child, and tell whenever it rings."""
        if not hasattr(os, "pidfd_open"):
            return
        with os.fdopen(os.pidfd_open(pid)) as process:
            poll = select.poll()
            poll.register(process, select.POLLIN)
            poll.register(bell, select.POLLIN)
            while process.fileno() not in dict(poll.poll()):
                if bell.read(65_536):
                    self._rung()
                    time.sleep(BETWEEN)  # a child that rings without end costs the hub little
                else:
                    poll.unregister(bell)  # it was closed

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process is not None and self._process.returncode is None

    def send(self, line: bytes, until: float, look: Callable[[], None]) -> None:
        """Write one line, with the limits of `receive`; of a child that has ended, `receive` tells."""
        pipe = _pipe(self._process.stdin if self._process is not None else None)
        left = memoryview(line + b"\n")
        with contextlib.suppress(BrokenPipeError):
            while left:
                _wait(pipe, select.POLLOUT, until, look)
                left = left[os.write(pipe, left) :]

    def receive(self, until: float, look: Callable[[], None]) -> bytes:
        """The next line. `look` is called every LOOK seconds while it is waited for; it may raise.

        Raises:
            TimeoutError: the line is not there at `until` on the monotonic clock.
            Ended: there will be none.
            ValueError: it is longer than LONGEST.
        """
        pipe = _pipe(self._process.stdout if self._process is not None else None)
        seen = 0
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer)
            if seen > LONGEST:
                raise ValueError(f"a line of more than {LONGEST} bytes")
            _wait(pipe, select.POLLIN, until, look)
            part = os.read(pipe, 1024 * 1024)
            if not part:
                self._thread.join(1.0)
                raise Ended(self.how_it_ended())
            self._buffer += part
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def how_it_ended(self) -> str:
        """What became of a child that answers no more."""
        code = None if self._process is None else self._process.returncode
        if code is None:
            return "closed its pipe to the hub"
        if code >= 0:
            return f"ended with exit code {code}"
        return f"ended with {next((known.name for known in signal.Signals if known == -code), f'signal {-code}')}"

    def memory(self) -> int:
        """Bytes of memory that the child holds."""
        return self._memory()[0]

    def limit_memory(self, size: int, final: bool) -> None:
        """Have the kernel refuse the child more than `size` bytes of data besides those it had at the first call.

        `final`: the limit cannot be raised any more. Linux only.
        """
        if self._usage is None or not hasattr(psutil, "RLIMIT_DATA"):
            return
        if self._reserved is None:
            self._reserved = self._memory()[1]
        with contextlib.suppress(psutil.Error):  # it has ended
            hard = self._usage.rlimit(psutil.RLIMIT_DATA)[1]
            limit = self._reserved + size if hard < 0 else min(self._reserved + size, hard)
            self._usage.rlimit(psutil.RLIMIT_DATA, (limit, limit if final else hard))

    def _memory(self) -> tuple[int, int]:
        """Bytes held, and bytes reserved for data."""
        if self._usage is not None:
            with contextlib.suppress(psutil.Error):  # it has ended
                info = self._usage.memory_info()
                return info.rss, getattr(info, "data", 0)
        return 0, 0

    def stop(self) -> None:
        """Kill the child and what it has started; who waits for a line learns of its end. Any number of times."""
        with self._reaping:
            self._unwanted = True
            if self._process is not None and self._process.returncode is None:
                _kill_group(self._process)
        self._thread.join(PATIENCE)

    def kill(self) -> None:
        """Kill the child and what it has started, wait for their end, and close its pipes; any number of times."""
        self.stop()
        for pipe in (self._process.stdin, self._process.stdout) if self._process is not None else ():
            if pipe is not None:
                pipe.close()


def _kill_group(leader: "subprocess.Popen[bytes]") -> None:
    """Kill all processes of the group of a child that is not reaped yet."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)


def _pipe(pipe: IO[bytes] | None) -> int:
    assert pipe is not None
    os.set_blocking(pipe.fileno(), False)
    return pipe.fileno()


def _wait(pipe: int, event: int, until: float, look: Callable[[], None]) -> None:
    """Wait until a pipe can be read or written."""
    poll = select.poll()  # knows no highest descriptor, as select does
    poll.register(pipe, event)
    while (left := until - time.monotonic()) > 0:
        if poll.poll(1000 * min(LOOK, left)):
            return
        look()
    raise TimeoutError
