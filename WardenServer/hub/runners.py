"""The runners of all agents: begun, changed over to new code, ended. Any thread may call it; nothing here waits."""

import logging
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub.last_runs import LastRuns
from WardenServer.hub.sinks import Sinks
from WardenServer.loading.contract import Contract
from WardenServer.loading.loader import Loaded
from WardenServer.machine.clock import Clock
from WardenServer.results.board import Board
from WardenServer.results.hub_document import AgentEntry
from WardenServer.running import look
from WardenServer.running.probation import Probation
from WardenServer.running.request import Request
from WardenServer.running.runner import Runner
from WardenServer.running.scheduler import Scheduler
from WardenServer.watchdog.watchdog import Watchdog

log = logging.getLogger("warden")

#: Seconds to an agent's next run beyond which its new code is tried at once.
PATIENCE = 10.0


class Runners:
    """Every agent's runner, and the probations that go on.

    `loaded` is what was loaded last, `left` are runners whose code still runs though their agent has gone, or was given
    up: the next runner of that agent waits for them.
    """

    def __init__(
        self,
        board: Board,
        scheduler: Scheduler,
        sinks: Sinks,
        watchdog: Watchdog,
        clock: Clock,
        left: Mapping[str, Runner],
        last_runs: LastRuns,
    ) -> None:
        self.runners: dict[str, Runner] = {}
        self.loaded = Loaded()
        self.left = dict(left)
        self._pending: dict[str, Probation] = {}
        self._board, self._scheduler, self._sinks = board, scheduler, sinks
        self._watchdog, self._clock = watchdog, clock
        self._last_runs = last_runs
        self._expire = -1.0
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> list[Runner]:
        """Tell all runners to end; returns them, to be waited for."""
        with self._lock:
            self._closed = True
            runners = [*self.runners.values(), *(probation.new for probation in self._pending.values())]
        for runner in runners:
            self._scheduler.remove(runner.name)
            runner.close()
        return runners

    def watch(self) -> None:
        """Look after every agent, about once a second."""
        for runner in list(self.runners.values()):
            look.watch(runner)
        for probation in list(self._pending.values()):
            probation.watch()
        self.note_last_runs()

    def note_last_runs(self) -> None:
        """Remember when agents of the calendar ran last."""
        by_calendar = [runner for runner in list(self.runners.values()) if runner.contract.at is not None]
        self._last_runs.note({runner.name: runner.last_at for runner in by_calendar if runner.last_at is not None})

    def ran_since(self, when: float) -> list[str]:
        """The agents whose code has run in this process since a time on the monotonic clock."""
        pending = [probation.new for probation in list(self._pending.values())]
        return sorted({runner.name for runner in [*self.runners.copy().values(), *pending] if runner.ran_since(when)})

    def describe(self) -> dict[str, AgentEntry]:
        """Every agent as the hub's document shows it."""
        runners = list(self.runners.items())
        return {name: look.describe(runner, name in self._pending) for name, runner in runners}

    def contracts(self) -> dict[str, Contract]:
        """What was loaded last for each agent."""
        return {name: self._newest(runner) for name, runner in list(self.runners.items())}

    def undecided(self, until: float) -> list[str]:
        """Agents whose new code has not been tried when the clock shows `until`; returns as soon as there are none."""
        probations = list(self._pending.values())
        return [each.name for each in probations if not each.join(max(0.0, until - self._clock.monotonic()))]

    # -- one agent

    def start(self, name: str) -> None:
        """Schedule an agent again that `stop` took out."""
        runner = self.get(name)
        if not runner.enabled:
            self._watchdog.release(name)
            runner.enabled, runner.held = True, ""
            self._scheduler.add(self._pending.get(name, runner))

    def stop(self, name: str) -> None:
        """Start this agent no more, until `start`."""
        runner = self.get(name)
        runner.enabled = False
        self._scheduler.remove(runner.name)

    def run(self, name: str) -> None:
        """Run an agent once, now, whatever the schedule says.

        Raises:
            WardenError: there is no such agent, or it runs already.
        """
        runner = self.get(name)
        runner.try_again()
        if not self._scheduler.run_now(self._pending.get(name, runner)):
            raise WardenError(f"agent {name} runs already; wait until it has ended")

    def ask(self, name: str, argument: Any, wait: float) -> str | None:
        """What an agent answers to a request, as JSON; None where it has not answered after `wait` seconds: it will.

        Raises:
            WardenError: there is no such agent, it answers none, or it cannot answer this one.
        """
        request = Request(argument)
        self.get(name).ask(request)
        return request.wait(wait)

    def get(self, name: str) -> Runner:
        """The runner of an agent; raises WardenError when there is no such agent."""
        try:
            return self.runners[name]
        except KeyError:
            known = ", ".join(sorted(self.runners)) or "none"
            raise WardenError(f'there is no agent "{name}"; loaded are: {known}') from None

    # -- code that was loaded

    def take_on(self, loaded: Loaded, expire: float) -> bool:
        """Bring the runners in line with what was loaded; documents live for `expire` seconds. False after `close`."""
        with self._lock:
            if self._closed:
                return False
            self.loaded, self._expire = loaded, expire
            for name in set(self.runners) - set(loaded.contracts) - set(loaded.refused):
                self._end(self.runners.pop(name))
            for name, contract in loaded.contracts.items():
                runner = self.runners.get(name)
                if runner is None:
                    self._begin(contract)
                elif self._newest(runner) is not contract:
                    self._put_on_probation(runner, contract)
        return True

    def _newest(self, runner: Runner) -> Contract:
        probation = self._pending.get(runner.name)
        return probation.new.contract if probation is not None else runner.contract

    def _begin(self, contract: Contract) -> None:
        self._declare(contract)
        runner = self.runners[contract.name] = self._make_runner(contract)
        runner.open(after=self.left.pop(contract.name, None))
        if runner.enabled:
            self._scheduler.add(runner)
        if runner.enabled and self._scheduler.running and contract.at is None:
            self._scheduler.run_now(runner)  # what is new shows at once, also where the next due tick is tomorrow

    def _end(self, runner: Runner) -> None:
        self._scheduler.remove(runner.name)
        runner.close()
        if not runner.join(0):
            self.left[runner.name] = runner
        if (probation := self._pending.pop(runner.name, None)) is not None:
            probation.abandon()
        self._board.remove(runner.name)

    def _put_on_probation(self, old: Runner, contract: Contract) -> None:
        """Try new code at the agent's next run; at once where that is far off."""
        name = old.name
        if (earlier := self._pending.pop(name, None)) is not None:
            earlier.abandon()
        probation = self._pending[name] = Probation(old, self._make_runner(contract, old), self._settle)
        probation.open()
        if _is_wanted(probation):
            self._scheduler.add(probation)
            due = self._scheduler.due_in(name)
            if contract.at is not None or (due is not None and due > PATIENCE):
                self._scheduler.run_now(probation)

    def _settle(self, probation: Probation, reason: str | None) -> None:
        """An agent goes on with its new code, or with its old code for a reason. On any thread."""
        with self._lock:
            if self._closed or self._pending.get(probation.name) is not probation:
                probation.new.abandon()
                return
            if reason is None:
                self._go_on_with(probation.new, probation)
            else:
                self._go_back(probation, reason)
            del self._pending[probation.name]  # last: a reload that finds it gone must find the reason

    def _go_on_with(self, new: Runner, probation: Probation) -> None:
        new.enabled = _is_wanted(probation)
        self.runners[new.name] = new
        if new.enabled:
            self._scheduler.add(new)
        new.take_requests(probation.old)
        probation.old.close()
        self._declare(new.contract)

    def _go_back(self, probation: Probation, reason: str) -> None:
        name, old = probation.name, probation.old
        log.error("agent %s refused: %s; its old code runs on", name, reason)
        self.loaded.refused[name] = reason
        if old.enabled:  # of the calendar no run was due
            self._scheduler.add(old, overdue=probation.deadline if old.contract.at is None else None)
        if probation.hangs:
            self.left[name] = probation.new

    def _make_runner(self, contract: Contract, before: Runner | None = None) -> Runner:
        mark = self._watchdog.slot(contract.name)
        expire = self._expire if contract.expire is None else contract.expire
        runner = Runner(contract, self._board, self._clock, expire, mark, before)
        runner.agent.ask_for_run = partial(self._scheduler.soon, contract.name)
        if contract.at is not None and runner.record.last_at is None:  # from now on, where it is not known
            runner.record.last_at = self._last_runs.of(contract.name) or self._clock.time()
        runner.held = "" if contract.isolate else self._watchdog.holds(contract.name, contract.digest)
        runner.enabled = not runner.held
        return runner

    def _declare(self, contract: Contract) -> None:
        self._sinks.declare(contract)


def _is_wanted(probation: Probation) -> bool:
    """Whether new code is to be run: not where somebody has stopped the agent, or it is held back itself."""
    old = probation.old
    return not probation.new.held and (old.enabled or bool(old.held))
