"""What the hub remembers of its agents' fields, so that their attributes exist when the next start begins."""

from pathlib import Path
from typing import Any

from WardenServer.machine.clock import Clock
from WardenServer.machine.state_file import StateFile
from WardenServer.results.field import Kind, read_kind
from WardenServer.settings.config import Settings

VERSION = 2
#: Seconds until the next attempt when the file could not be written.
AGAIN = 10.0


def place(settings: Settings) -> Path:
    """The file of an instance."""
    return settings.state_folder / f"{settings.instance}-fields.json"


class KnownFields:
    """The kinds of all fields, by agent, in one JSON file. One thread uses it."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._file = StateFile(path, VERSION, "the fields of agents")
        self._clock = clock or Clock()
        self._next = 0.0
        self._kinds: dict[str, dict[str, Kind]] = self._file.read(_understand, {})
        self._changed = False

    def kinds(self, agent: str) -> dict[str, Kind]:
        """The fields an agent returned in earlier runs of the hub."""
        return dict(self._kinds.get(agent, {}))

    def learn(self, agent: str, field: str, kind: Kind) -> None:
        """Remember the kind of a field; `save` writes it."""
        known = self._kinds.setdefault(agent, {})
        if known.get(field) != kind:
            known[field] = kind
            self._changed = True

    def save(self) -> None:
        """Write the file if there is something new: whole or not at all."""
        if not self._changed or self._clock.monotonic() < self._next:
            return
        plain = {
            agent: {field: [kind.dtype, kind.dims, list(kind.labels)] for field, kind in fields.items()}
            for agent, fields in self._kinds.items()
        }
        if self._file.write(plain):
            self._changed = False
        else:
            self._next = self._clock.monotonic() + AGAIN


def _understand(version: int, content: Any) -> dict[str, dict[str, Kind]]:
    if version == 0:
        raise ValueError("it names no version")
    by_agent = content["fields"] if version == 1 else content
    return {agent: {field: read_kind(*entry) for field, entry in fields.items()} for agent, fields in by_agent.items()}
