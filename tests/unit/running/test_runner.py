"""One run of an agent, whatever its plugin does; with a fake clock and no thread of ours where possible."""

import enum
import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.fake import FakeClock
from WardenServer import NoData
from WardenServer.loading.contract import Contract
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.running import look
from WardenServer.running.hand_over import HandOver
from WardenServer.running.runner import Runner


def make(
    work: Callable[..., Any],
    clock: FakeClock | None = None,
    board: Board | None = None,
    before: Runner | None = None,
    **rest: Any,
) -> Runner:
    said: dict[str, Any] = {
        "name": "a", "path": Path("a.py"), "key": "A", "interval": 1.0, "offset": 0.0, "interval_ticks": 10,
        "offset_ticks": 0, "timeout": 10.0, "isolate": False, "fields": {}, "settings": {}, "work": work,
    }  # fmt: skip
    return Runner(Contract(**{**said, **rest}), board or Board(), clock or FakeClock(), before=before)


def documents(runner: Runner) -> dict[str, Any]:
    found = runner.outcome._board.document("A")
    assert found is not None
    return found


def test_a_good_run() -> None:
    runner = make(lambda agent: {"x": 1})
    runner.run_once()
    assert documents(runner) == {"x": 1, "timestamp": 1.7e9}
    assert (look.state(runner), runner.record.runs, runner.record.failures) == ("good", 1, 0)
    assert runner.agent.last == {"x": 1}


class Stop(BaseException):
    def __str__(self) -> str:
        raise ValueError("not even text")


def _raise(error: BaseException) -> Callable[..., Any]:
    def work(agent: Any) -> Any:
        if agent.last:
            raise error
        return {"x": 1}

    return work


def _endless(agent: Any) -> Any:
    return _endless(agent)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("bad\nline"), "ValueError: bad"),
        (SystemExit(3), "work calls sys.exit(); return a dict"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Stop(), "Stop: (no text)"),
        (RuntimeError("x" * 10_000), "x" * 500),
    ],
)
def test_whatever_work_raises_nulls_its_fields_and_is_said(error: BaseException, said: str) -> None:
    runner = make(_raise(error))
    runner.run_once()
    runner.run_once()
    document = documents(runner)
    assert document["x"] is None
    assert said in document["error"]
    assert len(document["error"]) < 700
    assert (look.state(runner), runner.record.failures) == ("failing", 1)
    assert said in str(runner.record.last_error)


@pytest.mark.parametrize(
    "returned", [None, 3, {"x": {"nested": 1}}, {"x": {1}}, {"x": b""}, {"timestamp": "now"}, {"timestamp": -1}]
)
def test_returns_that_cannot_be_published_fail_the_run(returned: object) -> None:
    runner = make(lambda agent: returned)
    runner.run_once()
    assert look.state(runner) == "failing"
    assert "a.py" in documents(runner)["error"]


def test_endless_recursion_is_a_failure_like_others() -> None:
    runner = make(_endless)
    runner.run_once()
    assert "RecursionError" in documents(runner)["error"]


def test_the_first_success_after_failures_is_good_again() -> None:
    outcomes = iter([{"x": 1}, ValueError("no"), {"x": 2}])

    def work(agent: Any) -> Any:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    runner = make(work)
    for _ in range(3):
        runner.run_once()
    assert documents(runner) == {"x": 2, "timestamp": 1.7e9}
    assert (look.state(runner), runner.record.failures) == ("good", 1)
    assert runner.record.failing_since is None


def test_no_data_is_no_failure() -> None:
    outcomes = iter([{"x": 1}, NoData("shutter closed")])

    def work(agent: Any) -> Any:
        outcome = next(outcomes)
        if isinstance(outcome, NoData):
            raise outcome
        return outcome

    runner = make(work)
    runner.run_once()
    runner.run_once()
    assert documents(runner) == {"x": None, "timestamp": 1.7e9, "reason": "shutter closed"}
    assert (look.state(runner), runner.record.failures) == ("no data", 0)


def test_the_plugin_may_say_when_its_data_is_from() -> None:
    runner = make(lambda agent: {"x": 1, "timestamp": 1234567890})
    runner.run_once()
    assert documents(runner) == {"x": 1, "timestamp": 1234567890.0}


def test_setup_runs_once_before_the_first_work_and_again_only_if_it_failed() -> None:
    calls: list[str] = []

    def setup(agent: Any) -> None:
        calls.append("setup")
        if len(calls) == 1:
            raise OSError("not yet")

    runner = make(lambda agent: calls.append("work") or {}, setup=setup, close=lambda agent: calls.append("close"))
    for _ in range(3):
        runner.run_once()
    runner.close_plugin()
    assert calls == ["setup", "setup", "work", "work", "close"]


