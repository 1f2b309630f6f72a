"""Where runs and the values of their parameters come from: our own store, or the run database of others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from WardenServer.plugins.common.differ.change import Pair

#: The largest number of a run.
LARGEST = 2**63 - 1


def is_number(number: int) -> bool:
    """Whether a run could have this number."""
    return 0 < number <= LARGEST


def bounded(number: int) -> int:
    """The nearest number that databases can compare with."""
    return max(0, min(number, LARGEST))


class Phase(StrEnum):
    """When a snapshot of a run was taken."""

    START = "start"
    WAY = "way"
    END = "end"


@dataclass(frozen=True)
class Run:
    """One run. `opened` and `closed` in Unix seconds, None where that is not known or has not happened.

    `is_ready`: its values are complete, and it counts (of a run database: it has reached Running). `partitions` are
    those that take part; `by` says who opened it, `note` what people should know of it.
    """

    number: int
    opened: float | None = None
    closed: float | None = None
    is_ready: bool = True
    partitions: tuple[str, ...] = ()
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Side:
    """One side of a comparison: a run as it was at its start or at its end."""

    run: int
    phase: Phase = Phase.START

    def __str__(self) -> str:
        return f"{self.run}" if self.phase is Phase.START else f"{self.run}:{self.phase}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A value in a snapshot: as JSON has it, or `Unavailable`; `at` is its own time in Unix seconds, `quality` as Tango
    names it."""

    partition: str
    parameter: str
    value: Any
    at: float | None = None
    quality: str = "VALID"


@dataclass(frozen=True)
class Snapshot:
    """What was set in a run at a time."""

    run: int
    phase: Phase
    at: float
    values: Sequence[Taken] = field(default=(), repr=False)


@dataclass(frozen=True)
class Point:
    """A value of a parameter, from a snapshot of a run."""

    run: int
    phase: Phase
    at: float | None
    value: Any


class Source(Protocol):
    """Where runs come from. Any thread may call it. All raise Unreachable where the database cannot be used."""

    #: By which our store tells its runs from those of other sources, for good.
    name: str

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        """Runs, the newest first: at most so many, with smaller numbers than `before`. `search` is a part of the number
        or of what is said of the run."""

    def after(self, number: int, most: int) -> list[Run]:
        """Runs with larger numbers, the oldest first."""

    def run(self, number: int) -> Run | None:
        """One run; None where there is none."""

    def partitions(self, runs: Iterable[int]) -> list[str]:
        """The partitions known for these runs, sorted: of which at least one of them has a value."""

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        """All parameters that may have changed, by parameter and partition; of all partitions where none are given.
        What is surely the same may be left out. Values that could not be read are `Unavailable`."""

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        """All values of a run."""

    def parameters(self, match: str, most: int) -> list[tuple[str, str]]:
        """Partition and parameter of those with this in PARTITION:PARAMETER, in small or large letters."""

    def past(self, partition: str, parameter: str, most: int) -> list[Point]:
        """The newest values of a parameter over runs, the oldest first."""

    def close(self) -> None:
        """Let go of all connections."""
