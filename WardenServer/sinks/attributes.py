"""Fields as Tango attributes with type, unit, quality, time stamp and events.

One publisher thread makes attributes and pushes events; reads return at once what stands in `values`. Attributes are
never removed while the server runs: those of an agent that is gone, failing or stale are INVALID.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tango
from tango.server import attribute
from tango.utils import PyTangoThread

from WardenServer.agent import Contract
from WardenServer.board import HUB, Board
from WardenServer.errors import FieldError
from WardenServer.field import Declaration, Kind, attribute_name, kind_of
from WardenServer.memory import Memory
from WardenServer.result import Result
from WardenServer.sinks.base import Sink

log = logging.getLogger("warden.attributes")

#: A value as Tango takes it: value, time stamp in Unix seconds, quality.
Reading = tuple[Any, float, tango.AttrQuality]

_TYPES = {"bool": "DevBoolean", "int": "DevLong64", "float": "DevDouble", "str": "DevString", "enum": "DevEnum"}
_DUMMIES: dict[str, Any] = {"bool": False, "int": 0, "float": float("nan"), "str": "", "enum": 0}
_NUMPY: dict[str, Any] = {"bool": np.bool_, "int": np.int64, "float": np.float64}
#: Largest spectrum and image; longer ones are refused. Tango takes no memory for it.
MAX_DIM = (1, 16_000_000, 16_000)
#: Longest text of an attribute, in characters.
MAX_TEXT = 1_000_000


class Host(Protocol):
    """The device that has the attributes."""

    def add_attribute(self, attr: Any) -> Any:
        """As tango.server.Device."""

    def set_change_event(self, name: str, implemented: bool, detect: bool) -> None:
        """As tango.server.Device."""

    def set_archive_event(self, name: str, implemented: bool, detect: bool) -> None:
        """As tango.server.Device."""

    def push_change_event(self, name: str, *reading: Any) -> None:
        """As tango.server.Device."""

    def push_archive_event(self, name: str, *reading: Any) -> None:
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
    value: Callable[[Mapping[str, Any]], Any]


class Attributes(Sink):
    """Makes and pushes the attributes of one device."""

    def __init__(self, host: Host, memory: Memory, fixed: Mapping[str, Fixed]) -> None:
        super().__init__("attributes")
        self.values: dict[str, Reading] = {}
        self._host = host
        self._fixed = fixed
        self._memory = memory
        self._pushed: dict[str, Reading] = {}
        self._owners: dict[str, tuple[str, str]] = {}  # attribute in lower case: agent, field
        self._made: dict[str, dict[str, tuple[str, Kind]]] = {}  # agent: field: attribute, kind
        self._declared: dict[str, Contract] = {}
        self._said: dict[str, dict[str, Declaration]] = {}

    # -- called by the owner

    def open(self, board: Board) -> None:
        """Attach to the board; the thread waits for `begin`, since the device is still being made."""
        self._board = board
        board.listen(self.notify)
        self._thread = self.make_thread(self._run)

    def begin(self) -> None:
        """Make the attributes of all agents loaded so far, on the caller's thread, then let the publisher run."""
        for name, own in self._fixed.items():
            self._owners[name.lower()] = (HUB, name)
            self._add(name, own.kind, own.properties)
        self._make_declared()
        self.send_all()
        if self._thread is not None:
            self._thread.start()

    def join(self, seconds: float) -> bool:
        """See Sink."""
        return self._thread is None or self._thread.ident is None or super().join(seconds)

    def make_thread(self, target: Callable[[], None]) -> threading.Thread:
        """A thread that Tango knows of, as one that pushes events must be."""
        return PyTangoThread(target=target, name="sink attributes", daemon=True)  # type: ignore[no-any-return]

    def declare(self, contract: Contract) -> None:
        """See Sink."""
        with self._lock:
            self._declared[contract.name] = contract
        self.notify(contract.name)

    # -- the publisher thread

    def publish(self, agents: list[str]) -> None:
        """See Sink."""
        self._make_declared()
        for agent in agents:
            if agent == HUB:
                self._publish_hub()
            else:
                self._publish_agent(agent, self._board.result(agent))
        self._memory.save()

    def _publish_hub(self) -> None:
        self._host.publish_state()
        result = self._board.result(HUB)
        if result is None:
            return
        for name, own in self._fixed.items():
            value = own.value(result.fields)
            self._push(
                name, self._reading(name, own.kind, np.array(value) if own.kind.dims else value, result.timestamp)
            )

    def _make_declared(self) -> None:
        """Attributes from what agents declare, and from what they returned in earlier runs of the hub."""
        with self._lock:
            declared, self._declared = self._declared, {}
        for agent, contract in declared.items():
            self._said[agent] = dict(contract.fields)
            kinds = self._memory.kinds(agent)
            kinds.update({field: said.kind for field, said in contract.fields.items() if said.kind})
            for field, kind in kinds.items():
                if not self._make(agent, field, kind):
                    with self._lock:
                        self._declared.setdefault(agent, contract)

    def _publish_agent(self, agent: str, result: Result | None) -> None:
        fields = result.fields if result is not None else {}
        stamp = result.timestamp if result is not None else time.time()
        for field, value in fields.items():
            self._settle(agent, field, value)
        for field, (name, kind) in self._made.get(agent, {}).items():
            self._push(name, self._reading(name, kind, fields.get(field), stamp))

    def _settle(self, agent: str, field: str, value: Any) -> None:
        """See that a field has an attribute into which its value fits, or that it is known why not."""
        made = self._made.get(agent, {}).get(field)
        kind = made[1] if made is not None and value is None else kind_of(value)
        if kind is None:
            return
        if made is None:
            self._make(agent, field, kind)
        elif not made[1].accepts(kind):
            self._memory.learn(agent, field, kind)
            self._trouble(
                made[0], f"field {field} of agent {agent} was {made[1]} and is now {kind}: its attribute is INVALID;"
                " return one type always, or restart the server to take on the new one"
            )  # fmt: skip
        elif self.problems.get(made[0], "").startswith(f"field {field} of agent {agent} was"):
            self._well(made[0])

    def _make(self, agent: str, field: str, kind: Kind) -> bool:
        """Make the attribute of a field; False when the database is away and it must be tried again."""
        try:
            name = attribute_name(agent, field)
        except FieldError as error:
            self._trouble(f"{agent}.{field[:40]}", f"agent {agent}: {error}")
            return True
        owner = self._owners.setdefault(name.lower(), (agent, field))
        if owner != (agent, field):
            self._trouble(
                f"{agent}.{field}", f'field "{field}" of agent {agent} would be the attribute {name}, which belongs to'
                f' field "{owner[1]}" of agent {owner[0]}; rename one'
            )  # fmt: skip
            return True
        if field not in self._made.get(agent, {}):
            said = self._said.get(agent, {}).get(field, Declaration()).properties
            if not self._add(name, kind, {"doc": f"{field} of agent {agent}", **said}):
                return False
            self._made.setdefault(agent, {})[field] = (name, kind)
            self._memory.learn(agent, field, kind)
        return True

    def _add(self, name: str, kind: Kind, properties: Mapping[str, str]) -> bool:
        """Add an attribute to the device; False when the database is away."""
        self.values.setdefault(name, _invalid(kind, time.time()))
        try:
            self._host.add_attribute(_definition(name, kind, properties, self._host))
            self._well(name)
        except tango.DevFailed as error:
            said = error.args[0].desc.strip()
            if error.args[0].reason != "API_AttrOptProp" or not properties:
                self._trouble(name, f"attribute {name} cannot be made: {said}; it is tried again")
                return False
            self._host.add_attribute(_definition(name, kind, {}, self._host))
            self._trouble(name, f"attribute {name} goes without its FIELDS, which do not fit its type {kind}: {said}")
        self._host.set_change_event(name, True, False)
        self._host.set_archive_event(name, True, False)
        return True

    def _reading(self, name: str, kind: Kind, value: Any, stamp: float) -> Reading:
        given = kind_of(value)
        empty = isinstance(value, np.ndarray) and value.size == 0 and value.ndim == kind.dims
        if value is None or not (empty or (given is not None and kind.accepts(given))):
            return _invalid(kind, stamp)
        try:
            return _to_tango(value, kind), stamp, tango.AttrQuality.ATTR_VALID
        except FieldError as error:
            self._trouble(name, f"attribute {name} {error}")
            return _invalid(kind, stamp)

    def _push(self, name: str, reading: Reading) -> None:
        self.values[name] = reading
        if name in self._pushed and _same(self._pushed[name], reading):
            return
        try:
            self._host.push_change_event(name, *reading)
            self._host.push_archive_event(name, *reading)
            self._pushed[name] = reading
        except tango.DevFailed as error:  # a client holds the device: the value is readable, the event goes out later
            log.warning("event of %s is late: %s", name, error.args[0].desc.strip())
            self._pushed.pop(name, None)
            self.notify(self._owners[name.lower()][0])

    def _trouble(self, name: str, sentence: str) -> None:
        if self.problems.get(name) != sentence:
            log.warning("%s", sentence)
            self.problems = {**self.problems, name: sentence}

    def _well(self, name: str) -> None:
        if name in self.problems:
            self.problems = {other: said for other, said in self.problems.items() if other != name}


