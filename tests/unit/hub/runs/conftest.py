"""A store in memory, in place of the database."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.runs import own, recording
from WardenServer.plugins.common.runs.source import Phase, Run, Snapshot


@dataclass
class Memory:
    """What was written, in order. `away` is why nothing can be; it lets tests wait in `held`."""

    away: str = ""
    wrote: list[tuple[Any, ...]] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    shots: list[Snapshot] = field(default_factory=list)
    closed: bool = False
    lock: Any = field(default_factory=threading.Lock)

    def touch(self) -> None:
        if self.away:
            raise Unreachable(self.away)

    def close(self) -> None:
        self.closed = True

    def phases(self, run: int) -> list[Phase]:
        return [shot.phase for shot in self.shots if shot.run == run]


def begin(store: Memory, hub: str, number: int, at: float, by: str, note: str = "") -> None:
    store.touch()
    if number not in store.runs:
        store.wrote.append(("begin", number))
        store.runs[number] = Run(number, at, is_ready=False, by=by, note=note)


def add(store: Memory, hub: str, snapshot: Snapshot) -> None:
    store.touch()
    assert snapshot.run in store.runs
    if snapshot not in store.shots:
        store.wrote.append((str(snapshot.phase), snapshot.run))
        store.shots.append(snapshot)


def end(store: Memory, hub: str, number: int, at: float, note: str = "") -> None:
    store.touch()
    store.wrote.append(("end", number))
    run = store.runs[number]
    store.runs[number] = Run(number, run.opened, at, run.is_ready, by=run.by, note=run.note)


def newest(store: Memory, hub: str) -> Run | None:
    store.touch()
    return store.runs[max(store.runs)] if store.runs else None


class FakeOwn:
    """What is asked of the source."""

    def __init__(self, store: Memory, hub: str) -> None:
        self.store = store

    def run(self, number: int) -> Run | None:
        self.store.touch()
        return self.store.runs.get(number)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    """The store, which all parts write to."""
    for function in (begin, add, end, newest):
        monkeypatch.setattr(recording, function.__name__, function)
    monkeypatch.setattr(own, "Own", FakeOwn)
    return Memory()


class Streams:
    """Streams that take note; `agents` have a last sample at the end of a run."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.agents: list[str] = []
        self.hold: threading.Event | None = None

    def start_run(self, number: int) -> None:
        self.said.append(("start", number))

    def stop_run(self, number: int, limit: float) -> list[str]:
        self.said.append(("stop", number))
        if self.hold is not None:
            assert self.hold.wait(20)
        return self.agents

    def no_run(self) -> None:
        self.said.append("no run")


@pytest.fixture
def streams() -> Streams:
    return Streams()