def test_two_agents_with_one_field_the_second_fails_and_says_whose_it_is() -> None:
    board = Board()
    first = make(lambda agent: {"x": 1}, board=board)
    second = make(lambda agent: {"x": 2}, board=board, name="b")
    first.run_once()
    second.run_once()
    assert (look.state(first), look.state(second)) == ("good", "failing")
    assert "filled by agent a already" in str(second.record.last_error)
    assert documents(first)["x"] == 1


def test_nan_is_a_warning_and_goes_when_it_is_gone() -> None:
    values = iter([float("nan"), 1.0])
    runner = make(lambda agent: {"x": next(values)})
    runner.run_once()
    assert look.state(runner) == "good"
    assert "NaN" in look.describe(runner).warnings["x"]
    runner.run_once()
    assert look.describe(runner).warnings == {}


def test_a_run_that_hangs_is_stalled_and_its_values_are_taken_back() -> None:
    clock = FakeClock()
    runner = make(lambda agent: {"x": 1}, clock)
    runner.run_once()
    assert runner.take_place(clock.now, HandOver())
    clock.turn(9)
    look.watch(runner)
    assert documents(runner)["x"] == 1
    clock.turn(2)
    look.watch(runner)
    assert documents(runner)["x"] is None
    assert "started 11 s ago has not ended" in documents(runner)["error"]
    assert look.state(runner) == "stalled"
    assert not runner.take_place(clock.now, HandOver())
    assert runner.record.skipped == 1


def test_values_of_an_agent_that_does_not_run_any_more_are_taken_back() -> None:
    clock = FakeClock()
    runner = make(lambda agent: {"x": 1}, clock)
    runner.run_once()
    clock.turn(10.5)
    look.watch(runner)
    assert documents(runner)["x"] is None
    assert "no run for" in documents(runner)["error"]


def test_the_thread_runs_hands_on_closes_and_ends() -> None:
    closed: list[bool] = []
    board = Board()
    runner = make(
        lambda agent: {"x": 1}, board=board, setup=lambda agent: None, close=lambda agent: closed.append(True)
    )
    other = make(lambda agent: {"y": 1}, board=board, name="b")
    for each in (runner, other):
        each.open()
    assert HandOver().form([runner, other], 0.0) == 2
    wait_for(lambda: not runner.busy and not other.busy)
    assert (runner.record.runs, other.record.runs) == (1, 1)
    for each in (runner, other):
        each.close()
        each.close()
        assert each.join(5)
    assert closed == [True]
    assert runner.agent.stopping.is_set()


def test_an_enum_of_the_plugin_is_a_value() -> None:
    class Gate(enum.IntEnum):
        OPEN = 1

    runner = make(lambda agent: {"g": Gate.OPEN})
    runner.run_once()
    assert look.state(runner) == "good"


def test_a_new_runner_of_the_same_agent_waits_for_the_end_of_the_old_ones_run() -> None:
    gate, entered = threading.Event(), threading.Event()
    running: list[str] = []

    def slow(agent: Any) -> Any:
        running.append("old")
        entered.set()
        gate.wait(10)
        running.remove("old")
        return {"x": 1}

    def quick(agent: Any) -> Any:
        assert running == []
        return {"x": 2}

    board, clock = Board(), FakeClock()
    old, new = make(slow, clock, board), make(quick, clock, board)
    old.open()
    old.take_place(clock.now, HandOver())
    old.wake()
    assert entered.wait(5)
    old.close()
    new.open(after=old)
    assert not new.take_place(clock.now, HandOver()), "it has to wait, and that is counted"
    clock.turn(20)
    assert "test_runner.py" in look.where(new) or "threading.py" in look.where(new)
    assert look.state(new) == "stalled"
    gate.set()
    wait_for(lambda: not new.busy)
    assert new.take_place(clock.now, HandOver())
    new.wake()
    wait_for(lambda: not new.busy)
    assert documents(new)["x"] == 2
    new.close()
    assert new.join(5)
    assert old.join(5)


def tries(runner: Runner, clock: FakeClock, due: int) -> list[int]:
    """At which of so many due ticks the agent really ran."""
    ran = []
    for tick in range(due):
        if runner.take_place(clock.now, HandOver()):
            runner.run_once()
            ran.append(tick)
        clock.turn(runner.contract.interval)
    return ran