def _definition(name: str, kind: Kind, properties: Mapping[str, str], host: Host) -> Any:
    dtype: Any = _TYPES[kind.dtype]
    options: dict[str, Any] = {key: latin1(value) for key, value in properties.items()}
    if kind.dims:
        dtype = ((dtype,),) if kind.dims == 2 else (dtype,)
        options["max_dim_x"] = MAX_DIM[kind.dims]
    if kind.dims == 2:
        options["max_dim_y"] = MAX_DIM[2]
    if kind.labels:
        options["enum_labels"] = list(kind.labels)
    return attribute(name=name, dtype=dtype, fget=host.read_field, **options)


def _invalid(kind: Kind, stamp: float) -> Reading:
    """A typed dummy: Tango shows no value and INVALID."""
    dummy = _DUMMIES[kind.dtype]
    return ([[dummy]] if kind.dims == 2 else [dummy] if kind.dims else dummy), stamp, tango.AttrQuality.ATTR_INVALID


def _to_tango(value: Any, kind: Kind) -> Any:
    if kind.dtype == "enum":
        return list(type(value).__members__.values()).index(value)
    if kind.dims:
        return _array_to_tango(value, kind)
    if kind.dtype == "str":
        if len(value) > MAX_TEXT:
            raise FieldError(f"would hold {len(value)} characters; Tango gets at most {MAX_TEXT}, return less")
        return latin1(value)
    return float(value) if kind.dtype == "float" else value


def _array_to_tango(value: Any, kind: Kind) -> Any:
    if max(value.shape) > MAX_DIM[kind.dims]:
        raise FieldError(f"would be {' x '.join(map(str, value.shape))} long; at most {MAX_DIM[kind.dims]} each way")
    if kind.dtype != "str":
        return value.astype(_NUMPY[kind.dtype], copy=False)
    texts = [[latin1(str(item)) for item in row] for row in np.atleast_2d(value)] if value.size else []
    return texts if kind.dims == 2 else (texts[0] if texts else [])


def latin1(text: str) -> str:
    """Text as Tango can carry it: Latin-1, without NUL."""
    return text.replace("\0", "?").encode("latin-1", "replace").decode("latin-1")


def _same(one: Reading, other: Reading) -> bool:
    """Whether two readings say the same, but for the time. Readings that are INVALID say nothing."""
    if one[2] != other[2] or one[2] == tango.AttrQuality.ATTR_INVALID:
        return bool(one[2] == other[2])
    if isinstance(one[0], np.ndarray):
        return bool(np.array_equal(one[0], other[0], equal_nan=one[0].dtype.kind == "f"))
    value, earlier = one[0], other[0]
    return bool(value == earlier or (value != value and earlier != earlier))  # NaN stays NaN
