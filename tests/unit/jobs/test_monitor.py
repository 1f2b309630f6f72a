"""The loops of the monitor's program: when rounds are due, what becomes of their errors, and the end."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.fake import FakeClock
from WardenServer.errors import Unreachable
from WardenServer.jobs import monitor
from WardenServer.jobs.monitor import DAY, Loop, StandardAndLost, running
from WardenServer.plugins.common.jobs.arriving import NOBODY
from WardenServer.plugins.common.jobs.rounds import Report

log = logging.getLogger("test.monitor")
CALM = Report()


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


class Stopping(threading.Event):
    """Is set after so many waits, none of which takes time; it keeps how long they would have been."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return len(self.waits) > self.rounds


def waits(round: Round, rounds: int, delay: float = 60.0, wait: float = 0.0) -> list[float | None]:
    """How long a loop waits before each round, and before the one that does not come."""
    stopping = Stopping(rounds)
    loop = Loop("loop", round, delay, log, wait)
    loop.open(stopping)
    loop.thread.join(10)
    assert round.runs == rounds
    return stopping.waits


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    caplog.set_level(logging.WARNING)
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_the_first_round_comes_at_once_the_others_after_the_delay() -> None:
    assert waits(Round(), 3) == [0.0, 60.0, 60.0, 60.0]


def test_a_loop_may_wait_first() -> None:
    assert waits(Round(), 1, wait=60.0) == [60.0, 60.0]
    assert waits(Round(), 0, wait=60.0) == [60.0]


@pytest.mark.parametrize(("again", "then"), [(1.0, 1.0), (0.0, 0.0), (500.0, 60.0), (None, 60.0)])
def test_a_round_may_be_wanted_again_sooner(again: float | None, then: float) -> None:
    assert waits(Round(Report(again=again)), 1) == [0.0, then]


def test_after_any_failure_the_next_round_comes_at_its_time() -> None:
    broken = Round(ZeroDivisionError("x"), Unreachable("away"), MemoryError(), CALM)
    assert waits(broken, 4) == [0.0] + 4 * [60.0]


def test_trouble_is_an_error_once_until_it_is_another_or_over(said: Callable[[], Any]) -> None:
    waits(Round(Unreachable("no route"), Unreachable("refused"), ValueError("odd"), CALM, CALM,
                Unreachable("refused"), CALM), 7)  # fmt: skip
    assert said() == [
        ("ERROR", "no route; the next round tries again"),
        ("ERROR", "ValueError: odd; the next round tries again"),
        ("WARNING", "well again"),
        ("ERROR", "refused; the next round tries again"),
        ("WARNING", "well again"),
    ]


def test_what_is_said_no_more_is_in_the_log_for_those_who_look_closer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    waits(Round(Unreachable("no route"), Unreachable("refused")), 2)
    assert ("DEBUG", "refused; the next round tries again") in [
        (record.levelname, record.getMessage()) for record in caplog.records
    ]


def test_only_what_nobody_foresaw_comes_with_its_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    waits(Round(Unreachable("away"), ZeroDivisionError("x")), 2)
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]


# -- the daily look


def test_what_was_lost_is_looked_for_at_once_and_then_once_a_day(stopping: threading.Event) -> None:
    clock, standard, lost = FakeClock(), Round(Report(queued=2, again=5.0)), Round(Report(lost=3, missing=1))
    both = StandardAndLost(standard, lost, clock.monotonic)
    assert both.run(stopping) == Report(queued=2, lost=3, missing=1, again=5.0)
    clock.now += DAY - 1
    assert both.run(stopping) == Report(queued=2, again=5.0)
    clock.now += 1
    both.run(stopping)
    assert (standard.runs, lost.runs) == (3, 2)


def test_files_that_have_to_settle_are_looked_at_again_soon(stopping: threading.Event) -> None:
    clock, lost = FakeClock(), Round(Report(again=1.0), Report(lost=1))
    both = StandardAndLost(Round(), lost, clock.monotonic)
    assert both.run(stopping).again == 1.0
    clock.now += 1
    assert (both.run(stopping).lost, both.run(stopping).lost) == (1, 0)
    assert lost.runs == 2


def test_a_look_that_failed_is_taken_again_with_the_next_round(stopping: threading.Event) -> None:
    clock, standard, lost = FakeClock(), Round(), Round(OSError("x"), Report(lost=1))
    both = StandardAndLost(standard, lost, clock.monotonic)
    with pytest.raises(OSError, match="x"):
        both.run(stopping)
    assert both.run(stopping).lost == 1
    assert standard.runs == 2


def test_without_a_processor_the_look_waits(stopping: threading.Event) -> None:
    lost = Round(Report(lost=1))
    both = StandardAndLost(Round(Report(problems=[NOBODY]), CALM), lost)
    both.run(stopping)
    assert lost.runs == 0
    assert both.run(stopping).lost == 1


def test_no_look_begins_once_the_end_has_come(stopping: threading.Event) -> None:
    lost = Round()
    stopping.set()
    StandardAndLost(Round(), lost).run(stopping)
    assert lost.runs == 0


# -- begin and end


def test_the_loops_have_their_names_and_one_that_fails_does_not_hold_up_the_others(stopping: threading.Event) -> None:
    broken, well = Round(ZeroDivisionError("x")), Round()
    loops = [Loop("MainThread", broken, 0.001, log), Loop("jobCleanupThread", well, 0.001, log)]
    with running(loops, log, stopping):
        wait_for(lambda: broken.runs > 3 and well.runs > 3)
    assert (broken.thread, well.thread) == ("MainThread", "jobCleanupThread")
    assert not any(loop.thread.is_alive() for loop in loops)


def test_the_end_does_not_wait_for_the_delay_and_reaches_into_a_round(stopping: threading.Event) -> None:
    def long(event: threading.Event) -> Any:
        assert event.wait(20)
        return CALM

    rounds = Round(), Round(long)
    loops = [Loop(f"loop{number}", each, 1000.0, log) for number, each in enumerate(rounds)]
    with running(loops, log, stopping):
        wait_for(lambda: all(each.runs for each in rounds))
    assert not any(loop.thread.is_alive() for loop in loops)
    assert [each.runs for each in rounds] == [1, 1]


def test_the_end_has_a_limit_and_names_who_is_late(
    stopping: threading.Event, said: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "END", 0.5)
    release = threading.Event()
    hung = Round(lambda _: release.wait(20) and CALM)
    loops = [Loop("priorityLoopingThread", hung, 1.0, log), Loop("jobCleanupThread", Round(), 1000.0, log)]
    with running(loops, log, stopping):
        wait_for(lambda: hung.runs)
        loops.reverse()  # the end asks in this order
    late = [text for level, text in said() if level == "ERROR"]
    release.set()
    for loop in loops:
        loop.thread.join(10)
    assert late == ["priorityLoopingThread has not ended within 0.5 s, and is left behind"]


def test_the_end_comes_also_where_the_main_thread_fails(stopping: threading.Event) -> None:
    loop = Loop("MainThread", Round(), 1000.0, log)
    with pytest.raises(KeyboardInterrupt), running([loop], log, stopping):
        raise KeyboardInterrupt
    assert not loop.thread.is_alive()
