"""One thread per agent: waits until it is due, runs `work`, and reports what it brought to the board."""

import logging
import threading
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from WardenServer.agent import Agent, Contract
from WardenServer.errors import FieldError, NoData
from WardenServer.loading.failure import explain
from WardenServer.machine import thread_trace
from WardenServer.machine.clock import Clock
from WardenServer.machine.thread_time import ThreadTime
from WardenServer.results.board import Board
from WardenServer.results.health import p99
from WardenServer.results.result import Result, clean, unpublishable
from WardenServer.running.hand_over import HandOver
from WardenServer.running.record import Record
from WardenServer.settings.masking import mask
from WardenServer.watchdog.agents_at_work import Mark

log = logging.getLogger("warden.runner")

#: Seconds of a run beyond which the next in line is woken before it, not after: what is shorter costs less this way
#: than two threads that want the interpreter at once.
SHORT = 100e-6
#: Longest pause that failures add to an agent's interval, in seconds.
LONGEST_PAUSE = 60.0


class Runner:
    """An agent with its own thread. Only the scheduler starts it; one run at a time."""

    def __init__(
        self,
        contract: Contract,
        board: Board,
        clock: Clock | None = None,
        expire: float = -1.0,
        mark: Mark | None = None,
    ) -> None:
        self.contract = contract
        self.name = contract.name
        self.offset_ticks = contract.offset_ticks
        self.interval_ticks = contract.interval_ticks
        self.record = Record()
        self.life = max(10.0, 10 * contract.interval)
        self.agent = Agent(contract.name, contract.settings, logging.getLogger(f"warden.agent.{contract.name}"))
        self.busy = False
        self.passes = 0  # due ticks to be passed over, after failures
        self.enabled = True
        self.held = ""  # why it is held back, by the watchdog, when it is
        self.cpu = ThreadTime()
        self.close_error: str | None = None
        self._expire = self.life if expire < 0 else expire
        self._board = board
        self._clock = clock or Clock()
        self._made = self._clock.monotonic()
        self._known: dict[str, None] = dict.fromkeys(contract.fields)
        self._is_set_up = False
        self._wake = threading.Lock()
        self._wake.acquire()
        self._outcome = threading.Lock()  # between a run's report and what `watch` puts in its place
        self._deadline = 0.0
        self._hand_over = HandOver()
        self._mark = bytearray(1) if mark is None or contract.isolate else mark  # what is isolated cannot hang us
        self._is_short = False
        self._came: tuple[dict[str, Any], dict[str, str]] | BaseException | None = None
        self._stamp = self._ended = 0.0  # of the run that came last: Unix seconds, and on the monotonic clock
        self._closing = False
        self._abandoned = False
        self._after: Runner | None = None
        self._first: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name=f"agent {self.name}", daemon=True)

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

    def wake(self) -> None:
        """See Startable."""
        try:
            self._wake.release()
        except RuntimeError:  # `close` has woken it already
            pass

    # -- called by the owner

    def open(self, after: "Runner | None" = None, first: Callable[[], None] | None = None) -> None:
        """Start the thread. Its first run waits for the end of `after`, a runner of the same agent that an earlier hub
        has left behind: code of one agent never runs twice at once. `first` is called in place of the first run."""
        self._first = first
        if after is not None and not after.join(0):
            self._after = after
            self.record.began = self._clock.monotonic()
            self.busy = True
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end after its run. The scheduler must not know the runner any more."""
        if self._closing:
            return
        self.agent.stopping.set()
        self._closing = True
        self.wake()

    def abandon(self) -> None:
        """Close it, and publish nothing any more of what it runs now."""
        with self._outcome:
            self._abandoned = True
        self.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`; True when the plugin's code runs no more, in this
        runner or in one that it waited for."""
        self._thread.join(seconds)
        return not self._thread.is_alive() and (self._after is None or self._after.join(0))

    def ran_since(self, when: float) -> bool:
        """Whether the plugin's code has run in this process since a time on the monotonic clock, its import too."""
        if self.contract.isolate:
            return False
        return self.busy or max(self._made, self.record.ended or 0.0) >= when

    def stalled_for(self) -> float | None:
        """Seconds since the start of a run that takes longer than TIMEOUT; None when there is none."""
        took = self._since_began()
        return took if self.busy and took > self.contract.timeout else None

    def watch(self) -> None:
        """Look after the agent, about once a second: take back values that are no longer live (the run hangs, or none
        has ended for the life of a document), log runs that were skipped, note what it costs. By one thread only."""
        self.cpu.look(self._thread.native_id, self._clock.monotonic())
        if said := self.record.overruns.look(self.record.skipped, self._since_began() if self.busy else None):
            log.log(said[0], "agent %s: %s", self.name, said[1])
        with self._outcome:
            ended, took = self.record.ended, self.stalled_for()
            if took is not None:
                self._put_nulls(
                    f"the run started {took:.0f} s ago has not ended; TIMEOUT is {self.contract.timeout:g} s"
                )
            elif self.passes:  # it rests after failures: readers shall go on seeing why
                self._put_nulls(self.record.last_error)
            elif ended is not None and self._clock.monotonic() - ended > self.life:
                self._put_nulls(f"no run for {self._clock.monotonic() - ended:.0f} s")

    def _since_began(self) -> float:
        return self._clock.monotonic() - self.record.began

    def _stall(self, took: float) -> str:
        return (
            f"{self.contract.path}: the run started {took:.0f} s ago has not ended, it is at {self.where()};"
            f" TIMEOUT is {self.contract.timeout:g} s, ISOLATE = True lets it be killed"
        )

    @property
    def state(self) -> str:
        """One word: waiting (has not run yet), good, no data, failing, stalled or stopped."""
        if self.stalled_for() is not None:
            return "stalled"
        if not self.enabled:
            return "stopped"
        if self.record.ended is None:
            return "waiting"
        if self.record.failing_since is not None:
            return "failing"
        return "no data" if self.record.no_data else "good"

    def wait_idle(self, seconds: float) -> bool:
        """Wait for the end of a run that goes on, at most `seconds`."""
        until = self._clock.monotonic() + seconds
        while self.busy and self._clock.monotonic() < until:
            self._clock.wait(self.agent.stopping, 0.005)
        return not self.busy

    def where(self) -> str:
        """Where the thread is now: the line of the plugin it runs, else the innermost line; "" when it has ended."""
        return thread_trace.where(self._runs_on(), self.contract.path)

    def stack(self) -> list[str]:
        """The lines the thread runs now, from the plugin's first one inwards; empty between runs."""
        return thread_trace.stack(self._runs_on(), self.contract.path) if self.busy else []

    def _runs_on(self) -> threading.Thread:
        return self._thread if self._after is None else self._after._runs_on()

    def describe(self) -> dict[str, Any]:
        """The agent as the hub's document shows it; times in seconds, `since` in Unix seconds."""
        record, stalled = self.record, self.stalled_for()
        return {
            "state": self.state,
            "key": self.contract.key,
            "interval": self.contract.interval,
            "offset": round(self.contract.offset, 6),
            "runs": record.runs,
            "failures": record.failures,
            "skipped": record.skipped,
            "lateness_p99": round(p99(record.lateness.copy()), 6),
            "last_error": self._stall(stalled) if stalled else record.last_error,
            "age": None if record.ended is None else round(self._clock.monotonic() - record.ended, 3),
            "since": record.failing_since,
            "reason": self.held or record.no_data,
            "tries_every": self._due_ticks_between_tries() * self.contract.interval if record.in_a_row else None,
            "skipping": record.overruns.skipped,
            "cpu": round(self.cpu.share, 3),
            "warnings": record.warnings,
        }

    # -- the agent's own thread

    def _run(self) -> None:
        if self._after is not None:
            self._wait_for(self._after)
        while not self._closing:
            self._wake.acquire()
            hand_over = self._hand_over
            if not self._is_short or hand_over.last is self:
                hand_over.go_on()
            if self.busy and not self._closing:
                run, self._first = self._first or self.obtain, None
                run()
                hand_over.leave(self)
            else:
                hand_over.go_on()
        self.busy = False
        self.finish()

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
        record, clock = self.record, self._clock
        began = record.began = clock.monotonic()
        self._mark[0] = 1
        try:
            self._came = clean(self._work())
        except BaseException as error:  # a plugin may raise anything; its thread and the others go on
            self._came = error
        self._mark[0] = 0
        self._stamp = clock.time()
        self._ended = ended = clock.monotonic()
        self._is_short = ended - began < SHORT

    def report(self) -> None:
        """See Startable."""
        record = self.record
        try:
            self._publish_or_fail()
        except Exception:  # a mistake of ours in reporting a run must not end the agent
            log.exception("agent %s: the run could not be reported", self.name)
        if not self._abandoned:
            record.lateness.append(record.began - self._deadline)
            record.runs += 1
            record.ended = self._ended
        self.busy = False

    def _publish_or_fail(self) -> None:
        try:
            self.publish()
        except BaseException as error:  # what the plugin raised, or why what it returned cannot be published
            with self._outcome:
                self._fail(error)

    def publish(self) -> None:
        """Put what the run brought on the board, once; raises what the plugin raised, but for NoData."""
        with self._outcome:
            came, self._came = self._came, None  # an exception that is kept would keep the plugin's variables alive
            if self._abandoned or came is None:
                return
            if isinstance(came, tuple):
                self._succeed(*came)
            elif isinstance(came, NoData):
                self._have_none(mask(str(came)) or "no data")
            else:
                raise came

    def _have_none(self, reason: str) -> None:
        self.record.no_data = reason
        self._put_nulls(None, reason)
        self._recover()

    def _work(self) -> Any:
        if not self._is_set_up:
            if self.contract.setup is not None:
                self.contract.setup(self.agent)
            self._is_set_up = True
        return self.contract.work(self.agent)

    def _succeed(self, fields: dict[str, Any], reasons: dict[str, str]) -> None:
        record, stamp = self.record, self._stamp
        if "timestamp" in fields:
            stamp = _checked(fields.pop("timestamp"), stamp)
        shown = MappingProxyType(fields)
        self._board.put(Result(self.name, self.contract.key, stamp, shown, None, reasons, self._expire))
        self.agent.last = shown
        if not fields.keys() <= self._known.keys():
            self._known.update(dict.fromkeys(fields))
        record.no_data = None
        said = unpublishable(fields)
        if said or record.warnings:
            self._warn(said)
        if record.in_a_row:
            self._recover()

    def _warn(self, said: dict[str, str]) -> None:
        warnings = {name: f'{self.contract.path}: field "{name}" {text}' for name, text in said.items()}
        for name in warnings.keys() - self.record.warnings.keys():
            if self.record.news.is_news(warnings[name], self._clock.monotonic()):
                log.warning("%s", warnings[name])
        self.record.warnings = warnings

    def _recover(self) -> None:
        if self.record.was_said:
            log.info("agent %s is good again after %d failure(s) in a row", self.name, self.record.in_a_row)
        self.record.recover()

    def _fail(self, error: BaseException) -> None:
        record, sentence = self.record, explain(error, self.contract)
        record.fail(sentence, self._clock.time())
        self.passes = self._due_ticks_between_tries() - 1
        if record.news.is_news(sentence, self._clock.monotonic()):
            record.was_said = True
            log.error("agent %s fails: %s", self.name, sentence)
            log.debug("agent %s", self.name, exc_info=error)
        self._put_nulls(sentence)

    def _due_ticks_between_tries(self) -> int:
        """1, 2, 4, ... with every failure in a row, as long as that is no pause of more than LONGEST_PAUSE."""
        most = max(1, int(LONGEST_PAUSE / self.contract.interval))
        return min(2 ** min(self.record.in_a_row - 1, 20), most) if self.record.in_a_row else 1

    def _put_nulls(self, error: str | None, reason: str | None = None) -> None:
        fields = dict.fromkeys(self._known)
        reasons = dict.fromkeys(fields or ("work",), reason) if reason else {}
        self._board.put(Result(self.name, self.contract.key, self._clock.time(), fields, error, reasons, self._expire))

    def finish(self) -> None:
        """Let the plugin close what it has opened."""
        if self._is_set_up and self.contract.close is not None:
            try:
                self.contract.close(self.agent)
            except BaseException as error:  # a plugin may raise anything
                self.close_error = f"close failed: {explain(error, self.contract)}"
                log.error("agent %s: %s", self.name, self.close_error)
        self.contract.discard()


def _checked(stamp: Any, default: float) -> float:
    """The time stamp that a plugin gives its data."""
    if stamp is None:
        return default
    if isinstance(stamp, bool) or not isinstance(stamp, int | float) or not 0 < stamp < 1e11:
        raise FieldError(f'field "timestamp" is {stamp!r:.40}; return Unix seconds, or leave it out')
    return float(stamp)
