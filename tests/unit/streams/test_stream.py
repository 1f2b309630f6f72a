"""A stream: one reader, many processors."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import wait_for
from tests.unit.streams.fake import Given
from WardenServer.errors import Unreachable
from WardenServer.machine.state_file import StateFile
from WardenServer.processor import Processor, ProcessorAbort
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams import feed
from WardenServer.streams.batch import Batch
from WardenServer.streams.host import Host, TakenOut
from WardenServer.streams.stream import Stream

Start = Callable[..., tuple[Stream, Given]]


class Keep(Processor):
    """Keeps what it is given, and says which thread gave it."""

    name = "keep"

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.threads: set[int] = set()

    def event(self, event: Any) -> None:
        self.threads.add(threading.get_ident())
        if event == "abort":
            raise ProcessorAbort("not this one")
        if event == "break":
            raise ValueError("broken")
        self.kept.append(event)

    def sample(self) -> dict[str, Any]:
        self.threads.add(threading.get_ident())
        return {"count": len(self.kept)}


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a stream with processors of these names."""
    begun: list[Stream] = []

    def begin(*names: str, **settings: Any) -> tuple[Stream, Given]:
        stream, reader = Stream(Settings("daq", **settings)), Given()
        for name in names:
            stream.add(name, Keep(), repr)
        stream.open(reader)
        begun.append(stream)
        return stream, reader

    yield begin
    for stream in begun:
        stream.close(5)


def host(stream: Stream, name: str = "a") -> Host:
    found = stream.host(name)
    assert found is not None
    return found


def keep(stream: Stream, name: str = "a") -> Any:
    return host(stream, name)._processor


def sample(stream: Stream, name: str = "a") -> dict[str, Any]:
    asked: Future[dict[str, Any]] = host(stream, name).ask(lambda it: stream.document(host(stream, name), it))
    return asked.result(10)


def test_every_processor_gets_every_event_in_order(start: Start) -> None:
    stream, reader = start("a", "b")
    for begin in range(0, 1000, 100):
        reader.give(*range(begin, begin + 100))
    wait_for(lambda: sample(stream)["seen"] == 1000 == sample(stream, "b")["seen"])
    assert keep(stream).kept == keep(stream, "b").kept == list(range(1000))
    assert len(keep(stream).threads) == 1  # event and sample never run at once
    assert keep(stream).threads != keep(stream, "b").threads


def test_a_sample_says_what_became_of_the_events(start: Start) -> None:
    stream, reader = start("a", sequence="n")
    reader.give({"n": 1}, {"n": 4}, undecodable=3)
    wait_for(lambda: host(stream).seen == 2)
    first = {"seen": 2, "dropped": 0, "lost": 2, "undecodable": 3}
    assert sample(stream) == {**first, **{f"{name}_new": value for name, value in first.items()}, "count": 2}
    reader.give({"n": 6}, undecodable=1)
    wait_for(lambda: host(stream).seen == 3)
    said = sample(stream)
    assert [said[name] for name in ("seen", "lost", "undecodable")] == [3, 3, 4]
    assert [said[f"{name}_new"] for name in ("seen", "lost", "undecodable")] == [1, 1, 1]


def test_without_numbers_nobody_knows_what_is_lost(start: Start) -> None:
    stream, reader = start("a")
    reader.give({"n": 1}, {"n": 4})
    wait_for(lambda: host(stream).seen == 2)
    assert sample(stream)["lost"] is None and sample(stream)["lost_new"] is None


def test_a_field_of_the_processor_counts_more_than_ours(start: Start) -> None:
    stream, _ = start("a")
    keep(stream).sample = lambda: {"seen": "mine"}
    assert sample(stream)["seen"] == "mine"


