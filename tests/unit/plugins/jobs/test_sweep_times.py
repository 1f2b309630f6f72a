"""When a look for dead processors trusts the times that it sees, with clocks that the test sets."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.plugins.jobs.rows import Monotonic, Rows
from WardenServer.plugins.common.jobs import configuration, processors
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.sweeping import Sweeper, Swept

CHECK_IN = 300.0


class World:
    """A database, its clock and ours, and two processors of which the first has a job."""

    def __init__(self, folder: Path) -> None:
        self.theirs, self.ours = Monotonic(), Monotonic()
        self.theirs.now = 1.7e9
        self.database = Database(f"sqlite:///{folder}/jobs.db", self.theirs)
        table = {"storage": str(folder), "folder": str(folder), "check_in": CHECK_IN}
        self.jobs = configuration.read(table)
        self.rows = Rows(self.database)
        self.first, self.second = self.rows.processor("first"), self.rows.processor("second")
        self.rows.add("a", self.first)
        self.sweeper = Sweeper(self.database, self.jobs, self.ours)

    def passes(self, seconds: float, *alive: Processor) -> Swept:
        """Time passes for all, these check in, and we look."""
        self.theirs.now += seconds
        self.ours.now += seconds
        for each in alive:
            processors.check_in(self.database, each)
        return self.sweeper.sweep()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with closing(made.database):
        yield made


def test_in_the_usual_course_of_time(world: World) -> None:
    """A look each 5 min, as in Socorro, where that is also the limit."""
    assert world.passes(0) == Swept()
    assert world.passes(300, world.second) == Swept()
    assert world.passes(300, world.second) == Swept()
    assert world.passes(300, world.second) == Swept(("first",), 1, 0)


def test_a_new_monitor_need_not_wait_where_somebody_is_alive(world: World) -> None:
    world.theirs.now += 1000
    assert world.passes(0, world.second).dead == ("first",)


def test_a_new_monitor_waits_where_nobody_is(world: World) -> None:
    swept = world.passes(1000)
    assert (swept.dead, swept.again) == ((), CHECK_IN)
    assert "first, second: not seen for long" in swept.waits
    assert world.passes(299, world.second).again == 1.0
    assert world.passes(1, world.second) == Swept(("first",), 1, 0)


def test_who_comes_back_in_that_time_lives(world: World) -> None:
    assert world.passes(1000).waits
    assert world.passes(200, world.first, world.second) == Swept()
    assert world.passes(101) == Swept()


@pytest.mark.parametrize("step", [3600.0, -3600.0, 1000.0, -1000.0])
def test_the_databases_clock_steps(world: World, step: float) -> None:
    world.passes(0)
    world.theirs.now += step
    swept = world.passes(10)
    assert (swept.dead, swept.again) == ((), CHECK_IN)
    assert world.passes(60, world.first, world.second) == Swept()
    for _ in range(10):
        assert world.passes(100, world.first, world.second) == Swept()


def test_the_machine_sleeps(world: World) -> None:
    """The monotonic clock does not count that time."""
    world.passes(0)
    world.theirs.now += 8 * 3600
    assert world.passes(10).dead == ()
    assert world.passes(60, world.first, world.second) == Swept()


def test_the_database_was_away(world: World) -> None:
    world.passes(0)
    assert world.passes(700).dead == ()
    assert world.passes(60, world.first, world.second) == Swept()
    assert world.passes(241) == Swept()


def test_looks_that_are_rare_find_the_dead_with_a_second_look(world: World) -> None:
    world.passes(0)
    swept = world.passes(3600, world.second)
    assert (swept.dead, swept.again) == ((), CHECK_IN)
    assert world.passes(CHECK_IN, world.second).dead == ("first",)


def test_the_reason_to_wait_stays_the_same_sentence(world: World) -> None:
    assert world.passes(1000).waits == world.passes(100).waits


def test_who_has_left_is_no_question_of_time(world: World) -> None:
    world.passes(0)
    processors.leave(world.database, world.first)
    assert world.passes(500, world.second).dead == ("first",)  # too late for a look that is trusted
