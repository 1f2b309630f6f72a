import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.hub.runs.conftest import Memory
from WardenServer.errors import Unreachable
from WardenServer.hub.runs import delivery
from WardenServer.hub.runs.delivery import Delivery
from WardenServer.hub.runs.record import Opened, Record
from WardenServer.hub.runs.waiting import WaitingRecords
from WardenServer.plugins.common.runs import recording
from WardenServer.plugins.common.runs.source import Run

Make = Callable[..., Delivery]


@pytest.fixture
def told() -> list[Any]:
    """What the store had at first, and "delivered"."""
    return []


@pytest.fixture
def made(tmp_path: Path, told: list[Any]) -> Iterator[Delivery]:
    waiting = WaitingRecords(tmp_path / "waiting.db")
    it = Delivery(waiting, "x", told.append, lambda: told.append("delivered"))
    yield it
    it.close()
    assert it.join(5)


def use(made: Delivery, memory: Memory) -> None:
    made.use(memory)  # type: ignore[arg-type]


def test_what_waits_is_written_once_and_then_said(made: Delivery, memory: Memory, told: list[Any]) -> None:
    made.add(Record(Opened(1, 1.0)))
    made.deliver()  # no store yet
    use(made, memory)
    made.add(Record(Opened(1, 1.0), closed=2.0))
    made.deliver()
    made.deliver()
    assert memory.wrote == [("begin", 1), ("end", 1)]
    assert told == [None, "delivered"]
    made.add(Record(Opened(2, 1.0)))
    made.deliver()
    assert told == [None, "delivered", "delivered"]


def test_a_store_that_is_away_is_said_once_and_nothing_is_lost(
    made: Delivery, memory: Memory, told: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    memory.away = "PostgreSQL at me:swordfish@host is away; start it"
    use(made, memory)
    for number in (1, 2):
        made.add(Record(Opened(number, 1.0)))
        made.deliver()
    assert made.problem == memory.away
    with pytest.raises(Unreachable):
        made.has(1)
    memory.away = ""
    made.deliver()
    assert memory.wrote == [("begin", 1), ("begin", 2)]
    assert made.problem == ""
    assert [each.levelname for each in caplog.records] == ["ERROR", "INFO"]
    assert told == [None, "delivered"]


def test_a_store_that_goes_in_the_middle_gets_the_rest_later(
    made: Delivery, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(made, memory)
    begin = recording.begin

    def fail(store: Any, hub: str, number: int, *more: Any) -> None:
        memory.away = "it is away; start it" if number == 2 and not memory.closed else ""
        begin(store, hub, number, *more)

    monkeypatch.setattr(recording, "begin", fail)
    for number in (1, 2, 3):
        made.add(Record(Opened(number, 1.0)))
    made.deliver()
    assert memory.wrote == [("begin", 1)]
    memory.closed, memory.away = True, ""
    made.deliver()
    assert memory.wrote == [("begin", 1), ("begin", 2), ("begin", 3)]


def test_it_learns_the_newest_run_of_each_store(made: Delivery, memory: Memory, told: list[Any]) -> None:
    memory.runs[7] = Run(7, 1.0)
    use(made, memory)
    made.deliver()
    other = Memory()
    use(made, other)
    made.deliver()
    assert told == [Run(7, 1.0), None]
    assert memory.closed
    assert not made.has(7)
    other.runs[7] = Run(7, 1.0)
    assert made.has(7)


def test_while_something_waits_it_is_not_known_what_the_store_has(made: Delivery, memory: Memory) -> None:
    use(made, memory)
    made.deliver()
    made.add(Record(Opened(1, 1.0)))
    with pytest.raises(Unreachable, match="wait a moment"):
        made.has(1)


def test_its_thread_delivers_and_tries_again(
    made: Delivery, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "AGAIN", 0.05)
    memory.away = "it is away; start it"
    use(made, memory)
    made.open()
    made.add(Record(Opened(1, 1.0)))
    wait_for(lambda: made.problem)
    memory.away = ""
    wait_for(lambda: memory.wrote == [("begin", 1)] and not made.problem)
    made.close()
    assert made.join(5)
    assert memory.closed


def test_a_mistake_of_ours_does_not_end_it(
    made: Delivery, memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "AGAIN", 0.05)
    newest = recording.newest
    monkeypatch.setattr(recording, "newest", lambda store, hub: 1 // 0)
    use(made, memory)
    made.add(Record(Opened(1, 1.0)))
    made.open()
    wait_for(lambda: made.problem)
    monkeypatch.setattr(recording, "newest", newest)
    wait_for(lambda: memory.wrote and not made.problem)
    assert "ZeroDivisionError" in caplog.text