def test_an_agent_that_fails_pauses_twice_as_long_each_time_and_never_gives_up() -> None:
    clock = FakeClock()
    failing = [True]

    def work(agent: Any) -> Any:
        if failing:
            raise OSError("no")
        return {"x": 1}

    runner = make(work, clock)
    assert tries(runner, clock, 60) == [0, 1, 3, 7, 15, 25, 35, 45, 55]
    assert look.describe(runner).tries_every == 10
    assert runner.record.skipped == 0
    failing.clear()
    first = tries(runner, clock, 60)[0]
    assert tries(runner, clock, 5) == [0, 1, 2, 3, 4], "restored at the first success"
    assert first > 0
    assert look.describe(runner).tries_every is None


def test_an_agent_that_rests_after_failures_keeps_saying_why() -> None:
    clock = FakeClock()
    runner = make(_raise(OSError("no motor")), clock)
    tries(runner, clock, 40)
    look.watch(runner)
    assert "no motor" in documents(runner)["error"]


def test_a_long_interval_is_not_made_longer_by_failures() -> None:
    clock = FakeClock()
    runner = make(_raise(OSError("no")), clock, interval=60.0, interval_ticks=600)
    assert tries(runner, clock, 5) == [0, 1, 2, 3, 4]


def test_who_is_started_before_its_thread_got_a_turn_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, run = threading.Event(), Runner._run

    def run_late(runner: Runner) -> None:
        assert gate.wait(5)
        run(runner)

    monkeypatch.setattr(Runner, "_run", run_late)
    runner = make(lambda agent: {"x": 1})
    runner.open()
    assert HandOver().form([runner], 0.0) == 1
    gate.set()
    wait_for(lambda: not runner.busy)
    assert runner.record.runs == 1
    runner.close()
    assert runner.join(5)


def test_who_closes_while_it_waits_for_its_report_ends_too() -> None:
    runner, last = make(lambda agent: {"x": 1}), make(lambda agent: {"y": 1}, name="b")
    runner.open()
    hand_over = HandOver()
    assert hand_over.form([runner, last], 0.0) == 2
    wait_for(lambda: last._wake.locked() is False)  # the line has reached it; it has no thread here
    assert runner.busy, "its report waits for the end of the line"
    runner.close()
    assert runner.join(5)


def test_the_next_in_line_is_woken_after_a_run_until_it_is_known_to_be_long() -> None:
    clock, entered, gate = FakeClock(), threading.Event(), threading.Event()

    def wait(agent: Any) -> dict[str, Any]:
        entered.set()
        assert gate.wait(5)
        clock.turn(1)
        return {}

    runner, following = make(wait, clock), make(lambda agent: {}, name="b")
    runner.open()
    woken = []
    for _ in range(2):
        hand_over = HandOver()
        assert hand_over.form([runner, following], 0.0) == 2
        assert entered.wait(5)
        woken.append(not following._wake.locked())
        gate.set()
        wait_for(lambda: following._wake.acquire(blocking=False))
        hand_over.leave(following)
        wait_for(lambda: not runner.busy)
        following.busy = False
        entered.clear()
        gate.clear()
    gate.set()
    runner.close()
    assert runner.join(5)
    assert woken == [False, True]


def test_others_do_not_wait_for_the_trial_of_new_code_to_be_reported() -> None:
    quick, old = make(lambda agent: {"x": 1}), make(lambda agent: {})
    entered, gate = threading.Event(), threading.Event()

    def trial() -> None:
        entered.set()
        assert gate.wait(5)

    new = make(lambda agent: {"y": 1}, name="b", before=old)
    quick.open()
    new.open(first=trial)
    assert HandOver().form([quick, Trial(new)], 0.0) == 2
    assert entered.wait(5)
    wait_for(lambda: quick.record.runs == 1)
    gate.set()
    for runner in (quick, new):
        wait_for(lambda runner=runner: not runner.busy)
        runner.close()
        assert runner.join(5)


class Trial:
    """Stands in line for a runner, as a probation does."""

    def __init__(self, runner: Runner) -> None:
        self.take_place, self.wake, self.report = runner.take_place, runner.wake, runner.report
        self.name, self.when, self.last_at, self.busy = runner.name, runner.when, None, False


def test_it_has_few_enough_attributes_to_share_their_names() -> None:
    runner = make(lambda agent: {"x": 1})
    runner.run_once()
    assert len(vars(runner)) <= 30


