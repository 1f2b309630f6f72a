"""The worker in this process, with runners that do as they are told."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import Unreachable
from WardenServer.jobs.work.runner import Done, Options, Order, Runner
from WardenServer.jobs.work.stopping import Stopping
from WardenServer.jobs.work.worker import Worker
from WardenServer.plugins.common.jobs import claiming, processors, queueing
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.tables import job_steps, late_results
from WardenServer.plugins.common.jobs.tables import jobs as table
from WardenServer.plugins.common.jobs.tables import processors as all_processors


class Obedient(Runner):
    """Waits for its word, and counts how many run at a time."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.ran: list[str] = []

    def run(self, order: Order, stopping: Stopping) -> Done:
        self.ran.append(order.id)
        order.output.write_text("printed")
        assert self.go.wait(10)
        return Done(True, "done")


Make = Callable[..., Worker]


@pytest.fixture
def runner() -> Obedient:
    return Obedient()


@pytest.fixture
def make(jobs: Jobs, database: Database, runner: Obedient) -> Iterator[Make]:
    with ExitStack() as stack:

        def made(count: int = 1, once: bool = False) -> Worker:
            worker = Worker(jobs, database, [runner] * count, Options("me", 10.0, once), lambda: None)
            worker.open()
            stack.callback(end, worker, runner)
            return worker

        yield made


def end(worker: Worker, runner: Obedient) -> None:
    runner.go.set()
    worker.stop()
    assert worker.join(15)
    worker.close()


def rows(database: Database, what: Any = table) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(what.select().order_by(what.c.id)))


def queue(jobs: Jobs, database: Database, *ids: str) -> None:
    for id in ids:
        for suffix in jobs.suffixes:
            (jobs.storage / f"{id}{suffix}").touch()
    owner = rows(database, all_processors)[-1].id
    queueing.queue(database, [Pair(id, f"{jobs.storage}/{id}") for id in ids], itertools.repeat(owner))


def wait_done(database: Database) -> None:
    wait_for(lambda: all(row.success is not None for row in rows(database)), 15)


def test_no_more_are_begun_than_can_run(jobs: Jobs, database: Database, runner: Obedient, make: Make) -> None:
    make(2)
    queue(jobs, database, "a", "b", "c")
    wait_for(lambda: len(runner.ran) == 2)
    assert [row.starteddatetime is not None for row in rows(database)] == [True, True, False]
    runner.go.set()
    wait_done(database)
    assert runner.ran[2:] == ["c"]


def test_what_is_printed_is_kept_while_it_runs(jobs: Jobs, database: Database, make: Make) -> None:
    make()
    queue(jobs, database, "a")
    wait_for(lambda: rows(database)[0].message == "printed")


def test_told_to_end_it_begins_no_more(jobs: Jobs, database: Database, runner: Obedient, make: Make) -> None:
    worker = make()
    queue(jobs, database, "a", "b")
    wait_for(lambda: runner.ran)
    worker.stop()
    assert not worker.join(0.2)
    runner.go.set()
    assert worker.join(10)
    assert [row.success for row in rows(database)] == [True, None]
    assert worker.failure is None


def test_once(database: Database, make: Make) -> None:
    assert make(once=True).join(10)


def test_a_claim_whose_answer_is_lost_is_made_again(
    jobs: Jobs, database: Database, runner: Obedient, make: Make,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO, "warden.jobs")
    claim = claiming.claim

    def lost(*said: Any) -> list[claiming.Claim]:
        if claim(*said):
            monkeypatch.setattr(claiming, "claim", claim)
            raise Unreachable("the connection was cut")
        return []

    monkeypatch.setattr(claiming, "claim", lost)
    make()
    runner.go.set()
    queue(jobs, database, "a")
    wait_done(database)
    assert rows(database)[0].attempts == 1
    steps = ["queued", "started", "returned", "started", "succeeded"]
    assert [row.step for row in rows(database, job_steps)] == steps
    said = [record.getMessage() for record in caplog.records]
    assert sum("the connection was cut; results wait" in line for line in said) == 1
    assert sum("answers again" in line for line in said) == 1


def test_one_that_was_taken_for_dead_is_another_one(
    jobs: Jobs, database: Database, runner: Obedient, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    make()
    queue(jobs, database, "a")
    wait_for(lambda: runner.ran)
    old, other = rows(database, all_processors)[0], processors.register(database, "other")
    with database.writing() as connection:
        connection.execute(table.update().values(owner=other.id, token=None, starteddatetime=None))
        connection.execute(all_processors.delete().where(all_processors.c.id == old.id))
    wait_for(lambda: "taken for dead" in caplog.text)
    runner.go.set()
    wait_for(lambda: rows(database, late_results))
    assert rows(database)[0].success is None
    queue(jobs, database, "b")
    wait_for(lambda: rows(database)[1].success)


def test_an_error_of_ours_ends_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*said: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(claiming, "claim", fail)
    worker = make()
    assert worker.join(10)
    assert "unforeseen" in str(worker.failure)
