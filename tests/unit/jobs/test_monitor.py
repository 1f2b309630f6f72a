"""The loops of the monitor's program: when rounds are due, what becomes of their errors, and the end."""

import logging
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import Unreachable
from WardenServer.jobs import monitor
from WardenServer.jobs.monitor import Duty, Loop, running

log = logging.getLogger("test.monitor")
CALM = SimpleNamespace(again=None)


class Round:
    """Does what the test says, the last thing for ever."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes, self.runs, self.thread = list(outcomes) or [CALM], 0, ""

    def run(self, stopping: threading.Event) -> Any:
        self.runs += 1
        self.thread = threading.current_thread().name
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome(stopping) if callable(outcome) else outcome


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The monotonic time of the module, as the test sets it."""
    clock = SimpleNamespace(time=1000.0)
    monkeypatch.setattr(monitor, "time", SimpleNamespace(monotonic=lambda: clock.time))
    return clock


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    caplog.set_level(logging.INFO)
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_round_is_due_its_delay_after_the_end_of_the_one_before(
    now: SimpleNamespace, stopping: threading.Event
) -> None:
    def slow(_: threading.Event) -> Any:
        now.time += 7
        return CALM

    round = Round(slow)
    duty = Duty(round, 60.0, log)
    duty.look(stopping)
    assert (round.runs, duty.due) == (1, 1067.0)
    now.time = 1066.9
    duty.look(stopping)
    assert round.runs == 1
    now.time = 1067.0
    duty.look(stopping)
    assert round.runs == 2


def test_a_round_may_wait_first(now: SimpleNamespace, stopping: threading.Event) -> None:
    round = Round()
    duty = Duty(round, 60.0, log, wait=60.0)
    duty.look(stopping)
    assert (round.runs, duty.due) == (0, 1060.0)
    now.time = 1060.0
    duty.look(stopping)
    assert round.runs == 1


@pytest.mark.parametrize(("again", "due"), [(1.0, 1001.0), (0.0, 1000.0), (500.0, 1060.0), (None, 1060.0)])
def test_a_round_may_be_wanted_again_sooner(
    now: SimpleNamespace, stopping: threading.Event, again: float | None, due: float
) -> None:
    duty = Duty(Round(SimpleNamespace(again=again)), 60.0, log)
    duty.look(stopping)
    assert duty.due == due


def test_nothing_begins_once_the_end_has_come(now: SimpleNamespace, stopping: threading.Event) -> None:
    round = Round()
    stopping.set()
    Duty(round, 60.0, log).look(stopping)
    assert round.runs == 0


def test_trouble_is_said_once_until_it_is_another_or_over(
    now: SimpleNamespace, stopping: threading.Event, said: Callable[[], Any]
) -> None:
    away = Unreachable("the database at postgresql://me:sesame@h is away; start it")
    duty = Duty(Round(away, away, OSError("odd"), CALM, CALM, away, CALM), 60.0, log)
    for _ in range(7):
        duty.look(stopping)
        now.time = duty.due
    away_said = ("ERROR", "the database at postgresql://me:***@h is away; start it; the next round tries again")
    assert said() == [
        away_said,
        ("ERROR", "OSError: odd; the next round tries again"),
        ("WARNING", "well again after: OSError: odd"),
        away_said,
        ("WARNING", "well again after: the database at postgresql://me:***@h is away; start it"),
    ]


def test_only_what_nobody_foresaw_comes_with_its_lines(
    now: SimpleNamespace, stopping: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    duty = Duty(Round(Unreachable("away"), ZeroDivisionError("x")), 60.0, log)
    duty.look(stopping)
    now.time = duty.due
    duty.look(stopping)
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]


def test_the_loops_have_their_names_and_one_that_fails_goes_on_with_the_others(stopping: threading.Event) -> None:
    broken, well, rare = Round(ZeroDivisionError("x")), Round(), Round()
    loops = [
        Loop("MainThread", [Duty(broken, 0.001, log), Duty(rare, 1000.0, log)], log, stopping),
        Loop("jobCleanupThread", [Duty(well, 0.001, log)], log, stopping),
    ]
    with running(loops, log, stopping):
        wait_for(lambda: broken.runs > 3 and well.runs > 3)
    assert (broken.thread, rare.thread, well.thread) == ("MainThread", "MainThread", "jobCleanupThread")
    assert rare.runs == 1
    assert not any(loop.thread.is_alive() for loop in loops)


def test_the_end_does_not_wait_for_the_delay_and_reaches_into_a_round(stopping: threading.Event) -> None:
    def long(event: threading.Event) -> Any:
        assert event.wait(20)
        return CALM

    rounds = Round(), Round(long)
    loops = [Loop(f"loop{number}", [Duty(each, 1000.0, log)], log, stopping) for number, each in enumerate(rounds)]
    with running(loops, log, stopping):
        wait_for(lambda: all(each.runs for each in rounds))
    assert not any(loop.thread.is_alive() for loop in loops)
    assert [each.runs for each in rounds] == [1, 1]


def test_the_end_has_a_limit_and_names_who_is_late(
    stopping: threading.Event, said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "END", 0.05)
    release = threading.Event()
    hung = Round(lambda _: release.wait(20) and CALM)
    loops = [Loop("priorityLoopingThread", [Duty(hung, 1.0, log)], log, stopping),
             Loop("jobCleanupThread", [Duty(Round(), 1000.0, log)], log, stopping)]  # fmt: skip
    with running(loops, log, stopping):
        wait_for(lambda: hung.runs)
    late = [text for level, text in said() if level == "ERROR"]
    release.set()
    loops[0].thread.join(10)
    loops[1].thread.join(10)
    assert late == ["priorityLoopingThread has not ended within 0.05 s, and is left behind"]


def test_the_end_comes_also_where_the_main_thread_fails(stopping: threading.Event) -> None:
    loop = Loop("MainThread", [Duty(Round(), 1000.0, log)], log, stopping)
    with pytest.raises(KeyboardInterrupt), running([loop], log, stopping):
        raise KeyboardInterrupt
    assert not loop.thread.is_alive()
