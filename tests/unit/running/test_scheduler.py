"""The scheduler's beat with a fake clock: absolute deadlines, misses, skips, start and stop."""

import math
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.unit.fake import FakeClock
from WardenServer.loading.calendar import At
from WardenServer.running.hand_over import MOST, HandOver
from WardenServer.running.scheduler import Scheduler


class Recorder:
    """Stands for a runner; notes when it was started, and wakes the next as runners do."""

    def __init__(self, name: str, offset: int = 0, interval: int = 1) -> None:
        self.name = name
        self.when: At | tuple[int, int] = offset, interval
        self.started: list[float] = []
        self.skipped = 0
        self.busy = False
        self.stays_busy = False
        self.hand_over = HandOver()
        self.last_at: float | None = None

    def take_place(self, deadline: float, hand_over: HandOver) -> bool:
        if self.busy:
            self.skipped += 1
            return False
        self.busy, self.hand_over = True, hand_over
        self.started.append(deadline)
        return True

    def wake(self) -> None:
        self.hand_over.leave(self)

    def report(self) -> None:
        self.busy = self.stays_busy


def beat(scheduler: Scheduler, clock: FakeClock, times: int, step: float = 0.1) -> None:
    for _ in range(times):
        scheduler.do_tick()
        clock.turn(step)


def test_deadlines_are_absolute_so_that_nothing_drifts() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a", 2, 5)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 1000)
    assert scheduler.ticks == 1000
    assert scheduler.missed == 0
    assert [round(t, 6) for t in agent.started[:3]] == [0.2, 0.7, 1.2]
    assert len(agent.started) == 200


def test_a_late_beat_counts_the_missed_ticks_and_replays_none() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a")
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 10)
    clock.turn(3.0)
    beat(scheduler, clock, 10)
    assert scheduler.missed == 30
    assert scheduler.ticks == 50
    assert len(agent.started) == 20


def test_an_agent_due_only_in_the_gap_still_gets_its_run() -> None:
    clock = FakeClock()
    scheduler, daily = Scheduler(0.1, clock), Recorder("daily", 15, 864_000)
    scheduler.add(daily)
    scheduler.start()
    beat(scheduler, clock, 10)
    clock.turn(3.0)
    beat(scheduler, clock, 10)
    assert len(daily.started) == 1


def test_an_agent_that_still_runs_is_skipped_and_counted_and_holds_up_nobody() -> None:
    clock = FakeClock()
    scheduler, slow, quick = Scheduler(0.1, clock), Recorder("slow"), Recorder("quick")
    slow.stays_busy = True
    scheduler.add(slow)
    scheduler.add(quick)
    scheduler.start()
    beat(scheduler, clock, 10)
    assert (len(slow.started), slow.skipped) == (1, 9)
    assert len(quick.started) == 10
    slow.busy = slow.stays_busy = False
    beat(scheduler, clock, 1)
    assert len(slow.started) == 2


def test_stop_starts_nobody_and_start_begins_again_at_tick_zero() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a", 3, 10)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 5)
    scheduler.stop()
    beat(scheduler, clock, 100)
    assert len(agent.started) == 1
    scheduler.start()
    began = clock.now
    beat(scheduler, clock, 5)
    assert scheduler.ticks == 5
    assert round(agent.started[1] - began, 6) == 0.3


def test_starting_twice_does_not_begin_anew() -> None:
    clock = FakeClock()
    scheduler = Scheduler(0.1, clock)
    scheduler.start()
    beat(scheduler, clock, 5)
    scheduler.start()
    beat(scheduler, clock, 1)
    assert scheduler.ticks == 6


def test_a_removed_agent_and_one_run_out_of_turn() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a")
    scheduler.add(agent)
    scheduler.start()
    scheduler.remove("a")
    beat(scheduler, clock, 5)
    assert agent.started == []
    assert scheduler.run_now(agent)
    assert len(agent.started) == 1
    agent.busy = True
    assert not scheduler.run_now(agent)


