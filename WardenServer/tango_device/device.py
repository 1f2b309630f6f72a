"""The hub's face in Tango: translates only, decides nothing.

Commands and reads return at once from snapshots; only the sink's publisher thread pushes events.
"""

import json
import logging
import math
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import tango
from tango import AutoTangoAllowThreads, DevState
from tango.server import Device, command

import WardenServer
from WardenServer.errors import WardenError
from WardenServer.hub import about
from WardenServer.hub.warden import Warden
from WardenServer.machine.descendants import Descendants
from WardenServer.results.board import Board
from WardenServer.results.hub_document import HubDocument
from WardenServer.servers import event_socket, tango_database
from WardenServer.servers.tango_text import latin1
from WardenServer.servers.tango_values import Reading
from WardenServer.settings import config
from WardenServer.settings.masking import mask
from WardenServer.sinks import known_fields
from WardenServer.sinks.attributes.sink import Attributes
from WardenServer.sinks.known_fields import KnownFields
from WardenServer.tango_device.properties import setting_properties
from WardenServer.tango_device.requests import log_client, name_and_json, refusals, refuse, values_of

log = logging.getLogger("warden.device")

#: Options of the command line, by setting name; set before the server runs.
OPTIONS: dict[str, Any] = {}
#: The Tango database, host:port; empty without one. Set before the server runs.
TANGO_HOST = ""
#: The server's admin device, as a client finds it. Set before the server runs.
ADMIN = ""
#: The devices of this process, also when Tango has let go of them.
HUBS: "set[BeamlineWarden]" = set()
#: What the agents of this process have started; None where the process has other children too. Set before the server
#: runs.
DESCENDANTS: Descendants | None = None
#: Seconds a start waits for the plugin files, and Init, during which Tango lets all clients wait.
LOADING, LOADING_ANEW = 2.0, 0.3
#: Seconds the database may take to answer: at the start, and while clients wait.
STARTING, ASKING = 3.0, 0.4
#: Seconds Reload waits for its outcome, of the one in which commands answer.
ANSWER = 0.8
#: Seconds that ends may take: of Init, and of the whole server.
ENDING = 1.5

_ending = threading.Lock()  # an end takes down what the process has started: no new hub may have begun meanwhile


