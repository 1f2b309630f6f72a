"""New code of an agent on probation: nothing changes until one run of it has gone well.

In the schedule it stands in the place of the agent's runner. At the next due tick it hands the state over and lets
the new code run; when that goes well the new code stays, else the old code runs for that same tick and goes on. So no
run is lost or doubled, and code of one agent never runs twice at once.
"""

import logging
import threading
from collections.abc import Callable

from WardenServer.errors import PluginError
from WardenServer.loading.failure import explain
from WardenServer.running import look
from WardenServer.running.hand_over import HandOver
from WardenServer.running.runner import Runner
from WardenServer.settings.masking import mask

log = logging.getLogger("warden.runner")


class Probation:
    """From an agent's old runner to its new one, which was made to follow it. A Startable.

    `done` is called once, on any thread, with the probation and the reason why the old code stays, or None.
    """

    def __init__(self, old: Runner, new: Runner, done: Callable[["Probation", str | None], None]) -> None:
        self.old, self.new = old, new
        self.name, self.when = old.name, old.when
        self.deadline = 0.0
        self.hangs = False  # the first run of the new code
        self._done = done
        self._lock = threading.Lock()
        self._settled = False
        self._over = threading.Event()

    def open(self) -> None:
        """Let the new runner's thread wait for its first run."""
        self.new.open(first=self._prove)

    def abandon(self) -> None:
        """Give up without a run: there is newer code, or the agent goes."""
        if self._settle():
            self.new.abandon()
            self._over.set()

    def join(self, seconds: float) -> bool:
        """Wait until it is known which code goes on, at most `seconds`."""
        return self._over.wait(seconds)

    def watch(self) -> None:
        """Go back to the old code when the new code's run does not end."""
        took = self.new.stalled_for()
        if took is not None:
            path, self.hangs = self.new.contract.path, True
            self._end(f"{path}: its first run has not ended for {took:.0f} s, it is at {look.where(self.new)}")

    # -- called by the scheduler

    def take_place(self, deadline: float, hand_over: HandOver) -> bool:
        """See Startable. The new code waits as long as a run of the old code goes on, and that is counted."""
        if self.old.busy:
            return self.old.take_place(deadline, hand_over)
        self.deadline = deadline
        return self.new.take_place(deadline, hand_over)

    @property
    def busy(self) -> bool:
        """See Startable."""
        return self.old.busy or self.new.busy

    @property
    def last_at(self) -> float | None:
        """See Startable."""
        return self.old.last_at

    def wake(self) -> None:
        """See Startable."""
        self.new.wake()

    def report(self) -> None:
        """See Startable."""
        self.new.report()

    # -- the new runner's thread

    def _prove(self) -> None:
        """The first run of the new code. What goes by the calendar is not run for that: it is only set up."""
        with self.old.record.turn:
            reason = self._try()
        self._end(reason)

    def _try(self) -> str | None:
        """Why the new code cannot stay; None where it can."""
        try:
            if self.new.contract.exclusive or self.old.contract.exclusive:
                self._change_places()
            else:
                self._hand_over()
            if self.new.contract.at is None:
                self.new.obtain()
                self.new.publish()
            else:
                self.new.set_up()
        except BaseException as error:  # a plugin may raise anything
            reason = explain(error, self.new.contract)
            if self.new.contract.exclusive or self.old.contract.exclusive:
                self._change_back()
            return reason
        return None

    def _change_places(self) -> None:
        """The old code lets go of what only one can have; then the new code takes it, with the state."""
        try:
            state = self.old.let_go()
        except BaseException as error:  # as above
            raise PluginError(f"the old code cannot be closed ({mask(repr(error)):.200})") from None
        self.new.set_up()
        if self.old.contract.save is not None and self.new.contract.load is not None:
            self.new.contract.load(state)

    def _change_back(self) -> None:
        """The new code lets go again, and the old code takes it back; where it cannot yet, its next run tries again."""
        for runner, step, what in ((self.new, self.new.shut, "closed"), (self.old, self.old.set_up, "set up again")):
            try:
                step()
            except BaseException as error:  # as above
                log.error("agent %s cannot be %s: %s", self.name, what, explain(error, runner.contract))

    def _hand_over(self) -> None:
        """The old code's state to the new, where both know how. The old code does not run meanwhile."""
        save, load = self.old.contract.save, self.new.contract.load
        if save is None or load is None:
            return
        try:
            state = save()
            if state is not None or not self.old.contract.isolate:  # a process that has ended has no state
                load(state)
        except BaseException as error:  # as above
            raise PluginError(f"its state cannot be handed over ({mask(repr(error)):.200})") from None

    def _end(self, reason: str | None) -> None:
        if self._settle():
            if reason is not None:
                self.new.abandon()
            self._done(self, reason)
            self._over.set()

    def _settle(self) -> bool:
        """Whether the caller is the one to say how it ends."""
        with self._lock:
            first, self._settled = not self._settled, True
        return first
