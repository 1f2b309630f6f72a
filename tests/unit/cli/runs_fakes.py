"""A source of runs in memory, for the commands: what a test puts into it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from WardenServer.plugins.common.differ.change import MISSING, Pair
from WardenServer.plugins.common.runs.source import Phase, Point, Run, Side, Taken


@dataclass
class FakeSource:
    """Runs by number, and the values of each side by partition and parameter. `trouble` is raised by every question."""

    name: str = "local"
    runs: dict[int, Run] = field(default_factory=dict)
    sides: dict[Side, dict[tuple[str, str], Any]] = field(default_factory=dict)
    trouble: BaseException | None = None
    closed: int = 0

    def add(self, run: Run, **values: Any) -> None:
        """A run with the parameters of the partition P at its start."""
        self.runs[run.number] = run
        self.sides[Side(run.number)] = {("P", name): value for name, value in values.items()}

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        self._ask()
        found = [run for run in self.runs.values() if search in f"{run.number} {run.by} {run.note}"]
        below = [run for run in found if before is None or run.number < before]
        return sorted(below, key=lambda run: -run.number)[:most]

    def after(self, number: int, most: int) -> list[Run]:
        self._ask()
        return sorted((run for run in self.runs.values() if run.number > number), key=lambda run: run.number)[:most]

    def run(self, number: int) -> Run | None:
        self._ask()
        return self.runs.get(number)

    def partitions(self, runs: Iterable[int]) -> list[str]:
        self._ask()
        wanted = set(runs)
        return sorted({key[0] for side, values in self.sides.items() if side.run in wanted for key in values})

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        self._ask()
        before, after = self.sides.get(old, {}), self.sides.get(new, {})
        for partition, parameter in sorted(before.keys() | after.keys(), key=lambda key: (key[1], key[0])):
            if partitions is None or partition in partitions:
                key = (partition, parameter)
                yield Pair(partition, parameter, before.get(key, MISSING), after.get(key, MISSING))

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        self._ask()
        found = self.sides.get(side, {})
        return [Taken(*key, value) for key, value in found.items() if partitions is None or key[0] in partitions]

    def parameters(self, match: str, most: int) -> list[tuple[str, str]]:
        self._ask()
        every = sorted({key for values in self.sides.values() for key in values})
        return [key for key in every if match.lower() in ":".join(key).lower()][:most]

    def past(self, partition: str, parameter: str, most: int) -> list[Point]:
        self._ask()
        key = (partition, parameter)
        return [
            Point(side.run, Phase.START, None, values[key]) for side, values in self.sides.items() if key in values
        ][-most:]

    def close(self) -> None:
        self.closed += 1

    def _ask(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class FakeStore:
    """Takes the place of our store, where only golden and acknowledging use it."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
