"""The queue of one processor."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from WardenServer.streams.batch import Batch
from WardenServer.streams.waiting import Waiting


def numbers(waiting: Waiting, most: int = 1000) -> list[int]:
    found = []
    while len(waiting):
        waiting.rouse()
        batch = waiting.take(most)
        found += batch.events if batch is not None else []
    return found


@given(sizes=st.lists(st.integers(0, 30), max_size=20), most=st.integers(1, 40), part=st.integers(1, 9))
def test_the_newest_stay_where_the_oldest_are_dropped(sizes: list[int], most: int, part: int) -> None:
    waiting, begin = Waiting(most, "oldest"), 0
    for size in sizes:
        waiting.put(Batch(list(range(begin, begin + size))))
        begin += size
    assert numbers(waiting, part) == list(range(max(0, begin - most), begin))
    assert waiting.dropped == max(0, begin - most)


@given(sizes=st.lists(st.integers(0, 30), max_size=20), most=st.integers(1, 40))
def test_the_oldest_stay_where_the_newest_are_dropped(sizes: list[int], most: int) -> None:
    waiting, begin = Waiting(most, "newest"), 0
    for size in sizes:
        waiting.put(Batch(list(range(begin, begin + size))))
        begin += size
    assert numbers(waiting) == list(range(min(most, begin)))
    assert waiting.dropped == max(0, begin - most)


def test_what_is_too_large_together_is_dropped_too() -> None:
    waiting = Waiting(1000, "oldest", limit=100)
    for number in range(10):
        waiting.put(Batch([number], size=30))
    assert numbers(waiting) == [7, 8, 9]
    assert waiting.dropped == 7


def test_one_event_that_is_larger_than_the_limit_waits_nevertheless() -> None:
    waiting = Waiting(1000, "oldest", limit=100)
    waiting.put(Batch([1], size=30))
    waiting.put(Batch([2], size=1000))
    assert numbers(waiting) == [2]


def test_with_block_the_reader_waits_and_nothing_is_lost() -> None:
    waiting = Waiting(10, "block")
    thread = threading.Thread(target=lambda: [waiting.put(Batch(list(range(n, n + 25)))) for n in range(0, 250, 25)])
    thread.start()
    found: list[int] = []
    while len(found) < 250:
        batch = waiting.take(7)
        found += batch.events if batch is not None else []
        assert len(waiting) <= 20  # those that wait, and those at work
    thread.join()
    assert found == list(range(250))
    assert waiting.dropped == 0


def test_a_reader_that_waits_goes_on_when_the_queue_is_closed() -> None:
    waiting = Waiting(1, "block")
    thread = threading.Thread(target=lambda: [waiting.put(Batch([n])) for n in range(3)])
    thread.start()
    waiting.close()
    thread.join(10)
    assert not thread.is_alive()


def test_it_is_empty_only_when_what_was_taken_is_done() -> None:
    waiting = Waiting(10, "oldest")
    waiting.put(Batch([1]))
    assert waiting.take(10) is not None
    assert not waiting.wait_empty(0)
    waiting.rouse()
    assert waiting.take(10) is None
    assert waiting.wait_empty(0)


@given(
    sizes=st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=20),
    most=st.integers(1, 20),
    full=st.sampled_from(["oldest", "newest"]),
    size=st.integers(0, 30),
)
def test_marks_keep_their_place_and_are_never_dropped(sizes: list[int | None], most: int, full: str, size: int) -> None:
    waiting, put = Waiting(most, full, limit=100), 0
    marks: list[Batch] = []
    for number in sizes:  # None is a mark; an event is how many marks came before it
        if number is None:
            marks.append(Batch())
            waiting.mark(marks[-1])
        else:
            waiting.put(Batch([len(marks)] * number, size=size * number))
            put += number
    seen: list[Batch] = []
    count = 0
    while True:
        waiting.rouse()
        batch = waiting.take(4)
        if batch is None:
            break
        if len(batch):
            assert batch.events == [len(seen)] * len(batch)
            count += len(batch)
        else:
            seen.append(batch)
    assert list(map(id, seen)) == list(map(id, marks))
    assert count + waiting.dropped == put


def test_a_mark_outlives_the_events_that_are_forgotten() -> None:
    waiting, mark = Waiting(10, "block"), Batch()
    waiting.put(Batch([1]))
    waiting.mark(mark)
    waiting.clear()
    assert len(waiting) == 0
    assert waiting.take(10) is mark


def test_marks_that_nobody_takes_have_a_bound() -> None:
    waiting = Waiting(10, "oldest")
    marks = [Batch() for _ in range(1010)]
    waiting.put(Batch([1]))
    for mark in marks:
        waiting.mark(mark)
    first = waiting.take(10)
    assert first is not None and first.events == [1]
    assert waiting.take(10) is marks[10]
