"""Two texts side by side, as rows of a table."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What a row is."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    LEFT_OUT = "left out"  # lines that are the same, too far from any change


@dataclass(frozen=True, slots=True)
class Row:
    """A line on either side, with its number from 1; None where that side has none. `parts` of a changed row are the
    pieces of the old and of the new line, each with whether it changed; () where they were not compared."""

    mark: Mark
    old: tuple[int, str] | None
    new: tuple[int, str] | None
    parts: tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]] | tuple[()] = ()


@dataclass(frozen=True)
class Table:
    """The rows. `coarse`: see Lines."""

    rows: tuple[Row, ...]
    coarse: bool = False


def table(old: str, new: str, context: int = 3) -> Table:
    """All changes with so many lines around them."""
    raise NotImplementedError
