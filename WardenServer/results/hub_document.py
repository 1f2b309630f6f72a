"""The document `warden.<instance>`: what the hub says of itself and of its agents, as one value.

Status, Tango attributes, command line and tables take it from here. Added entries are no break for readers; none is
renamed.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

T = TypeVar("T", "AgentEntry", "SinkEntry", "HubDocument")


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One agent. Times in seconds, `since` in Unix seconds; None where there is nothing to say.

    `state` is waiting (it has not run yet), good, no data, failing, stalled, stopped or refused. `at` is the time
    of the calendar at which it runs, in place of the interval. `skipping` counts the
    runs left out in an overrun that goes on, `cpu` is a share of one processor, `pending` whether new code waits for
    its first run, `warnings` have a sentence by field.
    """

    state: str = "waiting"
    key: str | None = None
    interval: float | None = None
    at: str | None = None
    offset: float | None = None
    runs: int = 0
    failures: int = 0
    skipped: int = 0
    lateness_p99: float | None = None
    last_error: str | None = None
    age: float | None = None
    since: float | None = None
    reason: str | None = None
    tries_every: float | None = None
    skipping: int = 0
    cpu: float = 0.0
    pending: bool = False
    warnings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SinkEntry:
    """One sink: whether it delivers all that comes, and how many results it has lost since its start."""

    ok: bool = True
    lost: int = 0


@dataclass(frozen=True, slots=True)
class HubDocument:
    """The hub. `state` is the Tango state's name, or UNKNOWN where nobody answers; `tick` in seconds, `ticks` since
    Start; `problems` are sentences on what is wrong besides the agents, `notes` on what is no failure."""

    state: str = "INIT"
    status: str = "The agents are being loaded."
    instance: str = ""
    device: str = ""
    tango_host: str = ""
    memcached: list[str] = field(default_factory=list)
    memcached_ok: bool = False
    tick: float = 0.0
    ticks: int = 0
    missed: int = 0
    lateness_p99: float = 0.0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sinks: Mapping[str, SinkEntry] = field(default_factory=dict)
    agents: Mapping[str, AgentEntry] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["sinks"] = {name: asdict(sink) for name, sink in self.sinks.items()}
        plain["agents"] = {name: _plain(agent) for name, agent in self.agents.items()}
        return plain


_AGENT = tuple(item.name for item in fields(AgentEntry))


def _plain(agent: AgentEntry) -> dict[str, Any]:
    return {name: dict(value) if name == "warnings" else value for name in _AGENT for value in (getattr(agent, name),)}


def read(document: Mapping[str, Any]) -> HubDocument:
    """The document of a hub, which may be of another release: what it does not say has its default.

    Raises:
        ValueError: it is no such document.
    """
    tables = {name: document.get(name, {}) for name in ("agents", "sinks")}
    entries = [entry for table in tables.values() if isinstance(table, Mapping) for entry in table.values()]
    if "agents" not in document or not all(isinstance(each, Mapping) for each in [*tables.values(), *entries]):
        raise ValueError("it is no document of a hub about itself: it has no agents")
    return replace(
        _known(HubDocument, document),
        agents={name: _known(AgentEntry, agent) for name, agent in tables["agents"].items()},
        sinks={name: _known(SinkEntry, sink) for name, sink in tables["sinks"].items()},
    )


def stamped(text: str) -> tuple[HubDocument, float]:
    """The document in JSON, and when the hub wrote it in Unix seconds; raises ValueError where it is none."""
    found = json.loads(text)
    if not isinstance(found, dict) or not isinstance(found.get("timestamp"), int | float):
        raise ValueError("it is no document of a hub about itself: it has no timestamp")
    return read(found), float(found["timestamp"])


def _known(kind: type[T], said: Mapping[str, Any]) -> T:
    return kind(**{item.name: said[item.name] for item in fields(kind) if item.name in said})
