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
CHOICE = ("agents", "plugin_folders", "shipped", "disabled", "origins")
#: Seconds that sinks are given to deliver what is left, of those that `close` may take.
SINKS = 0.5
#: Seconds a run may take to end before a reload gives up taking its state.
HAND_OVER = 2.0


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
        self._clock = clock or Clock()
        self._watchdog = watchdog or Watchdog(settings)  # one that was not opened does nothing
        self._scheduler = Scheduler(settings.tick, self._clock)
        self._runners: dict[str, Runner] = {}
        self._left = dict(left or {})
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
            runners = list(self._runners.values())
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
        if not self._join_loading(wait):
            return "The reload goes on; the status will say how it ended."
        self._refresh()
        loaded = self._loaded
        said = [f"{len(self._runners)} agents run the code in the files."]
        said += [f"Refused: {reason}" for reason in loaded.refused.values()]
        return "\n".join(said + loaded.problems)

    def start_agent(self, name: str) -> None:
        """Schedule an agent again that `stop_agent` took out."""
        runner = self._runner(name)
        if not runner.enabled:
            self._watchdog.release(name)
            runner.enabled, runner.held = True, ""
            self._scheduler.add(runner)
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
        if not self._scheduler.run_now(self._runner(name)):
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
        known = {name: runner.contract for name, runner in self._runners.items()}
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
            if not self._closing.is_set():
                self._apply(loaded)
                if self._starts:
                    self._starts = False
                    self._scheduler.start()
        log.info("%d agents loaded, %d refused", len(loaded.contracts), len(loaded.refused))

    def _apply(self, loaded: loader.Loaded) -> None:
        """Bring the runners in line with what was loaded. Called with the life cycle's lock held."""
        gone = set(self._runners) - set(loaded.contracts) - set(loaded.refused)
        for name in gone:
            self._end(self._runners.pop(name))
            self.board.remove(name)
        for name, contract in loaded.contracts.items():
            old = self._runners.get(name)
            if old is None or old.contract is not contract:
                self._replace(old, contract, loaded)
        self._loaded = loaded

    def _replace(self, old: Runner | None, contract: Contract, loaded: loader.Loaded) -> None:
        if old is not None:
            self._scheduler.remove(old.name)
            try:
                _hand_over(old, contract)
            except BaseException as error:  # save and load are a plugin's, which may raise anything
                loaded.refused[contract.name] = f"{contract.path}: its state cannot be handed over ({error!r})"
                self._scheduler.add(old)
                return
            old.close()
            if old.contract.key != contract.key:
                self.board.remove(old.name)
        mark = self._watchdog.slot(contract.name)
        runner = Runner(contract, self.board, self._clock, self.settings.expire, mark)
        runner.held = "" if contract.isolate else self._watchdog.holds(contract.name, contract.digest)
        runner.enabled = not runner.held and (old is None or old.enabled or bool(old.held))
        self._runners[contract.name] = runner
        runner.open(after=old or self._left.pop(contract.name, None))
        if runner.enabled:
            self._scheduler.add(runner)
        if old is None and self.running and runner.enabled:
            self._scheduler.run_now(runner)  # what is new shows at once, also where the next due tick is tomorrow
        for sink in self._sinks:
            sink.declare(contract)

    def _end(self, runner: Runner) -> None:
        self._scheduler.remove(runner.name)
        runner.close()

    # -- what the hub says of itself

    def _look(self) -> None:
        while not self._closing.wait(LOOK):
            try:
                for runner in list(self._runners.values()):
                    runner.watch()
                self._refresh()
            except Exception:  # a mistake in here must not leave the hub silent
                log.exception("the watch failed; it goes on")

    def _refresh(self) -> None:
        """Make the hub's document anew and put it on the board."""
        described = {name: runner.describe() for name, runner in list(self._runners.items())}
        agents = health.with_refused(described, self._loaded.refused)
        problems = self._problems()
        loading = self._loading is not None and self._loading.is_alive() and not agents
        state = "INIT" if loading else health.state(self.running, agents, problems)
        status = health.status(state, agents, problems)
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
        return "\n".join(lines)

    def _problems(self) -> list[str]:
        """Sentences on what is wrong besides the agents."""
        problems = [*self._watchdog.last_words(), *self._loaded.problems]
        for sink in self._sinks:
            problems += [sink.problem] if sink.problem else sink.problems.values()
        return problems


def _hand_over(old: Runner, new: Contract) -> None:
    """The state of the old code, which is not scheduled any more, to the new, where both know how."""
    if old.contract.save is None or new.load is None:
        return
    if not old.wait_idle(HAND_OVER):
        raise WardenError(f"its run has not ended within {HAND_OVER:g} s")
    new.load(old.contract.save())
