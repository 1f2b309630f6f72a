"""Runs a command for each job, in a session of its own. Linux ends it together with the worker."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from WardenServer.errors import WardenError
from WardenServer.jobs.work.command import Command
from WardenServer.jobs.work.output import trim, with_tail
from WardenServer.jobs.work.runner import LOOK, Done, Order, Runner
from WardenServer.jobs.work.stopping import Stopped, Stopping
from WardenServer.machine import guardian
from WardenServer.machine.child import Child

#: Seconds that a command gets between being asked to end and being killed.
PATIENCE = 5.0


class Program(Runner):
    """Runs the command, on a thread that lives as long as the worker: Linux ends what a thread started with it."""

    def __init__(self, command: Command) -> None:
        self._command = command

    def run(self, order: Order, stopping: Stopping) -> Done:
        """See `Runner`."""
        arguments, tag = self._command.arguments(order.id, order.paths), guardian.new_tag()
        child = Child("its command", arguments, order.output, {guardian.VARIABLE: tag})
        try:
            child.launch()
        except (WardenError, ValueError) as error:  # ValueError: NUL in an argument
            return Done(False, str(error))
        with _Running(child, tag) as running:
            in_time = running.wait(order, stopping)
        return _done(child.code, in_time, order)


class _Running:
    """The command while it runs. Whatever ends the block ends all that it has started, too."""

    def __init__(self, child: Child, tag: str) -> None:
        assert child.pid is not None
        self._child, self._pid, self._tag = child, child.pid, tag
        self._forced = False

    def wait(self, order: Order, stopping: Stopping) -> bool:
        """Wait for its end; False when it took too long. Raises Stopped."""
        until = time.monotonic() + order.limit
        with _watched(self._pid) as poll:
            while not poll.poll(1000 * LOOK):
                trim(order.output)
                if stopping.over.is_set() or time.monotonic() >= until:
                    self._end(poll, stopping)
                    break
        if self._forced and stopping.over.is_set():
            raise Stopped
        return not self._forced

    def _end(self, poll: select.poll, stopping: Stopping) -> None:
        """Ask it to end, and wait for that a while."""
        self._forced = True
        until = time.monotonic() + PATIENCE
        self._signal(signal.SIGTERM)
        while not poll.poll(1000 * LOOK) and time.monotonic() < until and not stopping.at_once.is_set():
            pass

    def _signal(self, number: int) -> None:
        """To its group, whose number is its own for as long as nobody has asked how it ended."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, number)

    def __enter__(self) -> "_Running":
        return self

    def __exit__(self, *error: object) -> None:
        self._signal(signal.SIGKILL)
        self._child.stop()
        if self._forced:
            guardian.kill(self._tag, 1.0)  # what has left the group


@contextmanager
def _watched(pid: int) -> Iterator[select.poll]:
    """What can be asked whether a process has ended."""
    with os.fdopen(os.pidfd_open(pid)) as process:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        yield poll


def _done(code: int | None, in_time: bool, order: Order) -> Done:
    if not in_time:
        said = order.late
    elif code == 0:
        return Done(True, with_tail("", order.output).removeprefix(": "))
    else:
        said = f"exit code {code}" if code is None or code > 0 else f"ended by signal {-code}"
    return Done(False, with_tail(said, order.output))
