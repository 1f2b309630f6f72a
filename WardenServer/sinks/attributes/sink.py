"""Fields as Tango attributes with type, unit, quality, time stamp and events.

One publisher thread makes attributes and pushes events; reads return at once what is in `values`. Attributes are
never removed while the server runs: those of an agent that is gone, failing or stale are INVALID.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tango
from tango.utils import PyTangoThread

from WardenServer.errors import FieldError
from WardenServer.loading.contract import Contract
from WardenServer.results import hub_document
from WardenServer.results.board import HUB, HUB_ALARMS, HUB_FIELDS
from WardenServer.results.field import Declaration, Kind, attribute_name, is_document, kind_of
from WardenServer.results.hub_document import HubDocument
from WardenServer.results.result import Result
from WardenServer.results.value import Own, Quality
from WardenServer.servers.subscribers import LARGE, Subscribers
from WardenServer.servers.tango_text import replaced
from WardenServer.servers.tango_values import VALID, Reading, definition, invalid, same, to_tango
from WardenServer.sinks.base import StateSink
from WardenServer.sinks.known_fields import KnownFields

log = logging.getLogger("warden.attributes")

_QUALITIES = {quality: getattr(tango.AttrQuality, f"ATTR_{quality}") for quality in Quality}
_NOTHING = Own()
_CHANGE, _ARCHIVE = tango.EventType.CHANGE_EVENT, tango.EventType.ARCHIVE_EVENT
#: What marks, behind an attribute's name, a problem with its value, which goes when a good value comes.
_VALUE = "="


class Host(Protocol):
    """The device that has the attributes."""

    def add_attribute(self, attr: Any) -> Any:
        """As tango.server.Device."""

    def obstacle(self) -> str:
        """Why no attribute can be added now, such as a database that does not answer; "" when one can."""

    def await_start(self) -> None:
        """Wait until the device has been made; the server runs then, and clients hear of attributes that are added."""

    def set_change_event(self, name: str, implemented: bool, detect: bool) -> None:
        """As tango.server.Device."""

    def set_archive_event(self, name: str, implemented: bool, detect: bool) -> None:
        """As tango.server.Device."""

    def push_change_event(self, name: str, *reading: Any) -> None:
        """As tango.server.Device."""

    def push_archive_event(self, name: str, *reading: Any) -> None:
        """As tango.server.Device."""

    def is_there_subscriber(self, name: str, event: tango.EventType) -> bool:
        """As tango.server.Device."""

    def read_field(self, attr: Any) -> Reading:
        """The reading of the attribute, from the sink's `values`."""

    def publish_state(self) -> None:
        """Push State and Status when they have changed."""


@dataclass(frozen=True)
class Fixed:
    """An attribute of the hub itself: its value is taken from the hub's document about itself."""

    kind: Kind
    properties: Mapping[str, str]
    value: Callable[[HubDocument], Any]


def _threads() -> int:
    """Threads that Python started; those of Tango, of which there is one per client, only visit it."""
    return sum(not isinstance(thread, threading._DummyThread) for thread in threading.enumerate())


def _fixed(dtype: str, doc: str, value: Callable[[HubDocument], Any], unit: str = "", dims: int = 0) -> Fixed:
    return Fixed(Kind(dtype, dims), {"doc": doc, **({"unit": unit} if unit else {})}, value)


#: The attributes of the hub itself.
FIXED: Mapping[str, Fixed] = {
    "TickTackPeriod": _fixed("float", "The scheduler's tick.", lambda hub: hub.tick, "s"),
    "NumThreads": _fixed("int", "Python threads of the process.", lambda hub: _threads()),
    "AgentNames": _fixed("str", "All agents, refused ones too.", lambda hub: list(hub.agents), dims=1),
    "AgentStates": _fixed("str", "Their states, in the order of AgentNames.", lambda hub: _states(hub), dims=1),
    "Ticks": _fixed("int", "Ticks since Start.", lambda hub: hub.ticks),
    "MissedTicks": _fixed("int", "Ticks that came too late and were left out.", lambda hub: hub.missed),
    "LatenessP99": _fixed("float", "How late a tick is, 99th percentile.", lambda hub: hub.lateness_p99, "s"),
    "MemcachedOk": _fixed("bool", "Whether Memcached takes the documents.", lambda hub: hub.memcached_ok),
}


def _with(reading: Reading, own: Own) -> Reading:
    """A reading with the quality and time of its source; what is INVALID stays so."""
    value, stamp, quality = reading
    if quality != VALID:
        return reading
    return value, stamp if own.timestamp is None else own.timestamp, _QUALITIES[own.quality]


def _is_large(value: Any) -> bool:
    return isinstance(value, np.ndarray | list) and bool(np.size(value) >= LARGE)