def test_a_stalled_run_shows_its_stack_and_what_it_costs() -> None:
    entered, gate = threading.Event(), threading.Event()

    def inner() -> None:
        entered.set()
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        gate.wait(10)

    def work(agent: Any) -> Any:
        inner()
        return {"x": 1}

    runner = make(work, path=Path(__file__))
    runner.open()
    HandOver().form([runner], 0.0)
    assert entered.wait(5)
    runner.cpu.look(runner.thread.native_id, time.monotonic())
    wait_for(lambda: any(" in wait" in line for line in look.stack(runner)))
    runner.cpu.look(runner.thread.native_id, time.monotonic())
    assert [line.split(" in ")[1] for line in look.stack(runner)][:3] == ["work", "inner", "wait"]
    assert "test_runner.py" in look.where(runner)
    assert runner.cpu.share > 0.1
    gate.set()
    runner.close()
    assert runner.join(5)
    assert look.stack(runner) == []


def test_an_agent_that_goes_to_and_fro_says_each_thing_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    outcomes = [{"x": 1}, OSError("no"), {"x": float("nan")}, ValueError("other")]
    turns = iter(range(1000))

    def work(agent: Any) -> Any:
        outcome = outcomes[next(turns) % 4]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    runner = make(work, clock)
    caplog.set_level("INFO")
    for _ in range(100):
        runner.run_once()
        clock.turn(1)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 5, said
    clock.turn(600)
    for _ in range(4):
        runner.run_once()
    assert len(caplog.records) == 9


def test_a_failure_that_goes_on_for_hours_is_one_line_and_its_end_another(caplog: pytest.LogCaptureFixture) -> None:
    clock, away = FakeClock(), [True]

    def work(agent: Any) -> Any:
        if away[0]:
            raise OSError("no database")
        return {"x": 1}

    runner = make(work, clock)
    caplog.set_level("INFO")
    for _ in range(1000):
        runner.run_once()
        clock.turn(10)
    away[0] = False
    runner.run_once()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2, said
    assert "is good again after 1000 failure(s)" in said[1]


def test_the_cure_for_a_process_without_descriptors_is_not_to_correct_the_file() -> None:
    runner = make(_raise(OSError(errno.EMFILE, "Too many open files")))
    runner.run_once()
    runner.run_once()
    assert "ulimit -n" in documents(runner)["error"]


def test_events_go_out_with_the_run_that_told_them_whatever_came_of_it() -> None:
    clock, seen = FakeClock(), list[Result]()
    board = Board()
    board.listen(lambda agent, result: seen.append(result) if result is not None else None)

    def work(agent: Any) -> Any:
        agent.tell(f"run {len(seen)}")
        if len(seen) == 1:
            raise ValueError("broken")
        return {"x": 1}

    runner = make(work, clock, board)
    for _ in range(3):
        runner.run_once()
    assert [[event.text for event in result.events] for result in seen] == [["run 0"], ["run 1"], ["run 2"]]


def test_events_are_not_lost_where_a_result_is_refused() -> None:
    board = Board()
    make(lambda agent: {"x": 1}, board=board, name="first").run_once()

    def work(agent: Any) -> Any:
        agent.tell("kept")
        return {"x": 2}

    make(work, board=board, name="second").run_once()
    result = board.result("second")
    assert result is not None
    assert "is filled by agent first already" in str(result.error)
    assert [event.text for event in result.events] == ["kept"]


def test_nulls_that_are_put_again_are_repeats() -> None:
    clock, seen = FakeClock(), list[Result]()
    board = Board()
    board.listen(lambda agent, result: seen.append(result) if result is not None else None)
    runner = make(lambda agent: {"x": 1}, clock, board)
    runner.run_once()
    clock.turn(11)
    look.watch(runner)
    look.watch(runner)
    runner.run_once()
    assert [result.repeat for result in seen] == [False, False, True, False]


def test_nothing_is_taken_back_between_the_report_of_a_stalled_run_and_its_end() -> None:
    clock = FakeClock()
    runner = make(lambda agent: {"x": 1}, clock, timeout=1.0)
    runner.take_place(0.0, HandOver())
    runner.obtain()
    clock.turn(2)
    watching = threading.Thread(target=look.watch, args=(runner,))

    class Lateness(deque[float]):
        def append(self, late: float) -> None:  # the report has put its result by now
            watching.start()
            watching.join(0.2)
            super().append(late)

    runner.record.lateness = Lateness()
    runner.report()
    watching.join()
    assert documents(runner)["x"] == 1
