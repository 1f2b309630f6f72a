"""One thread per agent: waits until it is due, runs `work`, and hands what it brought to its outcome."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from WardenServer.agent import Agent
from WardenServer.errors import WardenError
from WardenServer.loading.contract import Contract
from WardenServer.loading.failure import explain
from WardenServer.machine.clock import Clock
from WardenServer.machine.one_core import CORE
from WardenServer.machine.thread_time import ThreadTime
from WardenServer.results.board import Board
from WardenServer.results.result import clean
from WardenServer.running.hand_over import HandOver
from WardenServer.running.outcome import Came, Outcome
from WardenServer.running.record import Record
from WardenServer.running.request import Request
from WardenServer.watchdog.agents_at_work import Mark

log = logging.getLogger("warden.runner")

#: Seconds of a run beyond which the next in line is woken before it, not after: what is shorter costs less this way
#: than two threads that want the interpreter at once.
SHORT = 100e-6
#: Most requests that may wait for one agent.
MOST_REQUESTS = 100
#: Seconds that a request waits for the trial of new code.
PATIENCE = 1.0


class Runner:
    """An agent with its own thread. Only the scheduler starts it; one run at a time.

    It has at most 30 attributes: CPython 3.11 gives an object with more a dict of its own, which costs each run time.

    It goes on where `before`, the runner of the agent's older code, stands: with its record and its last values.
    `enabled` and `held` belong to the owner: whether it is scheduled, and why the watchdog holds it back.
    """

    def __init__(
        self,
        contract: Contract,
        board: Board,
        clock: Clock | None = None,
        expire: float = -1.0,
        mark: Mark | None = None,
        before: "Runner | None" = None,
    ) -> None:
        self.contract = contract
        self.when = contract.when
        self.clock = clock or Clock()
        self.record: Record = Record() if before is None else before.record
        self.agent = Agent(contract.name, contract.settings, logging.getLogger(f"warden.agent.{contract.name}"))
        if before is not None:
            self.agent.last = before.agent.last
        self.outcome = Outcome(
            contract, self.agent, board, self.clock, contract.life if expire < 0 else expire, self.record
        )
        self.busy = False
        self.passes = 0  # due ticks to be passed over, after failures
        self.enabled = True
        self.held = ""
        self.cpu = ThreadTime()
        self.thread = threading.Thread(target=self._run, name=f"agent {contract.name}", daemon=True)
        self._made = self.clock.monotonic()
        self._is_set_up = False
        self._state: list[Any] = []  # what to load once it is set up again, if anything
        self._due = False  # a run is to be made with the next wake-up
        self._ran = False  # there is a run to be reported
        self._requests: deque[Request] = deque()
        self._wake = threading.Lock()
        self._wake.acquire()
        self._deadline = 0.0
        self._hand_over = HandOver()
        self._mark = bytearray(1) if mark is None or contract.isolate else mark  # what is isolated cannot hang us
        self._is_short = True  # until it is known: where many are new, they are not to begin all at once
        self._came: Came | None = None
        self._stamp = self._ended = 0.0  # of the run that came last: Unix seconds, and on the monotonic clock
        self._closing = False
        self._after: Runner | None = None
        self._first: Callable[[], None] | None = None

    @property
    def name(self) -> str:
        """The agent's name."""
        return self.contract.name

    # -- called by the scheduler

    def take_place(self, deadline: float, hand_over: HandOver) -> bool:
        """See Startable."""
        if self.busy:
            self.record.skipped += 1
            return False
        if self.passes:
            self.passes -= 1
            return False
        self.record.began = self._deadline = deadline
        self._hand_over = hand_over
        self.busy = True
        return True

    @property
    def last_at(self) -> float | None:
        """See Startable."""
        return self.record.last_at

    def wake(self) -> None:
        """See Startable."""
        self._due = True
        self._rouse()

    def _rouse(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:  # `close` has woken it already
            pass

    # -- called by the owner

    def open(self, after: "Runner | None" = None, first: Callable[[], None] | None = None) -> None:
        """Start the thread. Its first run waits for the end of `after`, a runner of the same agent that an earlier hub
        has left behind: code of one agent never runs twice at once. `first` is called in place of the first run."""
        self._first, self._is_short = first, first is None  # a trial may take long
        if after is not None and not after.join(0):
            self._after = after
            self.record.began = self.clock.monotonic()
            self.busy = True
        self.thread.start()

    def close(self) -> None:
        """Tell the thread to end after its run. The scheduler must not know the runner any more."""
        if self._closing:
            return
        self.agent.stopping.set()
        self._closing = True
        self._rouse()

    def abandon(self) -> None:
        """Close it, and publish nothing any more of what it runs now."""
        self.outcome.abandon()
        self.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`; True when the plugin's code runs no more, in this
        runner or in one that it waited for."""
        self.thread.join(seconds)
        return not self.thread.is_alive() and (self._after is None or self._after.join(0))

    def ran_since(self, when: float) -> bool:
        """Whether the plugin's code has run in this process since a time on the monotonic clock, its import too."""
        if self.contract.isolate:
            return False
        return self.busy or max(self._made, self.record.ended or 0.0) >= when

    def stalled_for(self) -> float | None:
        """Seconds since the start of a run that takes longer than TIMEOUT; None when there is none."""
        took = self.clock.monotonic() - self.record.began
        return took if self.busy and took > self.contract.timeout else None

    def wait_idle(self, seconds: float) -> bool:
        """Wait for the end of a run that goes on, at most `seconds`."""
        until = self.clock.monotonic() + seconds
        while self.busy and self.clock.monotonic() < until:
            self.clock.wait(self.agent.stopping, 0.005)
        return not self.busy

    def ask(self, request: Request) -> None:
        """Have the plugin answer a request, on its own thread, in turn with its runs. Returns at once.

        Raises:
            WardenError: it answers none, or too many wait.
        """
        if self.contract.answer is None:
            raise WardenError(f"agent {self.name} answers no requests; it has no function answer(agent, request)")
        if len(self._requests) >= MOST_REQUESTS:
            raise WardenError(f"agent {self.name} has {MOST_REQUESTS} requests to answer already; try again later")
        self._requests.append(request)
        self._rouse()

    def take_requests(self, old: "Runner") -> None:
        """Answer what was asked of older code, and was not answered yet."""
        with contextlib.suppress(IndexError):  # the old thread has taken the last one
            while old._requests:
                self._requests.append(old._requests.popleft())
        if self.contract.answer is None:
            while self._requests:
                self._requests.popleft().refuse("its new code answers no requests")
        self._rouse()

    def try_again(self) -> None:
        """Pass over no more due ticks, whatever failed before."""
        self.passes = 0

    def runs_on(self) -> threading.Thread:
        """The thread that runs the plugin's code, which may be that of a runner this one waits for."""
        return self.thread if self._after is None else self._after.runs_on()

    # -- the agent's own thread

    def _run(self) -> None:
        if self._after is not None:
            self._wait_for(self._after)
        thread = self.thread.native_id
        CORE.place(thread, self._is_short)
        while not self._closing:
            self._wake.acquire()
            hand_over = self._hand_over
            if went_on := not self._is_short or hand_over.last is self:
                hand_over.go_on()
            if self._due and not self._closing:
                self._due = False
                run, self._first = self._first or self.obtain, None
                run()
                CORE.place(thread, self._is_short)
                hand_over.leave(self, went_on)
            elif not went_on:
                hand_over.go_on()
            while self._requests:
                self._serve(self._requests.popleft())
        self.busy = False
        while self._requests:
            self._requests.popleft().refuse("it has been ended")
        self.close_plugin()

    def _wait_for(self, after: "Runner") -> None:
        while not self._closing:
            if after.join(1.0):
                self._after = None
                break
        self.busy = False

    def run_once(self) -> None:
        """One run, start to board. Called by tests; the agent's own thread does the two by themselves."""
        self.obtain()
        self.report()

    def obtain(self) -> None:
        """Run the plugin's code once, and keep what it returned or raised for the report."""
        record, clock = self.record, self.clock
        self._ran = True
        began = record.began = clock.monotonic()
        self._mark[0] = 1
        try:
            if not self._is_set_up or self._state:
                self.set_up()
            self._came = clean(self.contract.work(self.agent))
        except BaseException as error:  # a plugin may raise anything; its thread and the others go on
            self._came = error
        self._mark[0] = 0
        self._stamp = clock.time()
        self._ended = ended = clock.monotonic()
        self._is_short = ended - began < SHORT

    def report(self) -> None:
        """See Startable."""
        record, outcome = self.record, self.outcome
        with outcome.lock:
            try:
                self.publish()
            except BaseException as error:  # what the plugin raised, or why what it returned cannot be published
                self._fail(error)
            if self._ran and not outcome.abandoned:
                record.last_at = self._stamp if self.contract.at is not None else record.last_at
                record.lateness.append(record.began - self._deadline)
                record.runs += 1
                record.ended = self._ended
            self._ran = self.busy = False

    def _fail(self, error: BaseException) -> None:
        try:
            self.outcome.fail(error)
            self.passes = self.outcome.due_ticks_between_tries() - 1
        except Exception:  # a mistake of ours in reporting a run must not end the agent
            log.exception("agent %s: the run could not be reported", self.name)

    def publish(self) -> None:
        """Put what the run brought on the board, once; raises what the plugin raised, but for NoData."""
        came, self._came = self._came, None  # an exception that is kept would keep the plugin's variables alive
        if came is not None:
            self.outcome.publish(came, self._stamp)

    # -- called by the agent's own thread, or while no code of the agent runs

    def set_up(self) -> None:
        """Let the plugin open what it needs, if it is not open; raises what the plugin raises."""
        if not self._is_set_up:
            if self.contract.setup is not None:
                self.contract.setup(self.agent)
            self._is_set_up = True
        if self._state and self.contract.load is not None:
            self.contract.load(self._state.pop())

    def let_go(self) -> Any:
        """Let the plugin close what it has opened, for other code that needs the same; returns its state. The next run
        opens it again, with this state."""
        state = self.contract.save() if self.contract.save is not None else None
        self._state = [state]
        self.shut()
        return state

    def shut(self) -> None:
        """Let the plugin close what it has opened, if anything; raises what the plugin raises."""
        is_open, self._is_set_up = self._is_set_up, False
        if is_open and self.contract.close is not None:
            self.contract.close(self.agent)

    def _serve(self, request: Request) -> None:
        """Let the plugin answer one request."""
        assert self.contract.answer is not None
        if not self.record.turn.acquire(timeout=PATIENCE):
            request.refuse(f"the new code of agent {self.name} is tried just now; ask again later")
            return
        self._mark[0] = 1
        try:
            self.set_up()
            request.reply(self.contract.answer(self.agent, request.argument))
        except BaseException as error:  # a plugin may raise anything
            request.refuse(explain(error, self.contract))
        self._mark[0] = 0
        self.record.turn.release()

    def close_plugin(self) -> None:
        """Let the plugin close what it has opened, for good."""
        try:
            self.shut()
        except BaseException as error:  # a plugin may raise anything
            self.outcome.close_error = f"close failed: {explain(error, self.contract)}"
            log.error("agent %s: %s", self.name, self.outcome.close_error)
        self.contract.discard()
