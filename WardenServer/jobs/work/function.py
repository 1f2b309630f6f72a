"""Has a function of Python do jobs, in a process that it may ruin: the worker's side (the other one is `child`)."""

import json
import os
import sys
import time
from collections.abc import Callable

from WardenServer.errors import SettingError
from WardenServer.jobs.work.output import TAIL, trim, with_tail
from WardenServer.jobs.work.runner import Done, Order, Runner
from WardenServer.jobs.work.stopping import Stopped, Stopping
from WardenServer.loading.isolation.piped_child import Ended, PipedChild
from WardenServer.settings.masking import mask

#: Seconds that the import of the function may take.
START = 60.0


class Function(Runner):
    """Calls `package.module:function` with the paths of each job. Its process serves job after job; where that has
    ended, another one is started for the next."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._child: PipedChild | None = None

    @staticmethod
    def several(target: str, count: int) -> "list[Function]":
        """As many as that. The last one is started, to know that the function can be imported.

        Raises:
            SettingError: it cannot.
        """
        made = [Function(target) for _ in range(count)]
        made[-1].start()
        return made

    def start(self, look: Callable[[], None] = lambda: None) -> None:
        """Start the process, in which the function is imported. `look` is called while that is waited for.

        Raises:
            SettingError: that cannot be done.
        """
        until = time.monotonic() + START
        command = [sys.executable, "-P", "-m", "WardenServer.jobs.work.child", str(os.getpid()), self._target]
        try:
            self._child = PipedChild(command, "function", lambda: None)
            kind, said = json.loads(self._child.receive(until, look))
        except Ended as how:
            kind, said = "failed", f"its process {how}"
        except TimeoutError:
            kind, said = "failed", f"it is still importing after {START:g} s"
        if kind == "failed":
            self.close()
            raise SettingError(f"--python {self._target} cannot be used: {mask(said)}")

    def run(self, order: Order, stopping: Stopping) -> Done:
        """See `Runner`."""

        def look() -> None:
            trim(order.output)
            if stopping.over.is_set():
                raise Stopped

        try:
            return self._call(order, look)
        except TimeoutError:
            said = order.late
        except Ended as how:
            said = str(how)
        except SettingError as error:
            return Done(False, str(error))
        except BaseException:
            self.close()
            raise
        self.close()
        return Done(False, with_tail(said, order.output))

    def _call(self, order: Order, look: Callable[[], None]) -> Done:
        if self._child is None or not self._child.alive:
            self.close()
            self.start(look)
        assert self._child is not None
        until = time.monotonic() + order.limit
        self._child.send(json.dumps([str(order.output), *map(str, order.paths)]).encode(), until, look)
        kind, said = json.loads(self._child.receive(until, look))
        if kind == "ended":  # it answers once more, and then ends
            self.close()
        return Done(kind == "done", mask(said)[-TAIL:])

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.kill()
            self._child = None