def test_the_thread_ticks_on_a_fake_clock_and_ends() -> None:
    clock = FakeClock()
    scheduler = Scheduler(0.1, clock)
    agent = Recorder("a", 0, 10)
    scheduler.add(agent)
    scheduler.start()
    scheduler.open()
    while scheduler.ticks < 2000:
        pass
    scheduler.close()
    assert scheduler.join(5)
    assert scheduler.missed == 0
    assert len(agent.started) == -(-scheduler.ticks // 10)


class Blocked(Recorder):
    """Is woken, and its run does not end."""

    def wake(self) -> None:
        pass


def test_runs_that_block_hold_up_nobody_in_line() -> None:
    clock = FakeClock()
    scheduler = Scheduler(0.1, clock)
    first = [Blocked(f"blocked{number}") for number in range(50)]
    agents = [Recorder(f"a{number}") for number in range(50)]
    for agent in (*first, *agents):
        scheduler.add(agent)
    scheduler.start()
    scheduler.do_tick()
    assert any(agent.busy for agent in agents), "they wait behind those that block"
    began = clock.now
    scheduler._changed.clear()
    scheduler._follow_lines(clock.now + 0.1)
    assert not any(agent.busy for agent in agents)
    assert clock.now - began < 0.02, "twice as many are woken each time"


class Watched(FakeClock):
    """Notes what is waited for, and lets the line go on meanwhile as the test says."""

    def __init__(self, go_on: Callable[[int], int]) -> None:
        super().__init__()
        self.go_on, self.waited, self.left = go_on, list[float](), list[int]()
        self.hand_over = HandOver()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.left.append(len(self.hand_over))
        self.waited.append(round(seconds, 4))
        self.hand_over.wake(self.go_on(len(self.waited)))
        return super().wait(event, seconds)


def in_line(clock: FakeClock, many: int) -> tuple[Scheduler, list[Blocked], HandOver]:
    """A line of runners whose runs do not end, after the tick that has formed it."""
    scheduler, agents = Scheduler(0.1, clock), [Blocked(f"a{number}") for number in range(many)]
    for agent in agents:
        scheduler.add(agent)
    scheduler.start()
    scheduler.do_tick()
    (line,) = scheduler._lines
    return scheduler, agents, line


def follow(clock: Watched, many: int = 100) -> None:
    """Follow such a line until the next tick."""
    scheduler, _, clock.hand_over = in_line(clock, many)
    scheduler._changed.clear()
    scheduler._follow_lines(clock.now + 0.1)


def test_a_line_that_goes_on_well_is_looked_at_ever_more_seldom_and_not_beyond_the_next_tick() -> None:
    clock = Watched(lambda looks: 3)
    follow(clock)
    assert clock.waited == [0.002, 0.004, 0.008, 0.016, 0.032, 0.038]
    assert clock.left == [99, 96, 93, 90, 87, 84], "nobody was woken besides"


def test_a_line_that_stands_still_now_and_then_is_not_woken_all_at_once() -> None:
    clock = Watched(lambda looks: looks % 2)
    follow(clock)
    assert -min(after - before for before, after in pairwise(clock.left)) == 1, "one more each time: it goes on"


def test_a_line_that_is_longer_than_a_tick_goes_on_as_it_did() -> None:
    clock = FakeClock()
    scheduler, agents, line = in_line(clock, 100)
    clock.turn(0.1)
    beat(scheduler, clock, 1)
    assert len(line) == 98, "one look, and not all at once: they would keep the interpreter from each other"
    assert [agent.skipped for agent in agents] == [1] * 100
    line.wake(98)
    beat(scheduler, clock, 1)
    assert line not in scheduler._lines


def test_a_line_that_stands_still_wakes_so_many_at_once_and_no_more() -> None:
    clock = Watched(lambda looks: 0)
    follow(clock, 200)
    woken = [before - after for before, after in pairwise(clock.left)]
    assert woken[:7] == [1, 2, 4, 8, 16, MOST, MOST]
    assert max(woken) == MOST


def test_after_stop_those_in_line_are_woken_still() -> None:
    clock = FakeClock()
    scheduler, _, line = in_line(clock, 20)
    scheduler.stop()
    scheduler._changed.clear()
    scheduler._follow_lines(math.inf)
    assert len(line) == 0


def test_a_runner_scheduled_anew_keeps_its_phase_and_may_first_make_up_for_a_run() -> None:
    clock = FakeClock()
    scheduler, agent, other = Scheduler(0.1, clock), Recorder("a", 2, 5), Recorder("a", 2, 5)
    scheduler.add(agent)
    scheduler.start()
    assert scheduler.due_in("a") == pytest.approx(0.3)
    beat(scheduler, clock, 5)
    scheduler.add(agent)
    scheduler.add(other, overdue=0.2)
    beat(scheduler, clock, 20)
    assert [round(t, 6) for t in agent.started + other.started] == [0.2, 0.2, 0.7, 1.2, 1.7, 2.2]
    assert other.skipped == 0
    assert scheduler.due_in("nobody") is None


def daily(hour: int, minute: int, last_at: float | None = None) -> Recorder:
    made = Recorder("daily")
    made.when, made.last_at = At(hour, minute), last_at
    return made


def test_an_agent_of_the_calendar_runs_at_its_time_once_a_day() -> None:
    clock = FakeClock()  # Tuesday, 22:13:20 UTC
    scheduler, agent = Scheduler(1.0, clock), daily(22, 15)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 3 * 86_400, 1.0)
    assert agent.started == [100.0, 100.0 + 86_400, 100.0 + 2 * 86_400]


