"""What must be known at the next start: one JSON file for each thing, versioned, and whole or not at all."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from WardenServer.machine import whole_file

log = logging.getLogger("warden.state")

T = TypeVar("T")


class StateFile:
    """One file: `{"version": 1, "content": ...}`. `name` is what it holds, for sentences."""

    def __init__(self, path: Path, version: int, name: str) -> None:
        self.path = path
        self._version = version
        self._name = name
        self._failed = False

    def read(self, understand: Callable[[int, Any], T], nothing: T) -> T:
        """What the file holds, as `understand` makes it of version and content; `nothing` where there is no file.

        A file that is damaged, or of a later release, counts as none, and the log says so. The version is 0, and the
        content the whole file, where it names no version. `understand` raises KeyError, TypeError, ValueError or
        AttributeError where it does not understand.
        """
        try:
            stored: Any = json.loads(self.path.read_text(encoding="utf-8"))
            version = int(stored.get("version", 0))
            if version > self._version:
                raise ValueError(f"it has version {version}, and this release reads up to {self._version}")
            return understand(version, stored.get("content", stored))
        except FileNotFoundError:
            return nothing
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("%s is not usable (%s); %s are unknown until it is written anew", self.path, error, self._name)
            return nothing

    def write(self, content: Any) -> bool:
        """Write the file, whole or not at all; where that fails the old one stays, and the log says so once.

        Raises:
            TypeError, ValueError: JSON cannot hold the content.
        """
        text = json.dumps({"version": self._version, "content": content})
        try:
            whole_file.write(self.path, text)
        except OSError as error:
            if not self._failed:
                part = self.path.with_suffix(".part")
                said = "%s cannot be written (%s); the next start will not know %s; make room, or correct its rights"
                log.warning(said, part, error.strerror, self._name)
            self._failed = True
            return False
        self._failed = False
        return True