class BeamlineWarden(Device):  # type: ignore[misc]
    """The monitoring hub of a beamline: runs agents on a fixed tick and publishes what they return."""

    locals().update(setting_properties())

    # -- life

    def init_device(self) -> None:
        """Make the hub from its settings. Never raises: the state is FAULT and the status says the cure."""
        super().init_device()
        HUBS.add(self)
        log_client(self, "Init")
        self._properties: dict[str, list[str]] = getattr(self, "_properties", {})
        if getattr(self, "_warden", None) is not None:
            return  # a second Init came in while this one waited for the end of the old hub
        self._warden: Warden | None = None
        self._left = getattr(self, "_left", {})
        self._attributes: Attributes | None = getattr(self, "_attributes", None)
        self._trouble = HubDocument()
        self._shown: tuple[str, str] = ("", "")
        self._database_answers = True
        self._database_asked: float = getattr(self, "_database_asked", -math.inf)
        self.add_version_info("WardenServer", WardenServer.__version__)
        for name in ("State", "Status"):
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)
        self.register_signal(signal.SIGUSR1)
        try:
            self._open()
        except Exception as error:  # of whatever kind: Tango would hide it
            if not isinstance(error, WardenError):
                log.exception("the hub cannot be made")
            self._trouble = HubDocument("FAULT", f"{mask(str(error))}\nCorrect it, then Init.")
            self._take_back()
            self.publish_state()

    def get_device_properties(self, ds_class: Any = None) -> None:
        """Nothing where there is a database: tango's own way stops all threads of the process while it hangs."""
        if not TANGO_HOST:
            super().get_device_properties(ds_class)

    def _settings(self, limit: float) -> config.Settings:
        """The settings with the device's properties, or with those of last time where the database does not answer."""
        if not TANGO_HOST:
            given = {name: getattr(self, name) for name in setting_properties()}
            self._properties = {name: [v] if isinstance(v, str) else list(v) for name, v in given.items() if v}
        else:
            try:
                self._properties = tango_database.within(limit, self._ask_database)
                self._database_answers, self._database_asked = True, time.monotonic()
            except (WardenError, TimeoutError):
                log.warning("the Tango database does not answer: the device's properties stay as they were")
        return config.load(properties=self._properties, options=OPTIONS)

    def _ask_database(self) -> dict[str, list[str]]:
        names = list(setting_properties())
        return tango_database.properties(tango_database.connect(TANGO_HOST), self.get_name(), names)

    def obstacle(self) -> str:
        """See Host. What the database said, or did not say, holds for a second."""
        if TANGO_HOST and time.monotonic() > self._database_asked + 1.0:
            try:
                tango_database.connect(TANGO_HOST, ASKING)
                self._database_answers = True
            except WardenError:
                self._database_answers = False
            self._database_asked = time.monotonic()
        if not self._database_answers:
            return "the Tango database is away"
        return "" if self._is_starting() else event_socket.make(ADMIN, self.get_name())

    def await_start(self) -> None:
        """See Host."""
        while self._is_starting():
            time.sleep(0.01)

    def _is_starting(self) -> bool:
        """Whether Tango makes this device just now, and tells nobody of its attributes."""
        util = tango.Util.instance(False)
        return bool(util.is_svr_starting() or util.is_device_restarting(self.get_name()))

    def _open(self) -> None:
        anew = self._attributes is not None
        settings = self._settings(ASKING if anew else STARTING)
        if self._attributes is None:
            self._known = KnownFields(known_fields.place(settings))
            self._attributes = Attributes(self, self._known)
        warden = Warden(
            settings,
            [self._attributes],
            self._known,
            lambda: self._settings(ASKING),
            self.get_name(),
            TANGO_HOST,
            self._left,
            DESCENDANTS,
        )
        try:
            warden.open(LOADING_ANEW if anew else LOADING)
        except BaseException:
            warden.close(ENDING)
            raise
        self._warden = warden

    def _take_back(self) -> None:
        """No hub: what the attributes show is INVALID."""
        if self._attributes is not None:
            self._attributes.open(Board())
            self._attributes.begin()
            self._attributes.close()

    def delete_device(self) -> None:
        """End all threads of the hub. They may wait for the device, so it is let go meanwhile."""
        with AutoTangoAllowThreads(self):
            self.close()

    def close(self) -> None:
        """End all threads of the hub, and what its agents have started, if nobody has done so yet."""
        with _ending:
            self._end()

    def _end(self) -> None:
        warden, self._warden = getattr(self, "_warden", None), None
        if warden is not None:
            self._left = warden.close(ENDING)

    # -- state and attributes

    @property
    def _health(self) -> HubDocument:
        return self._warden.health if self._warden is not None else self._trouble

    def dev_state(self) -> DevState:
        """The hub's own state: Tango's would read all attributes with limits at every call."""
        return getattr(DevState, self._health.state)

    def dev_status(self) -> str:
        """What an operator should know."""
        return latin1(self._health.status)

    def publish_state(self) -> None:
        """See Host."""
        health = self._health
        if self._shown != (health.state, health.status):
            self.set_state(getattr(DevState, health.state))
            self.set_status(latin1(health.status))
            for name in ("State", "Status"):
                self.push_change_event(name)
                self.push_archive_event(name)
            self._shown = (health.state, health.status)

    def read_field(self, attr: Any) -> Reading:
        """See Host."""
        name = attr.get_name()
        if self._attributes is None or name not in self._attributes.values:
            refuse(
                WardenError(f"attribute {name} belongs to an agent that is gone; restart the server to be rid of it")
            )
        return self._attributes.values[name]

    # -- commands

    @command
    def Start(self) -> None:
        """Let the agents run, from tick 0. Nothing happens when they do already."""
        log_client(self, "Start")
        self._hub().start()

    @command
    def Stop(self) -> None:
        """Start no agent any more. Runs that go on are left to end."""
        log_client(self, "Stop")
        self._hub().stop()

    @command(dtype_out=str, doc_out="What was loaded and what was refused, and why.")
    def Reload(self) -> str:
        """Read the plugin files again, and the settings that say which agents there are."""
        log_client(self, "Reload")
        with refusals():
            return latin1(self._hub().reload(ANSWER))

    def signal_handler(self, number: int) -> None:
        """SIGUSR1: as Reload. Called by Tango's signal thread."""
        if self._warden is not None:
            self._warden.reload_unasked(signal.Signals(number).name)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def StartAgent(self, name: str) -> None:
        """Schedule an agent again."""
        log_client(self, "StartAgent", name)
        with refusals():
            self._hub().start_agent(name)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def StopAgent(self, name: str) -> None:
        """Start this agent no more."""
        log_client(self, "StopAgent", name)
        with refusals():
            self._hub().stop_agent(name)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def RunAgent(self, name: str) -> None:
        """Run an agent once, now."""
        log_client(self, "RunAgent", name)
        with refusals():
            self._hub().run_agent(name)

    @command(dtype_in="DevLong64", doc_in="A number, or 0: the next.", dtype_out="DevLong64", doc_out="The number.")
    def StartRun(self, number: int) -> int:
        """Open a run."""
        return self._run("StartRun", self._hub().runs.start, number)

    @command(dtype_in="DevLong64", doc_in="Its number, or 0.", dtype_out="DevLong64", doc_out="The number.")
    def StopRun(self, number: int) -> int:
        """Close the open run."""
        return self._run("StopRun", self._hub().runs.stop, number)

    @command(dtype_in=str, doc_in="Name of an agent.", dtype_out=str, doc_out="Stack, file, source, settings: JSON.")
    def GetAgent(self, name: str) -> str:
        """Where an agent is now, its file and its settings; what is secret is masked."""
        hub = self._hub()
        with refusals(), AutoTangoAllowThreads(self):  # its file may be on a disk that is slow
            return json.dumps(about.agent(hub.agents, name), default=str)

    @command(
        dtype_in=(str,), doc_in="Name of an agent, and the request as JSON.",
        dtype_out=str, doc_out='The answer as ASCII JSON; {"queued": true} where it comes later.',
    )  # fmt: skip
    def AskAgent(self, request: list[str]) -> str:
        """Ask an agent something: its function answer replies, in turn with its runs."""
        log_client(self, "AskAgent", " ".join(request))
        hub = self._hub()
        with refusals():
            name, argument = name_and_json(request)
            with AutoTangoAllowThreads(self):  # events go out meanwhile
                answer = hub.ask_agent(name, argument, ANSWER)
        return '{"queued": true}' if answer is None else answer

    @command(dtype_in=str, doc_in='JSON: {"rule": NAME, "until": UNIX SECONDS, "why": TEXT}.')
    def Mute(self, request: str) -> None:
        """Tell nobody of a rule of the notifier until a time; * means all rules."""
        log_client(self, "Mute", request)
        self._say(request, {"rule": str, "until": float, "why": str}, "mute")

    @command(dtype_in=str, doc_in='JSON: {"rule": NAME}.')
    def Unmute(self, request: str) -> None:
        """Tell people of a rule again."""
        log_client(self, "Unmute", request)
        self._say(request, {"rule": str}, "unmute")

    @command(dtype_in=str, doc_in='JSON: {"rule": NAME}, of a rule or of one alarm as the document of alarms has it.')
    def Acknowledge(self, request: str) -> None:
        """Send no reminders about the alarms of a rule."""
        log_client(self, "Acknowledge", request)
        self._say(request, {"rule": str}, "acknowledge")

    @command(dtype_in=str, doc_in="Memcached key, without prefix.", dtype_out=str, doc_out="The document, ASCII JSON.")
    def GetDocument(self, key: str) -> str:
        """The document of a key as it stands now; of a key with a plain value, that as Memcached has it."""
        board = self._hub().board
        found = board.as_read(key)
        if found is None:
            refuse(WardenError(f'there is no document "{key}"; there are: {", ".join(sorted(board.keys()))}'))
        return found

    @command(dtype_out=str, doc_out="Text for people.")
    def GetInfo(self) -> str:
        """All that the hub can say of itself."""
        return latin1(self._hub().info())

    def _hub(self) -> Warden:
        if self._warden is None:
            refuse(WardenError(f"the hub is not there: {self._trouble.status}"))
        return self._warden

    def _run(self, name: str, action: Callable[[int | None, str], int], number: int) -> int:
        by = log_client(self, name, f"{number}")
        with refusals(), AutoTangoAllowThreads(self):
            return action(number or None, by)

    def _say(self, request: str, types: dict[str, type], action: str) -> None:
        """Do what a request in JSON asks for, with its values in the order of `types`."""
        hub = self._hub()
        with refusals():
            values = values_of(request, types)
            with AutoTangoAllowThreads(self):
                getattr(hub.alarms, action)(*values)
