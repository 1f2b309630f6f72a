"""A parameter in two runs, and what comes of comparing many of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any


class Missing(Enum):
    """In place of a value: the run has no such parameter."""

    MISSING = "missing"


MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Unavailable:
    """In place of a value: it could not be read, for a reason. That is no change."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One parameter in two runs. The values are as JSON has them (also NaN), `MISSING`, or `Unavailable`.

    `since` is the run that the old value is of, where that is not the old run: the one in which it was last told.
    """

    partition: str
    parameter: str
    old: Any
    new: Any
    since: int | None = None


class Kind(StrEnum):
    """How a change is shown."""

    TEXT = "text"  # lines of difflib
    NUMBER = "number"
    VALUE = "value"  # of any other kind, or of two kinds
    NESTED = "nested"  # by path
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """A parameter that changed, in the same way in all these partitions.

    `lines` is the short form: of a text the lines of difflib, each with its two signs before it; else `old → new`, or a
    line for each path. `coarse` says that large blocks of lines were not compared with each other. `since`: see Pair.
    """

    parameter: str
    partitions: tuple[str, ...]
    kind: Kind
    old: Any
    new: Any
    lines: tuple[str, ...]
    coarse: bool = False
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Spared:
    """A parameter that is not compared, and why: it could not be read, or a mask hides what changed in it."""

    partition: str
    parameter: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """What came of a comparison. `changes` are in the order in which the pairs came."""

    changes: Sequence[Change] = ()
    unavailable: Sequence[Spared] = ()
    masked: Sequence[Spared] = ()