def test_an_abort_costs_one_event(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    stream, reader = start("a")
    reader.give(1, "abort", 2, "abort", "abort", 3)
    wait_for(lambda: sample(stream)["seen"] == 6)
    assert keep(stream).kept == [1, 2, 3]
    assert host(stream).aborted == 3
    assert caplog.text.count("passes over an event") == 1


def test_another_exception_takes_it_out_and_costs_the_others_nothing(start: Start) -> None:
    stream, reader = start("a", "b")
    other = keep(stream, "b")
    other.event = other.kept.append
    host(stream, "b")._go_on_with(other)
    reader.give(1, "break", 2)
    reader.give(3)
    wait_for(lambda: keep(stream, "b").kept == [1, "break", 2, 3])
    assert keep(stream).kept == [1]
    with pytest.raises(TakenOut, match=r"broken.*no more events until the next reload"):
        sample(stream)
    assert sample(stream, "b")["seen"] == 4


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), MemoryError(), RecursionError()])
def test_whatever_it_raises_its_thread_goes_on(start: Start, error: BaseException) -> None:
    stream, reader = start("a")
    single = threading.Event()

    def fail(_: Any) -> None:
        single.set()
        raise error

    keep(stream).event = fail
    host(stream)._go_on_with(keep(stream))
    reader.give(1)
    assert single.wait(10)
    wait_for(lambda: host(stream).out)
    with pytest.raises(TakenOut):
        sample(stream)


def test_a_sample_that_fails_costs_that_sample_only(start: Start) -> None:
    stream, reader = start("a")
    keep(stream).sample = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        sample(stream)
    reader.give(1)
    wait_for(lambda: keep(stream).kept == [1])


def test_one_slow_processor_delays_no_other_and_drops_its_oldest_events(start: Start) -> None:
    stream, reader = start("slow", "quick")
    host(stream, "slow").limit(100, "oldest")
    go_on, it = threading.Semaphore(0), keep(stream, "slow")
    it.event = lambda event: (go_on.acquire(), it.kept.append(event))
    host(stream, "slow")._go_on_with(it)
    reader.give(0)
    wait_for(lambda: host(stream, "slow")._waiting._in_hand == 1)
    for begin in range(1, 1001, 100):
        reader.give(*range(begin, begin + 100))
    wait_for(lambda: sample(stream, "quick")["seen"] == 1001)
    assert host(stream, "slow").dropped == 900
    for _ in range(101):
        go_on.release()
    wait_for(lambda: host(stream, "slow").seen == 101)
    assert it.kept == [0, *range(901, 1001)]
    said = sample(stream, "slow")
    assert (said["seen"], said["dropped"]) == (101, 900)


def test_a_sample_comes_between_two_events_of_a_slow_processor(start: Start) -> None:
    stream, reader = start("a")
    go_on, it = threading.Semaphore(0), keep(stream)
    reader.give(*range(5000))
    wait_for(lambda: host(stream).seen == 5000)  # by now it takes many events together
    it.event = lambda event: (go_on.acquire(), it.kept.append(event))
    host(stream)._go_on_with(it)
    reader.give(*range(50))
    wait_for(lambda: host(stream)._waiting._in_hand == 50)
    asked = host(stream).ask(lambda processor: len(processor.kept))
    go_on.release()
    assert asked.result(10) == 5001
    for _ in range(49):
        go_on.release()
    wait_for(lambda: host(stream).seen == 5050)


def test_new_code_takes_over_between_two_events(start: Start) -> None:
    stream, reader = start("a")
    old, new = keep(stream), Keep()
    stop = threading.Event()

    def give() -> None:
        for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count(0, 100)):
            reader.give(*range(number, number + 100))
            wait_for(lambda number=number: reader.count >= number - 500)

    thread = threading.Thread(target=give)
    thread.start()
    wait_for(lambda: len(old.kept) > 1000)

    def swap(_: Any) -> int:
        host(stream).replace(new, repr)
        return len(old.kept)

    at = host(stream).ask(swap).result(10)
    wait_for(lambda: len(new.kept) > 1000)
    stop.set()
    thread.join()
    wait_for(lambda: host(stream).wait_idle(0) and host(stream).seen == reader.count)
    assert at == len(old.kept)
    assert old.kept + new.kept == list(range(reader.count))


def test_new_code_of_another_form_takes_the_rest_of_what_waits(start: Start) -> None:
    class Many:
        def __init__(self) -> None:
            self.numbers: list[int] = []

        def events(self, batch: Any) -> None:
            self.numbers += batch["n"].tolist()

    stream, reader = start("a")
    new, it, go_on = Many(), keep(stream), threading.Semaphore(0)
    it.event = lambda event: (go_on.acquire(), it.kept.append(event["n"]))
    host(stream)._go_on_with(it)
    reader.give(*({"n": number} for number in range(200)))
    wait_for(lambda: host(stream)._waiting._in_hand)
    asked = host(stream).ask(lambda _: host(stream).replace(new, repr))
    go_on.release()
    asked.result(10)
    wait_for(lambda: host(stream).seen == 200)
    assert it.kept + new.numbers == list(range(200))


