"""The raw lines of a time, found in the monthly files by binary search on their sixth field."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Window:
    """A time, in Unix seconds; whether a line of just that second belongs to it is said for both ends."""

    begin: float
    end: float
    with_begin: bool = False
    with_end: bool = False


def blocks(folder: Path, window: Window) -> Iterator[bytes]:
    """The lines within the window in time order, in blocks of whole lines. Lines out of order by up to a set's length,
    as several hosts at once write them, are found, too. A line that is still being written is left out. Memory does not
    grow with the window.

    Raises:
        Unreachable: a file cannot be read.
    """
    raise NotImplementedError
