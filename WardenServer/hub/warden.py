"""Puts the parts together: loader, scheduler, runners, board and sinks. Knows no Tango.

All methods return at once, or within the limit they are given; any thread may call them.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from WardenServer.errors import WardenError
from WardenServer.hub import about
from WardenServer.hub.alarms.alarms import Alarms
from WardenServer.hub.diary import Diary
from WardenServer.hub.field_table import FieldTable
from WardenServer.hub.file_watch import FileWatch
from WardenServer.hub.last_runs import LastRuns
from WardenServer.hub.runners import Runners
from WardenServer.hub.runs.recorder import Recorder
from WardenServer.hub.sinks import Sinks
from WardenServer.hub.surroundings import PROCESS
from WardenServer.loading import loader
from WardenServer.machine import garbage
from WardenServer.machine.clock import Clock
from WardenServer.machine.descendants import Descendants
from WardenServer.machine.one_core import CORE
from WardenServer.machine.process_things import LOG_LEVEL
from WardenServer.results import health
from WardenServer.results.board import HUB, Board
from WardenServer.results.hub_document import HubDocument, SinkEntry
from WardenServer.results.result import Result
from WardenServer.running.runner import Runner
from WardenServer.running.scheduler import Scheduler
from WardenServer.settings import config
from WardenServer.settings.config import Settings
from WardenServer.settings.masking import mask
from WardenServer.sinks import known_fields
from WardenServer.sinks.base import Sink
from WardenServer.sinks.history.sink import History
from WardenServer.sinks.known_fields import KnownFields
from WardenServer.sinks.memcached import Memcached
from WardenServer.streams.streams import Streams
from WardenServer.watchdog.watchdog import Watchdog

log = logging.getLogger("warden")

#: Seconds between looks at stalled agents, each followed by a new document of the hub about itself.
LOOK = 1.0
#: The settings that say which agents there are: a reload takes them on.
CHOICE = (
    "agents", "original", "plugin_folders", "shipped", "disabled", "allow_writable_plugins", "plugin_hashes", "file",
    "origins", "notify", "streams", "writers", "shared", "runs_url",
)  # fmt: skip
#: Seconds that a reload which no client waits for is given to say how it ended.
UNASKED = 0.8
#: Seconds that sinks are given to deliver what is left, of those that `close` may take.
SINKS = 0.5


class Warden:
    """One hub: its agents, its tick, its sinks, and all that watches over them."""

    def __init__(
        self,
        settings: Settings,
        sinks: Sequence[Sink] = (),
        known: KnownFields | None = None,
        reread: Callable[[], Settings] | None = None,
        device: str = "",
        tango_host: str = "",
        left: Mapping[str, Runner] | None = None,
        descendants: Descendants | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Put a hub together; `open` begins.

        Args:
            settings: of the hub.
            sinks: more than those that every hub has.
            known: the fields that are known, where somebody else uses them too.
            reread: the settings as they are now, for a reload; raises WardenError. None: they never change.
            device: its name in Tango, and `tango_host` the database; "" without Tango.
            left: runners that an earlier hub of this process has left behind, by agent.
            descendants: what agents of this process have started; they end with the hub.
            clock: for tests.
        """
        self.settings = settings
        self.board = Board()
        self.health = HubDocument()
        self._clock = clock or Clock()
        self.alarms = Alarms(settings, self._clock)
        memory = [History(settings)] if settings.history else []
        self._sinks = Sinks((Memcached(settings), *self.alarms.sinks, *memory, *sinks), self.board)
        self._reread = reread or (lambda: self.settings)
        self._device = device
        self._tango_host = tango_host
        self._descendants = descendants
        self._diary = Diary(self.board, self._clock)
        self._watchdog = Watchdog(settings, self._clock)
        self._scheduler = Scheduler(settings.tick, self._clock)
        self.agents = Runners(
            self.board, self._scheduler, self._sinks, self._watchdog, self._clock, left or {}, LastRuns(settings)
        )
        known = known or KnownFields(known_fields.place(settings), self._clock)
        self._fields = FieldTable(known, self.board, settings.fields_key, self._clock)
        self._streams = Streams()
        self.runs = Recorder(settings, self.board, self._streams, self._scheduler.soon, self._clock)
        self._loading: threading.Thread | None = None
        self._lifecycle = threading.Lock()
        self._starts = settings.autostart  # once the agents are loaded: tick 0 must not pass before they are there
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._look, name="watch", daemon=True)
        folders = settings.plugin_folders
        self._files = FileWatch(folders, [config.file_place()], lambda: self.reload_unasked("changed files"))

    # -- life

    def open(self, wait: float) -> None:
        """Load the agents and, with `autostart`, start them; returns after at most about `wait` seconds, perhaps with
        the loading still going on."""
        PROCESS.change(LOG_LEVEL, self.settings.log_level)
        self._watchdog.open()
        self._sinks.open(self.settings)
        self._scheduler.open()
        self._begin_loading(self.settings)
        self._join_loading(wait)
        self._refresh()
        self._sinks.begin()
        self._watch.start()
        if self.settings.watch:
            self._files.open()

    def close(self, wait: float) -> dict[str, Runner]:
        """End everything, and what agents have started; agents that still run after `wait` seconds are named in the log
        and returned: a next hub must know of them."""
        until = self._clock.monotonic() + wait
        self._closing.set()
        self._files.close()
        self.runs.close()
        self._scheduler.close()
        self._diary.tell("end", "The hub ends.")
        runners = self.agents.close()
        left = {runner.name: runner for runner in runners if not runner.join(self._until(until - SINKS))}
        self._streams.close()
        self._sinks.close()
        self._scheduler.join(self._until(until))
        self._sinks.join(lambda: self._until(until))
        self._files.join(self._until(until))
        self.runs.join(lambda: self._until(until))
        if self._watch.is_alive():
            self._watch.join(self._until(until))
        self.agents.note_last_runs()
        if left:
            log.warning("agents that still run are left behind: %s", ", ".join(left))
        if self._descendants is not None and not self._descendants.kill():
            log.warning("processes that agents have started cannot be killed: %s", self._descendants.find())
        self._watchdog.close()
        return {**self.agents.left, **left}

    def _until(self, until: float) -> float:
        return max(0.0, until - self._clock.monotonic())

    # -- commands

    def start(self) -> None:
        """Let the tick run, from tick 0; nothing happens when it runs already."""
        if not self.running:
            self._diary.tell("start", f"The hub was started: {len(self.agents.runners)} agents run.")
        self._scheduler.start()
        self._refresh()

    def stop(self) -> None:
        """Start no agents any more; runs that go on are left to end."""
        self._starts = False
        if self.running:
            self._diary.tell("stop", "The hub was stopped: no agent runs any more.")
        self._scheduler.stop()
        self._refresh()

    def reload(self, wait: float) -> str:
        """Read the plugin files again, and of the settings those that say which agents there are: what is new is added,
        what changed is replaced with its state, what is gone is removed, and what is broken keeps its old code.

        Returns what happened, or that it still goes on after `wait` seconds.

        Raises:
            WardenError: the settings cannot be read; nothing changes.
        """
        until = self._clock.monotonic() + wait
        settings = self._reread()
        chosen = {name: getattr(settings, name) for name in CHOICE}
        if not self._begin_loading(replace(self.settings, **chosen)):
            return "The last reload still goes on; try again when it has ended."
        if not self._join_loading(self._until(until)):
            return "The reload goes on; the status will say how it ended."
        waiting = self.agents.undecided(until)
        self._refresh()
        loaded = self.agents.loaded
        said = [f"{len(self.agents.runners)} agents run the code in the files."]
        said += [f"{name}: its new code is tried at its next run; until then the old code stays." for name in waiting]
        said += [f"Refused: {reason}" for reason in loaded.refused.values()]
        return "\n".join(said + loaded.problems)

    def reload_unasked(self, why: str) -> None:
        """A reload that no client waits for: the log says how it ended."""
        try:
            log.info("reload by %s: %s", why, self.reload(UNASKED))
        except WardenError as error:
            log.error("reload by %s is refused: %s", why, error)

    def start_agent(self, name: str) -> None:
        """Schedule an agent again that `stop_agent` took out; raises WardenError when there is none."""
        self.agents.start(name)
        self._diary.tell("agent-start", f"Agent {name} was started.", name)
        self._refresh()

    def stop_agent(self, name: str) -> None:
        """Start this agent no more, until `start_agent` or the next start of the hub; raises as `start_agent`."""
        self.agents.stop(name)
        self._diary.tell("agent-stop", f"Agent {name} was stopped.", name)
        self._refresh()

    def ask_agent(self, name: str, argument: Any, wait: float) -> str | None:
        """What an agent answers to a request, as JSON; None where it has not answered after `wait` seconds: it will.

        Raises:
            WardenError: there is no such agent, it answers none, or it cannot answer this one.
        """
        return self.agents.ask(name, argument, wait)

    def run_agent(self, name: str) -> None:
        """Run an agent once, now, whatever the schedule says; raises WardenError when there is none, or it runs."""
        self.agents.run(name)

    @property
    def running(self) -> bool:
        """Whether the tick runs."""
        return self._scheduler.running

    # -- loading

    def _begin_loading(self, settings: Settings) -> bool:
        with self._lifecycle:
            if self._is_loading():
                return False
            self.settings = settings
            self.alarms.take_on(settings)
            self.runs.take_on(settings)
            self._loading = threading.Thread(target=self._load, name="loader", daemon=True)
            self._loading.start()
        return True

    def _join_loading(self, wait: float) -> bool:
        if self._loading is None:
            return True
        self._loading.join(wait)
        return not self._is_loading()

    def _load(self) -> None:
        known = self.agents.contracts()
        self._sinks.take_on(self.settings)
        try:
            loaded = loader.load(self.settings, known, self._streams)
        except Exception as error:  # an error of ours must not end the agents that run, nor leave the hub silent
            log.exception("the plugin files cannot be loaded")
            self.agents.loaded.problems.append(f"the plugin files cannot be loaded: {error}")
            return
        for name, reason in loaded.refused.items():
            kept = "; its old code runs on" if name in known else ""
            log.error("agent %s refused: %s%s", name, reason, kept)
        for problem in loaded.problems:
            log.error("%s", problem)
        new = [contract for name, contract in loaded.contracts.items() if known.get(name) is not contract]
        if not self.agents.take_on(loaded, self.settings.expire):
            for contract in new:
                contract.discard()
            return
        if not known:  # before the tick runs, since it takes a while
            garbage.set_aside()
        with self._lifecycle:
            if self._starts and not self._closing.is_set():
                self._starts = False
                self._scheduler.start()
        said = f"{len(loaded.contracts)} agents loaded, {len(loaded.refused)} refused"
        log.info("%s", said)
        self._diary.tell("reload" if known else "load", f"{said}: {', '.join(loaded.refused)}".removesuffix(": "))

    # -- what the hub says of itself

    def _look(self) -> None:
        while not self._closing.wait(LOOK):
            try:
                PROCESS.look(self._ran_since)
                CORE.look()
                self._streams.keep_off(CORE.core)
                self.agents.watch()
                self._refresh()
                self._fields.look(self.agents.contracts())
            except Exception:  # a mistake in here must not leave the hub silent
                log.exception("the watch failed; it goes on")

    def _ran_since(self, when: float) -> list[str]:
        """Whose code has run in the hub's process since a time on the monotonic clock."""
        importing = ["a plugin file that is being imported"] if self._is_loading() else []
        return self.agents.ran_since(when) + importing

    def _is_loading(self) -> bool:
        return self._loading is not None and self._loading.is_alive()

    def _refresh(self) -> None:
        """Make the hub's document anew and put it on the board."""
        loaded = self.agents.loaded
        agents = health.with_refused(self.agents.describe(), loaded.refused)
        problems = self._problems()
        loading = self._is_loading() and not agents
        state = "INIT" if loading else health.state(self.running, agents, problems)
        notes = [*loaded.notes, *self._sinks.notes, *PROCESS.notes(), *self._streams.notes, *self.runs.notes]
        self.health = HubDocument(
            state=state,
            status=mask(health.status(state, agents, problems, notes)),
            instance=self.settings.instance,
            device=self._device,
            tango_host=self._tango_host,
            memcached=list(self.settings.memcached_servers),
            memcached_ok=all(sink.ok for sink in self._sinks if isinstance(sink, Memcached)),
            tick=self.settings.tick,
            ticks=self._scheduler.ticks,
            missed=self._scheduler.missed,
            lateness_p99=round(health.p99(self._scheduler.lateness), 6),
            problems=problems,
            notes=notes,
            sinks={sink.name: SinkEntry(sink.ok, sink.lost) for sink in self._sinks},
            agents=agents,
        )
        document = MappingProxyType(self.health.as_dict())
        self.board.put(Result(HUB, self.settings.hub_key, self._clock.time(), document, expire=10.0))

    def info(self) -> str:
        """All that the hub can say of itself, as text."""
        self._refresh()
        return about.info(self.health, self.agents)

    def _problems(self) -> list[str]:
        """Sentences on what is wrong besides the agents."""
        return [*self._watchdog.post_mortem(), *self.agents.loaded.problems, *self._sinks.problems, *self.runs.problems]
