"""Runs and a store in memory, for the agent's tests: all that it writes can be made to fail at any step."""

import copy
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.differ.change import MISSING, Pair
from WardenServer.plugins.common.differ.compare import is_same
from WardenServer.plugins.common.differ.rules import Rules, Tolerance
from WardenServer.plugins.common.runs import acknowledging, differences, golden, progress
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.loop import Loop, Seen
from WardenServer.plugins.common.runs.progress import Progress
from WardenServer.plugins.common.runs.source import Run, Side, Taken

Key = tuple[str, str]


class Killed(BaseException):
    """The process ends here."""


class FakeSource:
    """Runs by hand. `away` is why the database cannot be used."""

    name = "test"

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self.values_of: dict[int, dict[Key, Any]] = {}
        self.away = ""
        self.asked: list[str] = []
        self.is_closed = False

    def add(
        self, number: int, values: dict[str, dict[str, Any]], is_ready: bool = True, partitions: Sequence[str] = (),
        **more: Any,
    ) -> None:  # fmt: skip
        """A run with values by partition and parameter."""
        self.runs[number] = Run(number, is_ready=is_ready, partitions=tuple(partitions or values), **more)
        flat = {(partition, each): value for partition, those in values.items() for each, value in those.items()}
        self.values_of[number] = flat

    def ready(self, number: int) -> None:
        self.runs[number] = replace(self.runs[number], is_ready=True)

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        self._ask("newest")
        numbers = sorted((each for each in self.runs if before is None or each < before), reverse=True)
        return [self.runs[number] for number in numbers[:most]]

    def after(self, number: int, most: int) -> list[Run]:
        self._ask("after")
        return [self.runs[each] for each in sorted(self.runs) if each > number][:most]

    def run(self, number: int) -> Run | None:
        self._ask("run")
        return self.runs.get(number)

    def partitions(self, runs: Iterable[int]) -> list[str]:
        self._ask("partitions")
        return sorted({partition for run in runs for partition, _ in self.values_of.get(run, {})})

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        self._ask("pairs")
        olds, news = self.values_of[old.run], self.values_of[new.run]
        for partition, parameter in sorted({*olds, *news}):
            key = partition, parameter
            pair = Pair(partition, parameter, olds.get(key, MISSING), news.get(key, MISSING))
            if (partitions is None or partition in partitions) and not is_same(pair.old, pair.new):
                yield pair

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        self._ask("values")
        return [Taken(*key, value) for key, value in self.values_of.get(side.run, {}).items()]

    def parameters(self, match: str, most: int) -> list[Key]:
        return []

    def past(self, partition: str, parameter: str, most: int) -> list[Any]:
        return []

    def close(self) -> None:
        self.is_closed = True

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.away:
            raise Unreachable(self.away)


@dataclass
class Kept:
    """What is in the store."""

    progress: Progress = field(default_factory=Progress)
    differences: list[Difference] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    golden: int | None = None
    acknowledged: list[Acknowledgement] = field(default_factory=list)


class FakeStore:
    """A store in memory. It counts its steps, and at the one that is named it raises `error`."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.steps = 0
        self.fails_at: int | None = None
        self.error: BaseException = Killed()
        self.is_closed = False

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.fails_at:
            raise self.error

    @contextmanager
    def writing(self) -> Iterator[Kept]:
        self.step()
        draft = copy.deepcopy(self.kept)
        yield draft
        self.step()
        self.kept = draft
        self.step()

    def close(self) -> None:
        self.is_closed = True


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Let the store be in memory."""
    for module, name, function in (
        (progress, "read", _read), (progress, "write", _write), (differences, "record", _record),
        (differences, "untold", _untold), (differences, "mark_told", _mark_told), (differences, "newest", _newest),
        (golden, "golden", _golden), (golden, "declare", _declare), (acknowledging, "acknowledge", _acknowledge),
    ):  # fmt: skip
        patch.setattr(module, name, function)


def _read(store: FakeStore, source: str) -> Progress:
    store.step()
    return store.kept.progress


def _write(draft: Kept, source: str, now: Progress) -> None:
    draft.progress = now


def _record(draft: Kept, source: str, new: Difference) -> None:
    known = {(each.partitions, each.old, each.new) for each in draft.differences}
    if (new.partitions, new.old, new.new) not in known:
        draft.differences.append(replace(new, number=len(draft.differences) + 1))


def _untold(store: FakeStore, source: str) -> list[Difference]:
    store.step()
    return [each for each in store.kept.differences if each.number not in store.kept.told]


def _mark_told(store: FakeStore, source: str, numbers: Iterable[int]) -> None:
    with store.writing() as draft:
        draft.told.update(numbers)


def _newest(store: FakeStore, source: str, most: int, before: int | None = None) -> list[Difference]:
    store.step()
    return store.kept.differences[::-1][:most]


def _golden(store: FakeStore, source: str) -> int | None:
    store.step()
    return store.kept.golden


def _declare(store: FakeStore, source: str, run: int | None) -> None:
    store.kept.golden = run


def _acknowledge(store: FakeStore, source: str, said: Acknowledgement) -> None:
    store.kept.acknowledged.append(said)


class Stage:
    """A loop with runs, store and clock by hand; what it tells reaches people when its round has ended."""

    def __init__(self, folder: Path, **more: Any) -> None:
        said = {"link": "http://warden", "log": folder / "log.html", **more}
        self.runs = Runs("test", folder, "sqlite:///none.db", **said)
        self.source, self.store = FakeSource(), FakeStore()
        self.now = 1000.0
        self.deliveries: list[str] = []
        self.events: dict[str, str] = {}  # as the store of events keeps them: each id once
        self.log = logging.getLogger("test")
        self.start()

    def start(self) -> None:
        """The agent, or another one after its end."""
        clock = lambda: self.now  # noqa: E731
        store: Any = self.store
        self.loop = Loop(self.runs, store, self.source, self.log, clock, clock)

    def round(self, stopping: threading.Event | None = None) -> Seen:
        """One round, as the agent makes it."""
        told: dict[str, str] = {}

        def tell(text: str, id: str) -> None:
            self.store.step()
            told[id] = text

        try:
            seen = self.loop.run(stopping or threading.Event(), tell)
            self.store.step()
        except Exception:  # what was told goes out with the nulls
            self._deliver(told)
            raise
        self._deliver(told)
        self.now += 10.0
        return seen

    def _deliver(self, told: dict[str, str]) -> None:
        self.deliveries += told
        for id, text in told.items():
            self.events.setdefault(id, text)

    def rounds(self) -> Seen:
        """Rounds until nothing is left to do."""
        while (seen := self.round()).more or len(self.store.kept.told) < len(self.store.kept.differences):
            pass
        return seen

    @property
    def lines(self) -> list[str]:
        """Those of the file with addresses."""
        assert self.runs.log is not None
        return self.runs.log.read_text(encoding="utf-8").splitlines() if self.runs.log.exists() else []


def tolerances(**absolute: float) -> Rules:
    return Rules(tolerances=[(name, Tolerance(absolute=value)) for name, value in absolute.items()])
