"""What the hub remembers of its agents' fields: attributes and tables have them when the next start begins."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from WardenServer.machine.clock import Clock
from WardenServer.machine.state_file import StateFile
from WardenServer.results.field import Declaration, Kind, read_kind
from WardenServer.settings.config import Settings

VERSION = 2
#: Seconds until the next attempt when the file could not be written.
AGAIN = 10.0

#: Kind and properties of fields, by agent and name.
Known = dict[str, dict[str, Declaration]]


def place(settings: Settings) -> Path:
    """The file of an instance."""
    return settings.state_folder / f"{settings.instance}-fields.json"


class KnownFields:
    """The kinds of all fields, and the properties that came with their values, by agent, in one JSON file. Any thread
    may use it."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._file = StateFile(path, VERSION, "the fields of agents")
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._next = 0.0
        self._known: Known = self._file.read(_understand, {})
        self._changed = False

    def of(self, agent: str) -> dict[str, Declaration]:
        """The fields an agent returned, now or in earlier runs of the hub."""
        with self._lock:
            return dict(self._known.get(agent, {}))

    def learn(self, agent: str, field: str, kind: Kind, properties: Mapping[str, str] | None = None) -> None:
        """Remember the kind of a field, and the properties that came with its value, if any did; `save` writes it."""
        with self._lock:
            known = self._known.setdefault(agent, {})
            before = known.get(field)
            said = properties or (before.properties if before is not None else {})
            if before is None or (before.kind, before.properties) != (kind, said):
                known[field] = Declaration(dict(said), kind)
                self._changed = True

    def save(self) -> None:
        """Write the file if there is something new: whole or not at all."""
        with self._lock:
            if not self._changed or self._clock.monotonic() < self._next:
                return
            plain = {
                agent: {name: _plain(field) for name, field in fields.items()} for agent, fields in self._known.items()
            }
            self._changed = False
        if not self._file.write(plain):
            self._changed, self._next = True, self._clock.monotonic() + AGAIN


def _plain(field: Declaration) -> list[Any]:
    assert field.kind is not None
    return [field.kind.dtype, field.kind.dims, list(field.kind.labels), dict(field.properties)]


def _understand(version: int, content: Any) -> Known:
    if version == 0:
        raise ValueError("it names no version")
    by_agent = content["fields"] if version == 1 else content
    return {agent: {name: _field(*entry) for name, entry in fields.items()} for agent, fields in by_agent.items()}


def _field(dtype: Any, dims: Any, labels: Any, properties: Any = None) -> Declaration:
    said = properties or {}
    if not all(isinstance(text, str) for pair in said.items() for text in pair):
        raise ValueError("properties are texts")
    return Declaration(said, read_kind(dtype, dims, labels))
