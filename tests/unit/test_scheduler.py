"""The scheduler's beat with a fake clock: absolute deadlines, misses, skips, start and stop."""

from collections.abc import Iterator

from tests.unit.fake import FakeClock
from WardenServer.scheduler import Scheduler, Startable


class Recorder:
    """Stands for a runner; notes when it was started, and wakes the next as runners do."""

    def __init__(self, name: str, offset: int = 0, interval: int = 1) -> None:
        self.name, self.offset_ticks, self.interval_ticks = name, offset, interval
        self.started: list[float] = []
        self.skipped = 0
        self.busy = False
        self.stays_busy = False
        self.line: Iterator[Startable] = iter(())

    def take_place(self, deadline: float, line: Iterator[Startable]) -> bool:
        if self.busy:
            self.skipped += 1
            return False
        self.busy, self.line = True, line
        self.started.append(deadline)
        return True

    def wake(self) -> None:
        for following in self.line:
            following.wake()
            break
        self.busy = self.stays_busy


def beat(scheduler: Scheduler, clock: FakeClock, times: int, step: float = 0.1) -> None:
    for _ in range(times):
        scheduler.beat()
        clock.turn(step)


def test_deadlines_are_absolute_so_that_nothing_drifts() -> None:
    clock = FakeClock()
    scheduler, agent = Scheduler(0.1, clock), Recorder("a", 2, 5)
    scheduler.add(agent)
    scheduler.start()
    beat(scheduler, clock, 1000)
    assert scheduler.ticks == 1000
    assert scheduler.missed == 0
    assert [round(t - 1000, 6) for t in agent.started[:3]] == [0.2, 0.7, 1.2]
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
