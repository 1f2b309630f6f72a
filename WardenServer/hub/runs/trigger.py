"""What a Tango attribute or a file says of runs: whether one is open, and its number. Reads nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from WardenServer.errors import WardenError
from WardenServer.plugins.common.runs.source import LARGEST

#: Most bytes of a file with a number; more are not read.
MOST = 100


@dataclass(frozen=True)
class Wanted:
    """Whether a run is open, and its number; None: that of the open run, else the next one."""

    is_open: bool
    number: int | None = None

    def change(self, opened: int | None) -> tuple[bool, bool]:
        """Whether the open run ends, and whether one begins."""
        if not self.is_open:
            return opened is not None, False
        is_new = opened is None or self.number not in (None, opened)
        return is_new and opened is not None, is_new


def is_running(state: Any, running: Sequence[str]) -> bool:
    """Whether a value, such as a state, says that a run is open: by being one of `running`, as text."""
    return text(state) in running


def text(value: Any) -> str:
    """A value as the setting `running` has it: a state by its name, a whole number without a point."""
    value = value.item() if isinstance(value, np.generic) else value
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number_of(value: Any) -> int:
    """The number of a run.

    Raises:
        WardenError: it is none.
    """
    said = text(value)
    if not said.isascii() or not said.isdigit() or len(said) > 19 or not 0 < int(said) <= LARGEST:
        raise WardenError(f"{said!r:.60} is no number of a run; write a whole number, 1 or more")
    return int(said)


class File:
    """A file: a run is open while it is there; it may hold the number."""

    def __init__(self) -> None:
        self._last: bytes | None = None

    def see(self, path: Path, content: bytes | None) -> Wanted | None:
        """What its content says, None where there is no file. None where that is not known yet: it may be half written,
        unless it ends with a newline or is as at the last look.

        Raises:
            WardenError: it holds something else; the text has the cure.
        """
        is_whole = content is None or content.endswith(b"\n") or content == self._last
        self._last = content
        if content is None:
            return Wanted(False)
        if not is_whole:
            return None
        said = content.strip().decode("utf-8", "replace")
        try:
            return Wanted(True, number_of(said) if said else None)
        except WardenError:
            cure = "write the number of the run into it, or nothing"
            raise WardenError(f"file {path} holds {said!r:.40}, which is no number of a run; {cure}") from None
