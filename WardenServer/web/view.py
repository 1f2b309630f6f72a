"""What stands in Memcached at one moment, and what has changed from one moment to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A document, or a table of entries by name.
Table = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """One reading. `number` counts readings, `read` is in Unix seconds, `problem` a sentence on what is missing. `hub`
    is the hub's document about itself, None where there is none; `documents` by key, plain values among them."""

    number: int
    read: float
    problem: str | None = None
    hub: Table | None = None
    fields: Table = field(default_factory=dict)
    alarms: Table = field(default_factory=dict)
    documents: Table = field(default_factory=dict)

    @property
    def agents(self) -> Table:
        """The agents' entries in the hub's document."""
        return {} if self.hub is None else dict(self.hub["agents"])


def change(before: View, now: View) -> dict[str, Any]:
    """What a client that knows `before` must learn to know `now`; parts in which nothing has changed are left out."""
    hub, agents = _hub(before.hub, now.hub), _new(before.agents, now.agents)
    parts = {
        "agents": {name: _entries(before.agents.get(name, {}), entry) for name, entry in agents.items()},
        "agents_gone": _gone(before.agents, now.agents),
        **_documents(before.documents, now.documents),
        "gone": _gone(before.documents, now.documents),
        "fields": _new(before.fields, now.fields),
        "fields_gone": _gone(before.fields, now.fields),
        "alarms": _new(before.alarms, now.alarms),
        "alarms_gone": _gone(before.alarms, now.alarms),
    }
    said = {name: part for name, part in parts.items() if part}
    if hub is None or hub:
        said["hub"] = hub
    return {"id": now.number, "read": now.read, "problem": now.problem, **said}


def _hub(before: Table | None, now: Table | None) -> dict[str, Any] | None:
    """Entries of the hub's document, agents apart; None where there is none any more."""
    if now is None:
        return {} if before is None else None
    return {name: value for name, value in _entries(before or {}, now).items() if name != "agents"}


def _documents(before: Table, now: Table) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for key, document in _new(before, now).items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(document, dict) and old.keys() == document.keys():
            changed[key] = _new(old, document)
        else:
            whole[key] = document
    return {"whole": whole, "changed": changed}


def _entries(before: Table, now: Table) -> dict[str, Any]:
    """The entries of a table that are new; null for those that it has no longer, as a hub of another release may."""
    return {**_new(before, now), **dict.fromkeys(_gone(before, now))}


def _new(before: Table, now: Table) -> dict[str, Any]:
    return {name: value for name, value in now.items() if name not in before or not _same(before[name], value)}


def _same(one: Any, other: Any) -> bool:
    """Whether two values, or all entries of two tables, are equal, also by type: 1 and true are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    return _alike(one, other)


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _gone(before: Table, now: Table) -> list[str]:
    return [name for name in before if name not in now]


def encode(value: Any) -> bytes:
    """As JSON in UTF-8, on one line."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # lone surrogates become question marks
