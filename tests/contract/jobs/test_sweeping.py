"""Dead processors: others get their jobs, each job exactly once, and nobody is taken for dead by mistake."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as some
from sqlalchemy import text

from tests.conftest import wait_for
from tests.unit.plugins.jobs.rows import Monotonic, Rows
from WardenServer.plugins.common.jobs import claiming, processors
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.sweeping import Sweeper, Swept
from WardenServer.plugins.common.jobs.tables import processors as table

#: Seconds since a dead one was seen; check_in is 10.
LONG = 25.0


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def sweeper(db: Database, jobs: Jobs, clock: Monotonic) -> Sweeper:
    return Sweeper(db, jobs, clock)


def test_the_time_of_queueing_is_cut_in_equal_parts(rows: Rows, sweeper: Sweeper) -> None:
    dead, first, second = rows.processor("dead", LONG), rows.processor("first"), rows.processor("second")
    for second_ in range(11):
        rows.add(f"job{second_:02}", dead, queueddatetime=1e9 + second_, success=True if second_ == 3 else None)
    assert sweeper.sweep() == Swept(("dead",), 10, 0)
    owners = {row.uuid: row.owner for row in rows.all()}
    assert owners == {f"job{n:02}": first.id if n <= 5 else second.id for n in range(11)}
    assert rows.reasons("job01") == ["dead is dead -> first"]
    assert rows.reasons("job09") == ["dead is dead -> second"]
    assert rows.steps("job03") == []  # it has ended; only its number changes hands
    assert [each.name for each in rows.all(table)] == ["first", "second"]
    assert sweeper.sweep() == Swept()


def test_what_had_begun_waits_again(rows: Rows, sweeper: Sweeper, db: Database) -> None:
    dead, other = rows.processor("dead", LONG), rows.processor("other")
    rows.queue(dead, "a")
    (claim,) = claiming.claim(db, dead, 1)
    assert sweeper.sweep().reassigned == 1
    row = rows.job("a")
    assert (row.owner, row.starteddatetime, row.token, row.attempts) == (other.id, None, None, 1)
    assert rows.steps("a") == ["queued", "started", "reassigned"]
    assert claiming.finish(db, dead, [claiming.Outcome(claim, True)]) == ["a"]
    assert rows.job("a").success is None
    assert claiming.claim(db, other, 1)[0].attempt == 2


@pytest.mark.parametrize(
    ("message", "said"),
    [("", "its processor vanished 3 times"), (None, "its processor vanished 3 times"),
     ("bäng\nboom", "its processor vanished 3 times: bäng\nboom")],
)  # fmt: skip
def test_begun_too_often_is_failed(rows: Rows, sweeper: Sweeper, message: str | None, said: str) -> None:
    dead, other = rows.processor("dead", LONG), rows.processor("other")
    rows.add("bad", dead, starteddatetime=1e9, attempts=3, token="x", message=message)
    rows.add("good", dead, starteddatetime=1e9, attempts=2, token="y")
    rows.add("waits", dead, attempts=3)
    assert sweeper.sweep() == Swept(("dead",), 2, 1)
    bad = rows.job("bad")
    assert (bad.success, bad.message, bad.owner) == (False, said, other.id)
    assert bad.completeddatetime is not None
    assert (rows.steps("bad"), rows.reasons("bad")) == (["failed"], [said])
    assert rows.job("good").success is None
    assert rows.job("waits").success is None


def test_without_another_nothing_happens(rows: Rows, sweeper: Sweeper, clock: Monotonic) -> None:
    dead = rows.processor("dead", LONG)
    rows.add("a", dead)
    assert "not sure" not in sweeper.sweep().waits
    clock.now += 5  # less than check_in, and the database's clock has not moved as much
    waits = sweeper.sweep().waits
    clock.now += 5
    assert (rows.job("a").owner, len(rows.all(table))) == (dead.id, 1)
    assert waits.startswith("dead: ")


def test_a_silent_one_that_is_not_dead_yet_counts_as_another(rows: Rows, sweeper: Sweeper) -> None:
    dead, silent, _ = rows.processor("dead", LONG), rows.processor("silent", 15.0), rows.processor("alive")
    rows.add("a", dead)
    sweeper.sweep()
    assert rows.job("a").owner == silent.id


def test_one_that_has_left_needs_no_wait(rows: Rows, sweeper: Sweeper, db: Database) -> None:
    left, silent = rows.processor("left"), rows.processor("silent", 15.0)
    rows.add("a", left)
    processors.leave(db, left)
    assert sweeper.sweep().dead == ("left",)  # though nobody is alive, so that times are not trusted
    assert rows.job("a").owner == silent.id


def test_two_monitors_at_once(db: Database, jobs: Jobs, rows: Rows) -> None:
    dead = rows.processor("dead", LONG)
    rows.processor("first"), rows.processor("second")
    for number in range(200):
        rows.add(str(number), dead, queueddatetime=1e9 + number)
    together = threading.Barrier(4)

    def sweep() -> Swept:
        sweeper = Sweeper(db, jobs)
        together.wait(10)
        return sweeper.sweep()

    with ThreadPoolExecutor(4) as pool:
        found = [each.result(30) for each in [pool.submit(sweep) for _ in range(4)]]
    assert sorted(each.reassigned for each in found) == [0, 0, 0, 200]
    assert all(len(rows.steps(str(number))) == 1 for number in range(200))


def test_one_that_checks_in_at_that_moment_lives(db: Database, jobs: Jobs, rows: Rows) -> None:
    if db.is_file:
        pytest.skip("in SQLite only one writes at a time")
    late = rows.processor("late", LONG)
    rows.processor("other")
    rows.add("a", late)
    with ThreadPoolExecutor(1) as pool:
        with db.writing() as connection:
            connection.execute(text("UPDATE processors SET lastseendatetime = now() WHERE name = 'late'"))
            swept = pool.submit(Sweeper(db, jobs).sweep)
            wait_for(lambda: _waits(db), what="for the look to wait for the check-in")
        assert swept.result(10) == Swept()
    assert rows.job("a").owner == late.id


def _waits(db: Database) -> Any:
    with db.reading() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


QUEUED = some.one_of(some.none(), some.integers(0, 10**12).map(lambda micro: 1e9 + micro / 1e6), some.just(1e9))
STATE = some.sampled_from(["waits", "runs", "done", "failed"])


@hypothesis.settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=some.lists(some.tuples(QUEUED, STATE), max_size=12), dead=some.integers(1, 3), others=some.integers(1, 7))
def test_no_job_falls_between(
    db: Database, jobs: Jobs, rows: Rows, found: list[tuple[float | None, str]], dead: int, others: int
) -> None:
    rows.clear()
    gone = [rows.processor(f"gone{number}", LONG) for number in range(dead)]
    live = [rows.processor(f"live{number}") for number in range(others)]
    for number, (queued, state) in enumerate(found):
        success = {"done": True, "failed": False}.get(state)
        started = None if state == "waits" else 1e9
        owner = gone[number % dead]
        rows.add(str(number), owner, queueddatetime=queued, starteddatetime=started, success=success)
    swept = Sweeper(db, jobs).sweep()
    unfinished = sum(state in ("waits", "runs") for _, state in found)
    assert (len(swept.dead), swept.reassigned, swept.failed) == (dead, unfinished, 0)
    after = rows.all()
    assert len(after) == len(found)
    assert {row.owner for row in after} <= {each.id for each in live}
    for row in after:
        queued, state = found[int(row.uuid)]
        assert (row.starteddatetime is None) == (state in ("waits", "runs"))
        assert (row.queueddatetime is None) == (queued is None)
    times = sorted((row.queueddatetime, row.owner) for row in after if row.queueddatetime is not None)
    assert [owner for _, owner in times] == sorted(owner for _, owner in times)  # older jobs, earlier processors
