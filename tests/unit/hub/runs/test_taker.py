import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.hub.runs.conftest import Streams
from WardenServer.hub.runs import taker
from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.record import Record
from WardenServer.hub.runs.taker import Step, Taker
from WardenServer.machine.clock import Clock
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.source import Phase
from WardenServer.results.board import HUB_FIELDS, Board
from WardenServer.results.result import Result


class Hub:
    """The parts around a taker: `kept` is what was written."""

    def __init__(self, folder: Path, streams: Streams) -> None:
        self.kept: list[Record] = []
        self.streams, self.board = streams, Board()
        self.board.put(Result(HUB_FIELDS, "warden.x.fields", 1.0, {}))
        self.put(1)
        self.asked: list[str] = []
        self.book = Book(folder / "open.json", self.kept.append, Clock())
        self.taker = Taker(self.board, "warden.x", streams, self.soon, self.book, self.kept.append)
        self.runs = Runs("x", folder, "", documents=("Petra",))
        self.taker.use(self.runs)

    def put(self, value: int) -> None:
        self.board.put(Result("ring", "Petra", 1.0, {"a": value}))

    def soon(self, agent: str) -> None:
        self.asked.append(agent)
        self.put(100 + len(self.asked))

    def begin(self, number: int) -> None:
        self.taker.put(Step(*self.book.begin(number, "me")))

    def end(self) -> None:
        self.taker.put(Step(self.book.end(), None))

    @property
    def shots(self) -> list[tuple[int, Phase, Any]]:
        """Snapshots that were taken: run, phase and the value."""
        found = [record.snapshot for record in list(self.kept) if record.snapshot is not None]
        return [(each.run, each.phase, each.values[0].value) for each in found]


@pytest.fixture
def hub(tmp_path: Path, streams: Streams) -> Iterator[Hub]:
    made = Hub(tmp_path, streams)
    yield made
    if streams.hold is not None:
        streams.hold.set()
    made.taker.close()
    assert made.taker.join(10)


def test_a_run_has_a_snapshot_at_its_start_and_at_its_end(hub: Hub) -> None:
    hub.taker.open()
    hub.begin(1)
    wait_for(lambda: len(hub.shots) == 1)
    wait_for(lambda: hub.book.started)
    hub.put(2)
    hub.end()
    wait_for(lambda: len(hub.shots) == 2)
    assert hub.shots == [(1, Phase.START, 1), (1, Phase.END, 2)]
    assert hub.streams.said == [("start", 1), ("stop", 1)]


def test_the_snapshot_of_the_end_holds_the_last_samples(hub: Hub) -> None:
    hub.streams.agents = ["ring"]
    hub.begin(1)
    hub.end()
    hub.taker.open()
    wait_for(lambda: len(hub.shots) == 2)
    assert hub.asked == ["ring", "ring"]  # the first may be of a run that began before
    assert hub.shots[1] == (1, Phase.END, 102)


def test_processors_that_give_no_sample_hold_up_nothing_for_long(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taker, "SAMPLES", 0.2)
    monkeypatch.setattr(hub, "put", lambda value: None)
    hub.streams.agents = ["ring", "nobody"]
    hub.begin(1)
    hub.end()
    hub.taker.open()
    wait_for(lambda: len(hub.shots) == 2)


def test_a_run_that_ends_and_one_that_begins_at_once_share_a_snapshot(hub: Hub) -> None:
    hub.streams.agents = ["ring"]
    hub.begin(1)
    hub.begin(2)
    hub.taker.open()
    wait_for(lambda: len(hub.shots) == 3)
    assert hub.shots == [(1, Phase.START, 1), (1, Phase.END, 102), (2, Phase.START, 102)]
    assert hub.streams.said == [("start", 1), ("stop", 1), ("start", 2)]


def test_streams_learn_of_a_start_at_once_but_after_the_last_samples_before_it(hub: Hub) -> None:
    hub.begin(1)
    assert hub.streams.said == [("start", 1)]
    hub.streams.hold = threading.Event()
    hub.taker.open()
    wait_for(lambda: len(hub.shots) == 1)
    hub.end()
    wait_for(lambda: hub.streams.said[-1] == ("stop", 1))
    hub.begin(2)
    hub.end()
    assert hub.streams.said == [("start", 1), ("stop", 1)]
    hub.streams.hold.set()
    wait_for(lambda: len(hub.shots) == 4)
    assert hub.streams.said == [("start", 1), ("stop", 1), ("start", 2), ("stop", 2)]
    assert [shot[:2] for shot in hub.shots] == [(run, phase) for run in (1, 2) for phase in (Phase.START, Phase.END)]


def test_no_run_is_lost_while_snapshots_take_long(hub: Hub) -> None:
    for number in range(1, 50):
        hub.begin(number)
    hub.taker.open()
    wait_for(lambda: len(hub.shots) == 97)
    assert {run for run, phase, _ in hub.shots if phase is Phase.START} == set(range(1, 50))


def test_there_is_a_bound(hub: Hub) -> None:
    for number in range(1, taker.MOST + 1):
        assert not hub.taker.is_full
        hub.begin(number)
    assert hub.taker.is_full


def test_on_the_way_there_are_snapshots_too(hub: Hub) -> None:
    hub.taker.open()
    hub.begin(1)
    wait_for(lambda: len(hub.shots) == 1)
    hub.taker.use(Runs("x", Path(), "", documents=("Petra",), every=0.05))  # a reload
    wait_for(lambda: [phase for _, phase, _ in hub.shots[:3]] == [Phase.START, Phase.WAY, Phase.WAY])
    hub.end()
    wait_for(lambda: hub.shots[-1][1] is Phase.END)
    count = len(hub.shots)
    hub.begin(2)
    wait_for(lambda: (2, Phase.START, 1) in hub.shots)
    assert hub.shots[count][:2] == (2, Phase.START)


def test_shortly_after_the_hubs_start_it_waits_for_agents_that_have_not_run_yet(hub: Hub) -> None:
    entry = {"agent": "late", "key": "Petra", "field": "b"}
    hub.board.put(Result(HUB_FIELDS, "warden.x.fields", 1.0, {"Petra.b": entry}))
    hub.taker.open()
    hub.begin(1)
    assert hub.shots == []
    hub.board.put(Result("late", "Petra", 1.0, {"b": 5}))
    wait_for(lambda: len(hub.shots) == 1)
    assert [each.value for each in hub.kept[-1].snapshot.values] == [1, 5]  # type: ignore[union-attr]


def test_it_does_not_wait_for_ever(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taker, "FIRST", 0.1)
    entry = {"agent": "daily", "key": "Petra", "field": "b"}
    hub.board.put(Result(HUB_FIELDS, "warden.x.fields", 1.0, {"Petra.b": entry}))
    hub.taker.open()
    hub.begin(1)
    wait_for(lambda: len(hub.shots) == 1)


def test_an_error_of_ours_costs_one_snapshot(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop: Callable[..., Any] = hub.streams.stop_run
    monkeypatch.setattr(hub.streams, "stop_run", lambda number, limit: [*stop(number, limit), 1 // 0])
    hub.taker.open()
    hub.begin(1)
    wait_for(lambda: len(hub.shots) == 1)
    hub.end()
    hub.begin(2)
    wait_for(lambda: len(hub.shots) == 2)
    assert hub.shots[1][:2] == (2, Phase.START)
    assert hub.streams.said == [("start", 1), ("stop", 1), ("start", 2)]
    assert "ZeroDivisionError" in caplog.text