@pytest.mark.parametrize(("days", "expected"), [(0.005, []), (0.5, [0.0]), (1.5, [0.0]), (30, [0.0])])
def test_what_was_missed_while_the_hub_was_down_is_one_run_at_the_start(days: float, expected: list[float]) -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), daily(22, 0, 1.7e9 + 200 - days * 86_400)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 1000)
    assert agent.started == expected


def test_a_clock_that_was_ahead_holds_up_nobody() -> None:
    clock = FakeClock()
    ahead = [4 * 365 * 86_400.0]
    clock.time = lambda: 1.7e9 + clock.now + ahead[0]  # type: ignore[method-assign]
    scheduler, agent = Scheduler(1.0, clock), daily(22, 15)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 10, 1.0)
    ahead[0] = 0.0
    beat(scheduler, clock, 200, 1.0)
    assert len(agent.started) == 1


def test_who_asks_for_a_run_has_it_at_the_next_tick_and_not_twice() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a", 2, 1000)
    scheduler.add(agent)
    scheduler.start()
    scheduler.soon("nobody")
    scheduler.soon("a")
    scheduler.soon("a")
    beat(scheduler, clock, 1)
    assert [round(at, 6) for at in agent.started] == [0.0]
    beat(scheduler, clock, 1)
    scheduler.soon("a")
    beat(scheduler, clock, 5)  # it is due at the third tick, too
    assert [round(at, 6) for at in agent.started] == [0.0, 0.2]


def test_who_asks_while_it_runs_is_started_after_its_end() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a", 0, 1000)
    agent.stays_busy = True
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 1)
    scheduler.soon("a")
    beat(scheduler, clock, 3)
    assert (len(agent.started), agent.skipped) == (1, 0)
    agent.busy = agent.stays_busy = False
    beat(scheduler, clock, 2)
    assert [round(at, 6) for at in agent.started] == [0.0, 0.4]


def test_who_asks_before_the_start_is_started_by_it_and_who_goes_is_forgotten() -> None:
    clock = FakeClock()
    scheduler, agent, gone = Scheduler(0.1, clock), Recorder("a", 50, 100), Recorder("gone", 50, 100)
    for each in (agent, gone):
        scheduler.add(each)
        scheduler.soon(each.name)
    scheduler.remove("gone")
    beat(scheduler, clock, 2)
    assert agent.started == []
    scheduler.start()
    beat(scheduler, clock, 2)
    assert (len(agent.started), gone.started) == (1, [])
