"""Events of any Python object, and several readers as one."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.streams.fake import Given
from WardenServer.errors import Unreachable
from WardenServer.streams.batch import MOST
from WardenServer.streams.readers import several
from WardenServer.streams.readers.own import Own
from WardenServer.streams.readers.several import Several


def _all(reader: Any) -> list[Any]:
    reader.open(None)
    events: list[Any] = []
    while not reader.ended:
        batch = reader.read(0.01)
        assert batch is None or 0 < len(batch) <= MOST
        events += batch.events if batch is not None else []
    reader.close()
    return events


def test_all_events_come_in_order_and_none_is_no_event() -> None:
    assert _all(Own(lambda: range(3000))) == list(range(3000))
    assert _all(Own(lambda: [None, 1, None, None, 0, "", None])) == [1, 0, ""]
    assert _all(Own(list)) == []


def test_what_is_there_does_not_wait_for_more() -> None:
    def numbers() -> Iterator[Any]:
        yield 1
        while True:
            yield None

    reader = Own(numbers)
    reader.open(None)
    batch = reader.read(60.0)
    assert batch is not None
    assert batch.events == [1]
    assert reader.read(0.0) is None
    assert not reader.ended
    reader.close()


def test_what_waits_for_its_next_event_holds_none_back() -> None:
    given: queue.SimpleQueue[int] = queue.SimpleQueue()
    waiting = threading.Timer(0.05, given.put, (1,))

    def numbers() -> Iterator[Any]:
        while True:
            yield given.get(timeout=10)

    reader = Own(numbers)
    reader.open(None)
    waiting.start()
    batch = reader.read(60.0)
    assert batch is not None
    assert batch.events == [1]
    given.put(2)
    batch = reader.read(60.0)  # though the generator would wait for a third one
    assert batch is not None
    assert batch.events == [2]
    waiting.join()
    reader.close()


def test_while_nothing_comes_it_hardly_looks() -> None:
    looks = 0

    def nothing() -> Iterator[Any]:
        nonlocal looks
        while True:
            looks += 1
            yield None

    reader = Own(nothing)
    reader.open(None)
    for _ in range(3):
        assert reader.read(0.1) is None
    assert looks < 20
    reader.close()


def test_after_an_exception_it_begins_again() -> None:
    begun = 0

    def fails_once() -> Iterator[Any]:
        nonlocal begun
        begun += 1
        yield begun
        if begun == 1:
            raise OSError("away")

    reader = Own(fails_once)
    reader.open(None)
    with pytest.raises(OSError, match="away"):
        reader.read(0.1)
    reader.close()
    assert _all(reader) == [2]


def test_several_take_turns_and_none_waits_for_another() -> None:
    first, second = Given(), Given()
    reader = Several([first, second])
    reader.open(None)
    for number in range(3):
        first.give(f"a{number}")
        second.give(f"b{number}")
    got = [batch.events[0] for _ in range(6) if (batch := reader.read(60.0)) is not None]
    assert got == ["a0", "b0", "a1", "b1", "a2", "b2"]
    second.give("b3")
    batch = reader.read(60.0)  # though the first has nothing
    assert batch is not None
    assert batch.events == ["b3"]


def test_several_end_when_all_have_ended_and_remember_where_each_was() -> None:
    first, second = Given(), Given()
    reader = Several([first, second])
    reader.open([3, 4])
    assert reader.read(0.01) is None
    assert (first.begun, second.begun) == ([3], [4])
    first.give(1, 2)
    first.batches.put(None)
    assert reader.read(0.01) is not None
    assert reader.read(0.01) is None
    assert not reader.ended
    second.notes = ["not connected"]
    second.batches.put(None)
    assert reader.read(0.01) is None
    assert reader.read(0.01) is None
    assert reader.ended
    assert reader.notes == ["not connected"]
    assert reader.position() == [2, 0]
    reader.close()
    assert (first.closed, second.closed) == (1, 1)


def test_one_that_fails_is_tried_again_while_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "PAUSES", (0.01, 0.02))
    first, second = Given(), Given()
    reader = Several([first, second])
    reader.open(None)
    first.give("a")
    assert reader.read(0.01) is not None
    first.batches.put(Unreachable("the server of first is away"))
    for number in range(5):
        second.give(number)
        batch = reader.read(60.0)
        assert batch is not None
        assert batch.events == [number]
    assert first.closed == 1
    first.give("b")
    wait_for(lambda: (batch := reader.read(0.01)) is not None and batch.events == ["b"])
    assert first.begun == [None, 1]  # where it was
    reader.close()


def test_one_that_cannot_be_opened_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away(Given):
        def open(self, position: Any) -> None:
            raise Unreachable("first is away")

    reader = Several([Away(), second := Given()])
    reader.open(None)
    second.give(1)
    assert reader.read(60.0) is not None
    assert reader.notes == ["first is away"]
    assert reader.read(0.02) is None
    assert not reader.ended
    reader.close()


@pytest.mark.parametrize("position", [None, {}, [1], "x", 7])
def test_several_begin_anew_with_a_position_that_is_not_theirs(position: Any) -> None:
    readers = [Given(), Given()]
    reader = Several(readers)
    reader.open(position)
    assert reader.read(0.01) is None
    assert [each.begun for each in readers] == [[None], [None]]


def test_several_know_whether_they_end() -> None:
    ends = Own(list)
    assert Several([Given(), ends]).endless
    assert not Several([ends]).endless
