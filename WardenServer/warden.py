"""Puts the parts together: loader, scheduler, runners, board and sinks. Knows no Tango.

All methods return at once, or within the limit they are given; any thread may call them.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from WardenServer import __version__, health, loader
from WardenServer.agent import Contract
from WardenServer.board import HUB, Board
from WardenServer.changeover import Changeover
from WardenServer.clock import Clock
from WardenServer.config import Settings
from WardenServer.errors import WardenError
from WardenServer.result import Result
from WardenServer.runner import Runner
from WardenServer.scheduler import Scheduler
from WardenServer.sinks.base import Sink
from WardenServer.sinks.memcached import Memcached
from WardenServer.watchdog import Watchdog

log = logging.getLogger("warden")

#: Seconds between looks at stalled agents, each followed by a new document of the hub about itself.
LOOK = 1.0
#: The settings that say which agents there are: a reload takes them on.
CHOICE = (
    "agents", "plugin_folders", "shipped", "disabled", "allow_writable_plugins", "plugin_hashes", "file", "origins",
)  # fmt: skip
#: Seconds that sinks are given to deliver what is left, of those that `close` may take.
SINKS = 0.5
#: Seconds to an agent's next run beyond which its new code is tried at once.
PATIENCE = 10.0


@dataclass(frozen=True)
class Health:
    """What the hub says of itself at one moment; never changed after it is made."""

    state: str = "INIT"
    status: str = "The agents are being loaded."
    document: Mapping[str, Any] = field(default_factory=dict)


class Warden:
    """One hub: its agents, its tick, its sinks."""

    def __init__(
        self,
        settings: Settings,
        sinks: Sequence[Sink],
        device: str = "",
        tango_host: str = "",
        left: Mapping[str, Runner] | None = None,
        clock: Clock | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.settings = settings
        self.board = Board()
        self.memcached = Memcached(settings)
        self.health = Health()
        self._sinks: tuple[Sink, ...] = (self.memcached, *sinks)
        self._device = device
        self._tango_host = tango_host
        self._watchdog = watchdog or Watchdog(settings)  # one that was not opened does nothing
        self._clock = clock or Clock()
        self._scheduler = Scheduler(settings.tick, self._clock)
        self._runners: dict[str, Runner] = {}
        self._left = dict(left or {})
        self._pending: dict[str, Changeover] = {}
        self._loaded = loader.Loaded()
        self._loading: threading.Thread | None = None
        self._lifecycle = threading.Lock()
        self._starts = settings.autostart  # once the agents are loaded: tick 0 must not pass before they are there
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._look, name="watch", daemon=True)

    # -- life

    def open(self, wait: float) -> None:
        """Load the agents and, with `autostart`, start them; returns after at most about `wait` seconds, perhaps with
        the loading still going on."""
        for sink in self._sinks:
            sink.open(self.board)
        self._scheduler.open()
        self._begin_loading(self.settings)
        self._join_loading(wait)
        self._refresh()
        self._watch.start()

    def close(self, wait: float) -> dict[str, Runner]:
        """End everything; agents that still run after `wait` seconds are named in the log and returned: a next hub
        must know of them."""
        until = self._clock.monotonic() + wait
        self._closing.set()
        self._scheduler.close()
        with self._lifecycle:
            runners = [*self._runners.values(), *(changeover.new for changeover in self._pending.values())]
        for runner in runners:
            self._scheduler.remove(runner.name)
            runner.close()
        left = {runner.name: runner for runner in runners if not runner.join(self._until(until - SINKS))}
        for sink in self._sinks:
            sink.close()
        self._scheduler.join(self._until(until))
        for sink in self._sinks:
            sink.join(self._until(until))
        if self._watch.is_alive():
            self._watch.join(self._until(until))
        if left:
            log.warning("agents that still run are left behind: %s", ", ".join(left))
        return {**self._left, **left}

    def _until(self, until: float) -> float:
        return max(0.0, until - self._clock.monotonic())

    # -- commands

    def start(self) -> None:
        """Let the tick run, from tick 0; nothing happens when it runs already."""
        self._scheduler.start()
        self._refresh()

    def stop(self) -> None:
        """Start no agents any more; runs that go on are left to end."""
        self._starts = False
        self._scheduler.stop()
        self._refresh()

    def reload(self, wait: float, settings: Settings) -> str:
        """Read the plugin files again, and of the settings those that say which agents there are: what is new is added,
        what changed is replaced with its state, what is gone is removed, and what is broken keeps its old code.

        Returns what happened, or that it still goes on after `wait` seconds.
        """
        chosen = {name: getattr(settings, name) for name in CHOICE}
        if not self._begin_loading(replace(self.settings, **chosen)):
            return "The last reload still goes on; try again when it has ended."
        until = self._clock.monotonic() + wait
        if not self._join_loading(wait):
            return "The reload goes on; the status will say how it ended."
        waiting = [c.name for c in list(self._pending.values()) if not c.join(self._until(until))]
        self._refresh()
        loaded = self._loaded
        said = [f"{len(self._runners)} agents run the code in the files."]
        said += [f"{name}: its new code is tried at its next run; until then the old code stays." for name in waiting]
        said += [f"Refused: {reason}" for reason in loaded.refused.values()]
        return "\n".join(said + loaded.problems)

    def start_agent(self, name: str) -> None:
        """Schedule an agent again that `stop_agent` took out."""
        runner = self._runner(name)
        if not runner.enabled:
            self._watchdog.release(name)
            runner.enabled, runner.held = True, ""
            self._scheduler.add(self._pending.get(name, runner))
        self._refresh()

    def stop_agent(self, name: str) -> None:
        """Start this agent no more, until `start_agent` or the next start of the hub."""
        runner = self._runner(name)
        runner.enabled = False
        self._scheduler.remove(runner.name)
        self._refresh()

    def run_agent(self, name: str) -> None:
        """Run an agent once, now, whatever the schedule says.

        Raises:
            WardenError: there is no such agent, or it runs already.
        """
        runner = self._runner(name)
        runner.passes = 0
        if not self._scheduler.run_now(self._pending.get(name, runner)):
            raise WardenError(f"agent {name} runs already; wait until it has ended")

    @property
    def running(self) -> bool:
        """Whether the tick runs."""
        return self._scheduler.running

    def _runner(self, name: str) -> Runner:
        try:
            return self._runners[name]
        except KeyError:
            known = ", ".join(sorted(self._runners)) or "none"
            raise WardenError(f'there is no agent "{name}"; loaded are: {known}') from None

    # -- loading

    def _begin_loading(self, settings: Settings) -> bool:
        with self._lifecycle:
            if self._loading is not None and self._loading.is_alive():
                return False
            self.settings = settings
            self._loading = threading.Thread(target=self._load, name="loader", daemon=True)
            self._loading.start()
        return True

    def _join_loading(self, wait: float) -> bool:
        if self._loading is None:
            return True
        self._loading.join(wait)
        return not self._loading.is_alive()

    def _load(self) -> None:
        known = {name: self._newest(runner) for name, runner in self._runners.items()}
        try:
            loaded = loader.load(self.settings, known)
        except Exception as error:  # an error of ours must not end the agents that run, nor leave the hub silent
            log.exception("the plugin files cannot be loaded")
            self._loaded.problems.append(f"the plugin files cannot be loaded: {error}")
            return
        for name, reason in loaded.refused.items():
            kept = "; its old code runs on" if name in known else ""
            log.error("agent %s refused: %s%s", name, reason, kept)
        for problem in loaded.problems:
            log.error("%s", problem)
        with self._lifecycle:
            if self._closing.is_set():
                for name, contract in loaded.contracts.items():
                    if known.get(name) is not contract:
                        contract.discard()
                return
            self._apply(loaded)
            if self._starts:
                self._starts = False
                self._scheduler.start()
        log.info("%d agents loaded, %d refused", len(loaded.contracts), len(loaded.refused))

    def _apply(self, loaded: loader.Loaded) -> None:
        """Bring the runners in line with what was loaded. Called with the life cycle's lock held."""
        self._loaded = loaded
        for name in set(self._runners) - set(loaded.contracts) - set(loaded.refused):
            self._end(self._runners.pop(name))
        for name, contract in loaded.contracts.items():
            runner = self._runners.get(name)
            if runner is None:
                self._begin(contract)
            elif self._newest(runner) is not contract:
                self._change_over(runner, contract)

    def _newest(self, runner: Runner) -> Contract:
        """What was loaded last for an agent."""
        changeover = self._pending.get(runner.name)
        return changeover.new.contract if changeover is not None else runner.contract

    def _begin(self, contract: Contract) -> None:
        self._declare(contract)
        runner = self._runners[contract.name] = self._make_runner(contract)
        runner.open(after=self._left.pop(contract.name, None))
        if runner.enabled:
            self._scheduler.add(runner)
        if runner.enabled and self.running:
            self._scheduler.run_now(runner)  # what is new shows at once, also where the next due tick is tomorrow

    def _end(self, runner: Runner) -> None:
        self._scheduler.remove(runner.name)
        runner.close()
        if (changeover := self._pending.pop(runner.name, None)) is not None:
            changeover.drop()
        self.board.remove(runner.name)

    def _change_over(self, old: Runner, contract: Contract) -> None:
        """Try new code at the agent's next run; at once where that is far off."""
        name = old.name
        if (earlier := self._pending.pop(name, None)) is not None:
            earlier.drop()
        changeover = self._pending[name] = Changeover(old, self._make_runner(contract), self._settle)
        changeover.open()
        if self._is_wanted(changeover):
            self._scheduler.add(changeover)
            due = self._scheduler.due_in(name)
            if due is not None and due > PATIENCE:
                self._scheduler.run_now(changeover)

    def _settle(self, changeover: Changeover, reason: str | None) -> None:
        """An agent goes on with its new code, or with its old code for a reason. On any thread."""
        old, new, name = changeover.old, changeover.new, changeover.name
        with self._lifecycle:
            if self._closing.is_set() or self._pending.get(name) is not changeover:
                new.abandon()
                return
            del self._pending[name]
            if reason is None:
                new.enabled = self._is_wanted(changeover)
                self._runners[name] = new
                if new.enabled:
                    self._scheduler.add(new)
                old.close()
                self._declare(new.contract)
            else:
                log.error("agent %s refused: %s; its old code runs on", name, reason)
                self._loaded.refused[name] = reason
                if old.enabled:
                    self._scheduler.add(old, overdue=changeover.deadline)
                if changeover.hangs:
                    self._left[name] = new

    def _is_wanted(self, changeover: Changeover) -> bool:
        """Whether new code is to be run: not where somebody has stopped the agent, or it is held back itself."""
        old = changeover.old
        return not changeover.new.held and (old.enabled or bool(old.held))

    def _make_runner(self, contract: Contract) -> Runner:
        mark = self._watchdog.slot(contract.name)
        runner = Runner(contract, self.board, self._clock, self.settings.expire, mark)
        runner.held = "" if contract.isolate else self._watchdog.holds(contract.name, contract.digest)
        runner.enabled = not runner.held
        return runner

    def _declare(self, contract: Contract) -> None:
        for sink in self._sinks:
            sink.declare(contract)

    # -- what the hub says of itself

    def _look(self) -> None:
        while not self._closing.wait(LOOK):
            try:
                for runner in list(self._runners.values()):
                    runner.watch()
                for changeover in list(self._pending.values()):
                    changeover.watch()
                self._refresh()
            except Exception:  # a mistake in here must not leave the hub silent
                log.exception("the watch failed; it goes on")

    def _refresh(self) -> None:
        """Make the hub's document anew and put it on the board."""
        described = {
            name: {**runner.describe(), "pending": name in self._pending}
            for name, runner in list(self._runners.items())
        }
        agents = health.with_refused(described, self._loaded.refused)
        problems = self._problems()
        loading = self._loading is not None and self._loading.is_alive() and not agents
        state = "INIT" if loading else health.state(self.running, agents, problems)
        notes = [*self._loaded.notes, *self.memcached.notes]
        status = health.status(state, agents, problems, notes)
        document = {
            "state": state,
            "status": status,
            "instance": self.settings.instance,
            "device": self._device,
            "tango_host": self._tango_host,
            "memcached": list(self.settings.memcached_servers),
            "memcached_ok": self.memcached.ok,
            "tick": self.settings.tick,
            "ticks": self._scheduler.ticks,
            "missed": self._scheduler.missed,
            "lateness_p99": round(health.p99(self._scheduler.lateness), 6),
            "problems": problems,
            "notes": notes,
            "agents": agents,
        }
        self.health = Health(state, status, MappingProxyType(document))
        self.board.put(Result(HUB, self.settings.hub_key, self._clock.time(), document, expire=10.0))

    def info(self) -> str:
        """All that the hub can say of itself, as text."""
        self._refresh()
        hub = self.health.document
        lines = [f"WardenServer {__version__}, instance {hub['instance']}, state {hub['state']}", hub["status"], ""]
        for name, agent in hub["agents"].items():
            lines.append(
                f"{name}: " + ", ".join(f"{item} {value}" for item, value in agent.items() if value is not None)
            )
            if agent["state"] == "stalled":
                lines += [f"    {line}" for line in self._runners[name].stack()]
        return "\n".join(lines)

    def _problems(self) -> list[str]:
        """Sentences on what is wrong besides the agents."""
        problems = [*self._watchdog.last_words(), *self._loaded.problems]
        for sink in self._sinks:
            problems += [sink.problem] if sink.problem else sink.problems.values()
        return problems