def _states(hub: HubDocument) -> list[str]:
    return [agent.state for agent in hub.agents.values()]


class Attributes(StateSink):
    """Makes and pushes the attributes of one device."""

    def __init__(self, host: Host, known: KnownFields) -> None:
        super().__init__("attributes")
        self.values: dict[str, Reading] = {}
        self._host = host
        self._known = known
        self._pushed: dict[str, Reading] = {}
        self._news: dict[str, Reading] = {}  # to be pushed
        self._owners: dict[str, tuple[str, str]] = {}  # attribute in lower case: agent, field
        self._made: dict[str, dict[str, tuple[str, Kind]]] = {}  # agent: field: attribute, kind
        self._declared: dict[str, Contract] = {}
        self._fixed: set[str] = set()
        self._logged: set[str] = set()
        self._late: set[str] = set()  # agents with an event that could not be pushed, or a field without attribute yet
        self._said: dict[str, dict[str, Declaration]] = {}
        self._subscribers = Subscribers()

    # -- called by the owner

    def begin(self) -> None:
        """Make the attributes of all agents loaded so far, on the caller's thread, then let the publisher run."""
        self._make_fixed()
        self.values.update(self._fixed_readings())
        self._make_declared()
        for agent in self._made:  # also those of an earlier board, which are INVALID now
            self._note(agent)
        super().begin()

    def make_thread(self, target: Callable[[], None]) -> threading.Thread:
        """A thread that Tango knows of, as one that pushes events must be."""

        def run() -> None:
            self._host.await_start()
            target()

        return PyTangoThread(target=run, name="sink attributes", daemon=True)  # type: ignore[no-any-return]

    def declare(self, contract: Contract) -> None:
        """See Sink."""
        super().declare(contract)
        with self._lock:
            self._declared[contract.name] = contract
        self._note(contract.name)

    # -- the publisher thread

    def publish(self, agents: list[str]) -> None:
        """See Sink."""
        self._make_declared()
        for agent in agents:
            if agent == HUB:
                self._publish_hub()
            elif agent not in (HUB_FIELDS, HUB_ALARMS):
                self._publish_agent(agent, self._board.result(agent))
        self._push_news()

    def _make_fixed(self) -> None:
        """The attributes of the hub itself, those that could not be made yet."""
        for name, own in FIXED.items():
            self._owners[name.lower()] = (HUB, name)
            if name not in self._fixed and self._add(HUB, name, own.kind, own.properties):
                self._fixed.add(name)

    def _publish_hub(self) -> None:
        self._subscribers.look()
        late, self._late = self._late, set()
        for agent in late - {HUB}:
            self._publish_agent(agent, self._board.result(agent))
        self._make_fixed()
        try:
            self._host.publish_state()
        except tango.DevFailed as error:  # a client holds the device: with the next look it is tried again
            log.warning("events of State and Status are late: %s", error.args[0].desc.strip())
        for name, reading in self._fixed_readings():
            self._take(name, reading)

    def _fixed_readings(self) -> Iterator[tuple[str, Reading]]:
        """The attributes of the hub itself, once it has said something of itself."""
        result = self._board.result(HUB)
        if result is None:
            return
        hub = hub_document.read(result.fields)
        for name in self._fixed:
            own = FIXED[name]
            value = own.value(hub)
            value = np.array(value) if own.kind.dims else value
            yield name, self._reading(HUB, name, name, own.kind, value, result.timestamp)

    def _make_declared(self) -> None:
        """Attributes from what agents declare, and from what they returned in earlier runs of the hub."""
        with self._lock:
            declared, self._declared = self._declared, {}
        for agent, contract in declared.items():
            self._said[agent] = dict(contract.fields)
            known = self._known.of(agent)
            declared_kinds = {field: said.kind for field, said in contract.fields.items() if said.kind}
            kinds = {**{field: each.kind for field, each in known.items() if each.kind}, **declared_kinds}
            for field, kind in kinds.items():
                if is_document(field, contract.places):
                    continue
                properties = known[field].properties if field in known else _NOTHING.properties
                if not self._make(agent, field, kind, properties):
                    with self._lock:
                        self._declared.setdefault(agent, contract)

    def _publish_agent(self, agent: str, result: Result | None) -> None:
        fields = result.fields if result is not None else {}
        stamp = result.timestamp if result is not None else time.time()
        own = result.own if result is not None else {}
        made = self._made.setdefault(agent, {})
        places = result.places if result is not None else {}
        for field in [name for name in fields if name not in made]:
            if is_document(field, places):
                continue
            kind = kind_of(fields[field])
            if kind is not None and not self._make(agent, field, kind, own.get(field, _NOTHING).properties):
                self._late.add(agent)
        for field, (name, kind) in made.items():
            reading = self._reading(agent, field, name, kind, fields.get(field), stamp)
            self._take(name, _with(reading, own[field]) if field in own else reading)

    def _make(self, agent: str, field: str, kind: Kind, of_source: Mapping[str, str]) -> bool:
        """Make the attribute of a field, with the properties of its source where `FIELDS` says nothing else; False when
        it must be tried again."""
        try:
            name = attribute_name(agent, field)
        except FieldError as error:
            self._trouble(agent, f"{agent}.{field[:40]}", str(error))
            return True
        owner = self._owners.setdefault(name.lower(), (agent, field))
        if owner != (agent, field):
            self._trouble(
                agent, f"{agent}.{field}", f'field "{field}" would be the attribute {name}, which belongs to'
                f' field "{owner[1]}" of agent {owner[0]}; rename one'
            )  # fmt: skip
            return True
        if field not in self._made.get(agent, {}):
            said = {**of_source, **self._said.get(agent, {}).get(field, Declaration()).properties}
            if not self._add(agent, name, kind, {"doc": f"{field} of agent {agent}", **said}):
                return False
            self._made.setdefault(agent, {})[field] = (name, kind)
        return True

    def _add(self, agent: str, name: str, kind: Kind, properties: Mapping[str, str]) -> bool:
        """Add an attribute to the device; False when it must be tried again."""
        if obstacle := self._host.obstacle():
            self._trouble(agent, name, f"attribute {name} cannot be made: {obstacle}; it is tried again")
            return False
        self.values.setdefault(name, invalid(kind, time.time()))
        try:
            self._host.add_attribute(definition(name, kind, properties, self._host.read_field))
            self._well(name)
            for said in replaced(properties):
                log.info("attribute %s: %s", name, said)
        except tango.DevFailed as error:
            said = error.args[0].desc.strip()
            if error.args[0].reason != "API_AttrOptProp" or not properties:
                self._trouble(agent, name, f"attribute {name} cannot be made: {said}; it is tried again")
                return False
            self._host.add_attribute(definition(name, kind, {}, self._host.read_field))
            self._trouble(
                agent, name, f"attribute {name} goes without its FIELDS, which do not fit its type {kind}: {said}"
            )
        self._host.set_change_event(name, True, False)
        self._host.set_archive_event(name, True, False)
        return True

    def _reading(self, agent: str, field: str, name: str, kind: Kind, value: Any, stamp: float) -> Reading:
        given = kind_of(value)
        if given is None:
            empty = isinstance(value, np.ndarray) and value.ndim == kind.dims
            return (to_tango(value, kind), stamp, VALID) if empty else invalid(kind, stamp)
        if not kind.accepts(given):
            what = f"field {field} was {kind} and is now {given}: its attribute {name} is INVALID then"
            cure = "return one type always, or restart the server to take on the new one"
            self._trouble(agent, name + _VALUE, f"{what}; {cure}")
            return invalid(kind, stamp)
        try:
            reading = to_tango(value, kind), stamp, VALID
        except FieldError as error:
            self._trouble(agent, name + _VALUE, f"attribute {name} {error}")
            return invalid(kind, stamp)
        if self.problems:
            self._well(name + _VALUE)
        return reading

    def _take(self, name: str, reading: Reading) -> None:
        """Show a reading to those who ask, and those who listen, if it is news."""
        self.values[name] = reading
        pushed = self._pushed.get(name)
        if pushed is None or not same(pushed, reading):
            self._news[name] = reading

    def _push_news(self) -> None:
        """Push what is news, to those who listen: a push costs much also where nobody does, and whoever subscribes
        meanwhile gets what is in `values`. Each of these loops is quicker without the others' work in between."""
        news, self._news = self._news, {}
        large = {name for name, reading in news.items() if _is_large(reading[0])}
        self._pushed.update(news)
        for event, push in ((_CHANGE, self._host.push_change_event), (_ARCHIVE, self._host.push_archive_event)):
            for name in [name for name in news if self._host.is_there_subscriber(name, event)]:
                if name in large and self._subscribers.behind():
                    self._put_off(name)
                    continue
                try:
                    push(name, *news[name])
                except tango.DevFailed as error:  # a client holds the device: the value is readable, the event is late
                    if not self._late:
                        log.warning("event of %s is late: %s", name, error.args[0].desc.strip())
                    self._put_off(name)

    def _put_off(self, name: str) -> None:
        """Push the event of an attribute with the next look."""
        self._pushed.pop(name, None)
        self._late.add(self._owners[name.lower()][0])

    def _trouble(self, agent: str, name: str, sentence: str) -> None:
        """Say what is wrong; in the log only once, as a field may go to and fro."""
        said = f"{self.file_of(agent)}: {sentence}"
        if said not in self._logged:
            self._logged.add(said)
            log.warning("%s", said)
        if self.problems.get(name) != said:
            self.problems = {**self.problems, name: said}
