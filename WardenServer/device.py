"""The hub's face in Tango: translates only, decides nothing.

Commands and reads return at once from snapshots; only the sink's publisher thread pushes events.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import tango
from tango import AutoTangoAllowThreads, DevState
from tango.server import Device, command, device_property

import WardenServer
from WardenServer import config
from WardenServer.errors import WardenError
from WardenServer.field import Kind
from WardenServer.memory import Memory
from WardenServer.result import to_json
from WardenServer.sinks.attributes import Attributes, Fixed, Reading, latin1
from WardenServer.warden import Health, Warden

log = logging.getLogger("warden.device")

#: Options of the command line, by setting name; set before the server runs.
OPTIONS: dict[str, Any] = {}
#: The Tango database, host:port; empty without one. Set before the server runs.
TANGO_HOST = ""
#: Seconds a start waits for the plugin files, of the 3 s that a client waits for Init.
LOADING = 2.0
#: Seconds Reload waits for its outcome, of the one in which commands answer.
ANSWER = 0.8
#: Seconds that ends may take: of Init, and of the whole server.
ENDING = 1.5


def _fixed(
    dtype: str, doc: str, value: Callable[[Mapping[str, Any]], Any], unit: str = "", dims: int = 0, label: str = ""
) -> Fixed:
    properties = {"doc": doc, **({"unit": unit} if unit else {}), **({"label": label} if label else {})}
    return Fixed(Kind(dtype, dims), properties, value)


def fixed_attributes(settings: config.Settings) -> dict[str, Fixed]:
    """The attributes of the hub itself."""
    return {
        "TickTackPeriod": _fixed("float", "The scheduler's tick.", lambda hub: settings.tick, "s"),
        "NumThreads": _fixed("int", "Python threads of the process.", lambda hub: _threads()),
        "AgentNames": _fixed("str", "All agents, refused ones too.", lambda hub: list(hub["agents"]), dims=1),
        "AgentStates": _fixed(
            "str",
            "Their states, in the order of AgentNames.",
            lambda hub: [a["state"] for a in hub["agents"].values()],
            dims=1,
        ),
        "Ticks": _fixed("int", "Ticks since Start.", lambda hub: hub["ticks"]),
        "MissedTicks": _fixed("int", "Ticks that came too late and were left out.", lambda hub: hub["missed"]),
        "LatenessP99": _fixed("float", "How late a tick is, 99th percentile.", lambda hub: hub["lateness_p99"], "s"),
        "MemcachedOk": _fixed("bool", "Whether Memcached takes the documents.", lambda hub: hub["memcached_ok"]),
    }


def _threads() -> int:
    """Threads that Python started; those of Tango, of which there is one per client, only visit it."""
    return sum(not isinstance(thread, threading._DummyThread) for thread in threading.enumerate())


def _properties() -> dict[str, device_property]:
    """A Tango property for every setting but those that must be known before there is a device."""
    return {
        config.property_name(name): device_property(
            dtype=(str,) if isinstance(setting.default, tuple) else str, doc=setting.metadata["help"]
        )
        for name, setting in config.SETTINGS.items()
        if name not in ("instance", "tango_host", "listen")
    }


class BeamlineWarden(Device):  # type: ignore[misc]
    """The monitoring hub of a beamline: runs agents on a fixed tick and publishes what they return."""

    locals().update(_properties())

    # -- life

    def init_device(self) -> None:
        """Make the hub from its settings. Never raises: the state is FAULT and the status says the cure."""
        super().init_device()
        if getattr(self, "_warden", None) is not None:
            return  # a second Init came in while this one waited for the end of the old hub
        self._warden: Warden | None = None
        self._left = getattr(self, "_left", {})
        self._attributes: Attributes | None = None
        self._trouble = Health()
        self._shown: tuple[str, str] = ("", "")
        self.add_version_info("WardenServer", WardenServer.__version__)
        for name in ("State", "Status"):
            self.set_change_event(name, True, False)
            self.set_archive_event(name, True, False)
        try:
            self._open()
        except Exception as error:  # of whatever kind: Tango would hide it
            if not isinstance(error, WardenError):
                log.exception("the hub cannot be made")
            self._trouble = Health("FAULT", f"{error}\nCorrect it, then Init.")
            self.publish_state()

    def _settings(self) -> config.Settings:
        self.get_device_properties()
        given = {name: getattr(self, name) for name in _properties()}
        properties = {
            name: [value] if isinstance(value, str) else list(value) for name, value in given.items() if value
        }
        return config.load(properties=properties, options=OPTIONS)

    def _open(self) -> None:
        settings = self._settings()
        logging.getLogger("warden").setLevel(settings.log_level)
        self._attributes = Attributes(
            self, Memory(settings.state_folder / f"{settings.instance}-fields.json"), fixed_attributes(settings)
        )
        warden = Warden(settings, [self._attributes], self.get_name(), TANGO_HOST, self._left)
        warden.open(LOADING)
        self._attributes.begin()
        self._warden = warden

    def delete_device(self) -> None:
        """End all threads of the hub. They may wait for the device, so it is let go meanwhile."""
        warden, self._warden = getattr(self, "_warden", None), None
        if warden is not None:
            with AutoTangoAllowThreads(self):
                self._left = warden.close(ENDING)

    # -- state and attributes

    @property
    def _health(self) -> Health:
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
        assert self._attributes is not None
        return self._attributes.values[attr.get_name()]

    # -- commands

    @command
    def Start(self) -> None:
        """Let the agents run, from tick 0. Nothing happens when they do already."""
        self._hub().start()

    @command
    def Stop(self) -> None:
        """Start no agent any more. Runs that go on are left to end."""
        self._hub().stop()

    @command(dtype_out=str, doc_out="What was loaded and what was refused, and why.")
    def Reload(self) -> str:
        """Read the plugin files again, and the settings that say which agents there are."""
        hub = self._hub()
        try:
            return latin1(hub.reload(ANSWER, self._settings()))
        except WardenError as error:
            _refuse(error)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def StartAgent(self, name: str) -> None:
        """Schedule an agent again."""
        self._do(self._hub().start_agent, name)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def StopAgent(self, name: str) -> None:
        """Start this agent no more."""
        self._do(self._hub().stop_agent, name)

    @command(dtype_in=str, doc_in="Name of an agent.")
    def RunAgent(self, name: str) -> None:
        """Run an agent once, now."""
        self._do(self._hub().run_agent, name)

    @command(dtype_in=str, doc_in="Memcached key, without prefix.", dtype_out=str, doc_out="The document, ASCII JSON.")
    def GetDocument(self, key: str) -> str:
        """The document of a key as it stands now."""
        board = self._hub().board
        document = board.document(key)
        if document is None:
            _refuse(WardenError(f'there is no document "{key}"; there are: {", ".join(sorted(board.keys()))}'))
        return to_json(document, ascii_only=True).decode("ascii")

    @command(dtype_out=str, doc_out="Text for people.")
    def GetInfo(self) -> str:
        """All that the hub can say of itself."""
        return latin1(self._hub().info())

    def _hub(self) -> Warden:
        if self._warden is None:
            _refuse(WardenError(f"the hub is not there: {self._trouble.status}"))
        return self._warden

    def _do(self, action: Callable[[str], None], name: str) -> None:
        try:
            action(name)
        except WardenError as error:
            _refuse(error)


def _refuse(error: WardenError) -> NoReturn:
    tango.Except.throw_exception(f"Warden_{type(error).__name__}", latin1(str(error)), "BeamlineWarden")
    raise error  # not reached; the call above always raises
