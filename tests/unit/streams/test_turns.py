"""Runs begin and end between the events of processors."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.streams.fake import Given
from WardenServer.processor import ProcessorAbort
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams import turning
from WardenServer.streams.batch import Batch
from WardenServer.streams.host import Host, TakenOut
from WardenServer.streams.stream import Stream
from WardenServer.streams.told import Run
from WardenServer.streams.trial import prove
from WardenServer.streams.turning import turn


class All:
    """Keeps all that happens to it; with `held`, the event "wait" holds it up until `go_on`."""

    def __init__(self, held: bool = False) -> None:
        self.held = held
        self.kept: list[Any] = []
        self.waits, self.go_on = threading.Event(), threading.Event()

    def event(self, event: Any) -> None:
        if event == "wait" and self.held:
            self.waits.set()
            assert self.go_on.wait(10)
        self.kept.append(event)

    def sample(self) -> dict[str, Any]:
        return {"kept": str(self.kept)}

    def load(self, old: Any) -> None:
        self.kept = [*old.kept, "load"]


class Starts(All):
    def start_run(self, number: int) -> None:
        self.kept.append(f"start {number}")


class Both(Starts):
    def stop_run(self, number: int) -> None:
        self.kept.append(f"stop {number}")


class Ends(All):
    def stop_run(self, number: int) -> None:
        self.kept.append(f"stop {number}")


def fails_at(what: str, error: BaseException) -> Any:
    """A processor that fails in this method."""

    def fail(number: int) -> None:
        raise error

    made = Both()
    setattr(made, what, fail)
    return made


class Place:
    def __init__(self, *processors: Any, **settings: Any) -> None:
        self.reader, self.stream = Given(), Stream(Settings("daq", **settings))
        for number, processor in enumerate(processors):
            self.stream.add(f"p{number}", processor, repr)
        self.stream.add("watch", All(), repr).limit(1000, "oldest")
        self.stream.open(self.reader)

    def host(self, name: str = "p0") -> Host:
        found = self.stream.host(name)
        assert found is not None
        return found

    def kept(self, name: str = "p0") -> list[Any]:
        """What has happened, once all has that was asked for."""
        return list(self.host(name).ask(lambda processor: processor.kept).result(10))

    def give(self, *events: Any) -> None:
        """Events, which are read and taken now."""
        self.reader.give(*events)
        wait_for(lambda: self.reader.count == self.host("watch").seen and self.reader.batches.empty())
        for name in self.stream.names:
            assert self.host(name).wait_idle(10)

    def turn(self, number: int, is_open: bool) -> None:
        for _, each in self.stream.turn(Run(number, is_open)):
            assert each.passed.wait(10)


@pytest.fixture
def place() -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def make(*processors: Any, **settings: Any) -> Place:
        made.append(Place(*processors, **settings))
        return made[-1]

    yield make
    for each in made:
        each.reader.batches.put(None)
        each.stream.close(5)


# -- order


def test_what_was_read_before_is_taken_before(place: Callable[..., Place]) -> None:
    both = Both(held=True)
    it = place(both)
    it.reader.give("wait", 1, 2)
    assert both.waits.wait(10)
    turns = [it.stream.turn(Run(7, is_open=True))[0][1]]
    it.reader.give(3, 4)
    wait_for(lambda: it.host("watch").seen == 5)
    turns.append(it.stream.turn(Run(7, is_open=False))[0][1])
    it.reader.give(5)
    wait_for(lambda: it.host("watch").seen == 6)
    assert both.kept == [] and not any(each.passed.is_set() for each in turns)
    both.go_on.set()
    assert all(each.passed.wait(10) for each in turns)
    assert it.kept() == ["wait", 1, 2, "start 7", 3, 4, "stop 7"]


def test_between_runs_events_are_passed_over_and_not_counted(place: Callable[..., Place]) -> None:
    it = place(Both())
    it.turn(0, is_open=False)
    it.give(1)
    it.turn(1, is_open=True)
    it.give(2, 3)
    it.turn(1, is_open=False)
    it.give(4)
    it.turn(2, is_open=True)
    it.give(5)
    assert it.kept() == ["start 1", 2, 3, "stop 1", "start 2", 5]
    assert (it.host().seen, it.host().dropped) == (3, 0)
    assert it.kept("watch") == [1, 2, 3, 4, 5]


def test_events_of_after_a_run_drop_none_of_it(place: Callable[..., Place]) -> None:
    both = Both(held=True)
    it = place(both, queue=3)
    it.turn(1, is_open=True)
    it.reader.give("wait")
    assert both.waits.wait(10)
    it.reader.give(1, 2, 3)
    wait_for(lambda: it.host("watch").seen == 4)
    [stopped, _] = it.stream.turn(Run(1, is_open=False))
    it.reader.give(*range(4, 100))
    wait_for(lambda: it.host("watch").seen == 100)
    both.go_on.set()
    assert stopped[1].passed.wait(10)
    assert it.kept() == ["start 1", "wait", 1, 2, 3, "stop 1"]
    assert it.host().dropped == 0


def test_one_that_does_not_end_with_runs_only_begins_anew(place: Callable[..., Place]) -> None:
    it = place(Starts(), Ends())
    it.give(1)  # the hub has not said yet that it has runs
    it.turn(4, is_open=True)
    it.turn(4, is_open=True)  # it is told once
    it.turn(4, is_open=False)
    it.turn(4, is_open=False)
    it.give(2)
    assert it.kept() == [1, "start 4", 2]
    assert it.kept("p1") == [1, "stop 4"]


def test_without_runs_all_get_all_events(place: Callable[..., Place]) -> None:
    it = place(Both())
    it.give(1, 2)
    assert it.kept() == [1, 2]


def test_a_batch_goes_to_all_before_a_run_ends_or_to_none(place: Callable[..., Place]) -> None:
    slow = All(held=True)
    it = place(slow, Both(), queue=1, full="block")
    it.turn(1, is_open=True)
    it.reader.give("wait")
    assert slow.waits.wait(10)
    it.reader.give(2)
    it.reader.give(3)  # for which there is no room: the reader holds it in its hand
    wait_for(lambda: it.reader.batches.empty() and it.stream._handing.locked())
    ending = threading.Thread(target=it.turn, args=(1, False))
    ending.start()
    slow.go_on.set()
    ending.join(10)
    assert it.kept("p1") == ["start 1", "wait", 2, 3, "stop 1"]


# -- processors that come and go


@pytest.mark.parametrize(("is_open", "expected"), [(True, ["start 3", 1]), (False, [])])
def test_a_new_one_learns_the_state_of_now(place: Callable[..., Place], is_open: bool, expected: list[Any]) -> None:
    it = place()
    it.turn(3, is_open=is_open)
    it.stream.add("new", Both(), repr)
    it.give(1)
    assert it.kept("new") == expected


@pytest.mark.parametrize("kind", [All, Starts, Both])
def test_what_takes_over_in_a_run_keeps_its_state(place: Callable[..., Place], kind: type[Any]) -> None:
    it = place(kind())
    it.turn(3, is_open=True)
    it.give(1)
    before = it.kept()
    go_on_with(it.host(), Both())
    it.give(2)
    it.turn(3, is_open=False)
    assert it.kept() == [*before, "load", 2, "stop 3"]


def go_on_with(host: Host, new: Any) -> None:
    def take_over(old: Any) -> None:
        new.load(old)
        host.replace(new, repr)

    host.ask(take_over).result(10)


def test_what_takes_over_between_runs_is_closed_or_not_by_what_it_has(place: Callable[..., Place]) -> None:
    it = place(All())
    it.turn(3, is_open=False)
    it.give(1)
    go_on_with(it.host(), Both())
    it.give(2)
    assert it.kept() == [1, "load"]
    go_on_with(it.host(), All())
    it.give(3)
    assert it.kept() == [1, "load", "load", 3]


def test_what_waits_between_runs_is_not_for_code_that_ends_with_runs(place: Callable[..., Place]) -> None:
    old = All(held=True)
    it = place(old)
    it.turn(3, is_open=False)
    it.reader.give("wait", 1, 2)
    assert old.waits.wait(10)
    it.reader.give(3)
    wait_for(lambda: it.host("watch").seen == 4)
    new = Both()
    done = it.host().ask(lambda _: it.host().replace(new, repr))
    old.go_on.set()
    done.result(10)
    it.give(4)
    assert old.kept + new.kept == ["wait"]


# -- what fails


@pytest.mark.parametrize("error", [ValueError("no"), ProcessorAbort("no"), SystemExit(), MemoryError()])
@pytest.mark.parametrize(("what", "seen"), [("start_run", 0), ("stop_run", 1)])
def test_an_exception_takes_it_out_and_costs_the_others_nothing(
    place: Callable[..., Place], what: str, seen: int, error: BaseException
) -> None:
    it = place(fails_at(what, error), Both())
    it.turn(1, is_open=True)
    it.give(1)
    it.turn(1, is_open=False)
    it.turn(2, is_open=True)
    it.give(2)
    assert it.host().out is not None and type(error).__name__ in it.host().out
    assert it.host().seen == seen
    with pytest.raises(TakenOut):
        it.host().check()
    assert it.kept("p1") == ["start 1", 1, "stop 1", "start 2", 2]


def test_one_that_was_out_when_a_run_began_is_told_when_it_is_back(place: Callable[..., Place]) -> None:
    it = place(fails_at("start_run", ValueError()))
    it.turn(1, is_open=True)
    go_on_with(it.host(), Both())
    it.give(1)
    go_on_with(it.host(), Both())  # which knows
    assert it.kept() == ["load", "start 1", 1, "load"]


def test_one_that_was_out_for_a_whole_run_hears_nothing_of_it(place: Callable[..., Place]) -> None:
    it = place(fails_at("start_run", ValueError()))
    it.turn(1, is_open=True)
    it.turn(1, is_open=False)
    go_on_with(it.host(), Both())
    it.give(1)
    assert it.kept() == ["load"]


def test_one_that_fails_again_is_taken_out_again(place: Callable[..., Place]) -> None:
    it = place(fails_at("start_run", ValueError()))
    it.turn(1, is_open=True)
    go_on_with(it.host(), fails_at("start_run", KeyError()))
    it.give(1)
    assert it.host().out is not None and "KeyError" in it.host().out
    assert it.kept() == ["load"]


# -- the end of a run, as the hub asks for it


def test_those_that_have_ended_the_run_are_named(place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "GRACE", 0.0)
    it = place(Both(), Starts(), Ends(), fails_at("stop_run", ValueError()))
    assert turn(it.stream, Run(1, is_open=True), 0.0) == []
    assert turn(it.stream, Run(1, is_open=False), 10.0) == ["p0", "p2", "p3"]
    assert it.kept() == ["start 1", "stop 1"]


def test_what_is_still_on_its_way_belongs_to_the_run(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = place(Both())
    it.turn(1, is_open=True)
    monkeypatch.setattr(turning, "time", SimpleNamespace(sleep=lambda _: it.give(1, 2), monotonic=time.monotonic))
    assert turn(it.stream, Run(1, is_open=False), 10.0) == ["p0"]
    assert it.kept() == ["start 1", 1, 2, "stop 1"]


def test_where_none_ends_with_runs_nothing_is_waited_for(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    it = place(Starts())
    slept: list[float] = []
    monkeypatch.setattr(turning, "time", SimpleNamespace(sleep=slept.append, monotonic=time.monotonic))
    assert turn(it.stream, Run(1, is_open=False), 10.0) == []
    assert slept == []


def test_a_slow_one_ends_the_run_later_and_is_named_in_the_log(
    place: Callable[..., Place], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turning, "GRACE", 0.0)
    slow = Both(held=True)
    it = place(slow, Both())
    it.turn(1, is_open=True)
    it.reader.give("wait")
    assert slow.waits.wait(10)
    assert turn(it.stream, Run(1, is_open=False), 0.3) == ["p1"]
    assert "processor p0 has not ended run 1 in time" in caplog.text
    slow.go_on.set()
    wait_for(lambda: it.kept() == ["start 1", "wait", "stop 1"])


# -- trial


@pytest.mark.parametrize(
    ("run", "expected"), [(None, [1]), (Run(2, is_open=True), ["start 2", 1]), (Run(2, is_open=False), [])]
)
def test_new_code_is_tried_as_it_would_be_used(run: Run | None, expected: list[Any]) -> None:
    made: list[Both] = []

    def make() -> Both:
        made.append(Both())
        return made[-1]

    prove(make, Batch([1]), 10.0, run=run)
    assert made[0].kept == expected
