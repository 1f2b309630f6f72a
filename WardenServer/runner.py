"""One thread per agent: waits until it is due, runs `work`, and puts the outcome on the board."""

import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from WardenServer.agent import Agent, Contract
from WardenServer.board import Board
from WardenServer.clock import Clock
from WardenServer.errors import FieldError, NoData, PluginError
from WardenServer.health import p99
from WardenServer.marks import Mark
from WardenServer.result import Result, clean, unpublishable
from WardenServer.scheduler import Startable

log = logging.getLogger("warden.runner")


@dataclass
class Record:
    """What is known of an agent's runs. Written by its runner only; times on the monotonic clock."""

    runs: int = 0
    failures: int = 0
    skipped: int = 0
    lateness: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    last_error: str | None = None
    failing_since: float | None = None  # Unix seconds
    no_data: str | None = None
    began: float = 0.0
    ended: float | None = None
    warnings: dict[str, str] = field(default_factory=dict)


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
        self.enabled = True
        self.held = ""  # why it is held back, by the watchdog, when it is
        self.close_error: str | None = None
        self._expire = self.life if expire < 0 else expire
        self._board = board
        self._clock = clock or Clock()
        self._known: dict[str, None] = dict.fromkeys(contract.fields)
        self._is_set_up = False
        self._wake = threading.Lock()
        self._wake.acquire()
        self._outcome = threading.Lock()  # between the runner's own outcome and one that `expire_run` puts for it
        self._deadline = 0.0
        self._line: Iterator[Startable] = iter(())
        self._mark = bytearray(1) if mark is None or contract.isolate else mark  # what is isolated cannot hang us
        self._closing = False
        self._after: Runner | None = None
        self._thread = threading.Thread(target=self._run, name=f"agent {self.name}", daemon=True)

    # -- called by the scheduler

    def take_place(self, deadline: float, line: Iterator[Startable]) -> bool:
        """See Startable."""
        if self.busy:
            self.record.skipped += 1
            return False
        self.record.began = self._deadline = deadline
        self._line = line
        self.busy = True
        return True

    def wake(self) -> None:
        """See Startable."""
        self._wake.release()

    # -- called by the owner

    def open(self, after: "Runner | None" = None) -> None:
        """Start the thread. Its first run waits for the end of `after`, an earlier runner of the same agent: code of
        one agent never runs twice at once, whatever was reloaded meanwhile."""
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
        if not self.busy:
            self._wake.release()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`; True when the plugin's code runs no more, in this
        runner or in one that it waited for."""
        self._thread.join(seconds)
        return not self._thread.is_alive() and (self._after is None or self._after.join(0))

    def stalled_for(self) -> float | None:
        """Seconds since the start of a run that takes longer than TIMEOUT; None when there is none."""
        took = self._clock.monotonic() - self.record.began
        return took if self.busy and took > self.contract.timeout else None

    def watch(self) -> None:
        """Take back values that are no longer live: the run hangs, or no run has ended for the life of a document."""
        with self._outcome:
            ended, took = self.record.ended, self.stalled_for()
            if took is not None:
                self._put_nulls(
                    f"the run started {took:.0f} s ago has not ended; TIMEOUT is {self.contract.timeout:g} s"
                )
            elif ended is not None and self._clock.monotonic() - ended > self.life:
                self._put_nulls(f"no run for {self._clock.monotonic() - ended:.0f} s")

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
        if self._after is not None:
            return self._after.where()
        frame = sys._current_frames().get(self._thread.ident or 0)
        if frame is None:
            return ""
        trace = traceback.extract_stack(frame)
        own = [line for line in trace if line.filename == str(self.contract.path)]
        line = (own or trace)[-1]
        return f"{line.filename}:{line.lineno} in {line.name}"

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
            "warnings": record.warnings,
        }

    # -- the agent's own thread

    def _run(self) -> None:
        while self._after is not None and not self._closing:
            if self._after.join(1.0):
                self._after = None
        self.busy = False
        while not self._closing:
            self._wake.acquire()
            for following in self._line:
                following.wake()
                break
            if self.busy and not self._closing:
                self._run_guarded()
            self.busy = False
        self.finish()

    def _run_guarded(self) -> None:
        self._mark[0] = 1
        try:
            self.run_once()
        except Exception:  # a mistake of ours in reporting a run must not end the agent
            log.exception("agent %s: the run could not be reported", self.name)
        self._mark[0] = 0

    def run_once(self) -> None:
        """One run, start to board. Called by the agent's own thread (and by `warden try`)."""
        record = self.record
        record.began = self._clock.monotonic()
        record.lateness.append(record.began - self._deadline)
        try:
            fields, reasons = clean(self._work())
            with self._outcome:
                self._put(fields, reasons)
                self._succeed(fields)
        except NoData as reason:
            with self._outcome:
                record.no_data = str(reason) or "no data"
                self._put_nulls(None, record.no_data)
                self._recover()
        except BaseException as error:  # a plugin may raise anything; its thread and the others go on
            with self._outcome:
                self._fail(error)
        record.runs += 1
        record.ended = self._clock.monotonic()

    def _work(self) -> Any:
        if not self._is_set_up:
            if self.contract.setup is not None:
                self.contract.setup(self.agent)
            self._is_set_up = True
        return self.contract.work(self.agent)

    def _put(self, fields: dict[str, Any], reasons: dict[str, str]) -> None:
        stamp = fields.pop("timestamp", None)
        if stamp is None:
            stamp = self._clock.time()
        elif isinstance(stamp, bool) or not isinstance(stamp, int | float) or not 0 < stamp < 1e11:
            raise FieldError(f'field "timestamp" is {stamp!r:.40}; return Unix seconds, or leave it out')
        self._board.put(
            Result(self.name, self.contract.key, float(stamp), MappingProxyType(fields), None, reasons, self._expire)
        )

    def _succeed(self, fields: dict[str, Any]) -> None:
        self._known.update(dict.fromkeys(fields))
        self.agent.last = fields
        self.record.no_data = None
        warnings = {
            name: f'{self.contract.path}: field "{name}" {text}' for name, text in unpublishable(fields).items()
        }
        for name in warnings.keys() - self.record.warnings.keys():
            log.warning("%s", warnings[name])
        self.record.warnings = warnings
        self._recover()

    def _recover(self) -> None:
        if self.record.failing_since is not None:
            log.info("agent %s is good again after %d failure(s)", self.name, self.record.failures)
            self.record.failing_since = None

    def _fail(self, error: BaseException) -> None:
        record = self.record
        sentence = explain(error, self.contract)
        record.failures += 1
        if record.failing_since is None:
            record.failing_since = self._clock.time()
        if sentence != record.last_error:
            log.error("agent %s fails: %s", self.name, sentence)
            log.debug("agent %s", self.name, exc_info=error)
        record.last_error = sentence
        record.no_data = None
        self._put_nulls(sentence)

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


def explain(error: BaseException, contract: Contract) -> str:
    """A sentence on why a run failed: what was said, in which line of the plugin."""
    try:
        said = str(error)[:500]
    except Exception:  # the plugin's own exception may fail even here
        said = "(no text)"
    trace = reversed(traceback.extract_tb(error.__traceback__))
    line = next((frame.lineno for frame in trace if frame.filename == str(contract.path)), None)
    where = f"{contract.path}:{line}" if line else f"{contract.path}"
    if isinstance(error, FieldError | PluginError):
        return f"{contract.path}: {said}"
    if isinstance(error, SystemExit):
        return f"{where}: work calls sys.exit(); return a dict, or raise NoData"
    cure = "correct the file, or raise NoData where that is no failure"
    return f"{where}: {type(error).__name__}{': ' if said else ''}{said}; {cure}"