def test_arrays_go_to_events_where_a_processor_has_both(start: Start) -> None:
    class Both(Keep):
        def __init__(self) -> None:
            super().__init__()
            self.arrays: list[Any] = []

        def events(self, batch: Any) -> None:
            self.arrays.append(batch)

    stream, reader = start("a")
    both = Both()
    stream.add("both", both, repr)
    array = np.rec.fromarrays([np.arange(3)], dtype=[("n", "i8")])
    reader.batches.put(Batch(array=array))
    reader.give({"n": 3})
    wait_for(lambda: sample(stream, "both")["seen"] == 4 == sample(stream)["seen"])
    assert len(both.arrays) == 1 and both.arrays[0] is array
    assert both.kept == [{"n": 3}]
    assert keep(stream).kept == [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}]


def test_a_processor_that_takes_no_events_only_acts_when_sampled(start: Start) -> None:
    class Poll:
        def sample(self) -> dict[str, Any]:
            return {"free": 7}

    stream, reader = start("a")
    stream.add("poll", Poll(), repr)
    stream.add("plain", Processor(), repr)
    reader.give(*range(10))
    wait_for(lambda: sample(stream)["seen"] == 10)
    assert sample(stream, "poll")["free"] == 7
    assert sample(stream, "poll")["seen"] == sample(stream, "plain")["seen"] == 0


def test_a_processor_that_was_removed_gets_no_more(start: Start) -> None:
    stream, reader = start("a", "b")
    gone = keep(stream, "b")
    stream.remove("b")
    reader.give(1)
    wait_for(lambda: sample(stream)["seen"] == 1)
    assert gone.kept == [] and stream.names == ["a"]


# -- the reader


def test_a_reader_that_fails_is_opened_again_where_it_was(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAUSES", (0.01, 0.01))
    stream, reader = start("a")
    reader.give(1, 2)
    reader.batches.put(Unreachable("the source is away; start it"))
    reader.give(3)
    wait_for(lambda: sample(stream)["seen"] == 3)
    assert reader.begun == [None, 2] and reader.closed == 1
    reader.batches.put(ValueError("a mistake"))
    wait_for(lambda: reader.closed == 2)
    reader.give(4)
    wait_for(lambda: sample(stream)["seen"] == 4)
    assert stream.notes == []


def test_what_is_wrong_with_the_source_is_said(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PAUSES", (60.0, 60.0))
    stream, reader = start("a")
    reader.batches.put(Unreachable("the source is away; start it"))
    wait_for(lambda: stream.notes == ["stream daq: the source is away; start it"])


def test_the_position_is_kept_over_restarts(tmp_path: Path) -> None:
    place = tmp_path / "position.json"
    for begun in (None, 3):
        stream, reader = Stream(Settings("daq"), StateFile(place, 1, "positions")), Given()
        stream.add("a", Keep(), repr)
        stream.open(reader)
        reader.give(1, 2, 3)
        wait_for(lambda stream=stream: sample(stream)["seen"] == 3)
        assert stream.finish(5)
        stream.close(5)
        assert reader.begun == [begun]


def test_a_position_of_another_reader_means_nothing(tmp_path: Path) -> None:
    positions = StateFile(tmp_path / "position.json", 1, "positions")
    positions.write({"reader": "ROOT", "position": 77})
    stream, reader = Stream(Settings("daq"), positions), Given()
    stream.open(reader)
    wait_for(lambda: reader.begun == [None])
    stream.close(5)


def test_the_end_of_the_source_is_not_the_end_of_the_processors(start: Start) -> None:
    stream, reader = start("a")
    reader.give(1)
    reader.batches.put(None)
    wait_for(lambda: stream.ended)
    assert stream.finish(5)
    assert sample(stream)["seen"] == 1


def test_all_that_was_read_is_taken_before_the_end(start: Start) -> None:
    stream, reader = start("a")
    for _ in range(100):
        reader.give(*range(100))
    wait_for(lambda: reader.count == 10_000)
    assert stream.finish(10)
    assert sample(stream)["seen"] == 10_000
