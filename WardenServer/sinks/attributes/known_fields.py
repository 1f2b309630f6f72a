"""What the hub remembers of its agents' fields, so that their attributes exist when the next start begins."""

import json
import logging
from pathlib import Path
from typing import Any

from WardenServer.machine import whole_file
from WardenServer.machine.clock import Clock
from WardenServer.results.field import Kind, read_kind

log = logging.getLogger("warden.memory")

VERSION = 1
#: Seconds until the next attempt when the file could not be written.
AGAIN = 10.0


class KnownFields:
    """The kinds of all fields, by agent, in one JSON file. One thread uses it."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or Clock()
        self._next = 0.0
        self._kinds = _read(path)
        self._changed = False
        self._said = False

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
        try:
            whole_file.write(self._path, json.dumps({"version": VERSION, "fields": plain}))
            self._changed = self._said = False
        except OSError as error:
            self._next = self._clock.monotonic() + AGAIN
            if not self._said:
                part = self._path.with_suffix(".part")
                log.warning("%s cannot be written (%s); the next start will not know the fields", part, error.strerror)
            self._said = True


def _read(path: Path) -> dict[str, dict[str, Kind]]:
    try:
        stored: Any = json.loads(path.read_text(encoding="utf-8"))
        if stored["version"] != VERSION:
            raise ValueError(f"version {stored['version']}")
        return {
            agent: {field: read_kind(*entry) for field, entry in fields.items()}
            for agent, fields in stored["fields"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s is not usable (%s); it will be written anew", path, error)
        return {}
