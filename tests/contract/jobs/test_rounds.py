"""New files become jobs, each once, whoever else queues or cleans up, and whatever is wrong with one of them."""

import dataclasses
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete

from tests.unit.plugins.jobs.rows import Monotonic, Rows, put
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.jobs import arriving, claiming, processors, queueing
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.known import Known
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.rounds import Cleanup, Lost, Report, Standard
from WardenServer.plugins.common.jobs.storage import collecting
from WardenServer.plugins.common.jobs.storage.radix import RadixStorage
from WardenServer.plugins.common.jobs.tables import jobs as table

log = logging.getLogger("jobs")
NEVER = threading.Event()


class Monitor:
    """The loops, and a clock that goes on by two seconds a round."""

    def __init__(self, jobs: Jobs, db: Database) -> None:
        self.clock = Monotonic()
        self.standard, self.lost = Standard(jobs, db, log, self.clock), Lost(jobs, db, log, self.clock)
        self.cleanup = Cleanup(jobs, db, log, self.clock)

    def run(self, stopping: threading.Event = NEVER) -> Report:
        self.clock.now += 2
        return self.standard.run(stopping)

    def look(self) -> Report:
        self.clock.now += 2
        return self.lost.run(NEVER)


@pytest.fixture
def monitor(jobs: Jobs, db: Database) -> Monitor:
    return Monitor(jobs, db)


@pytest.fixture
def processor(rows: Rows) -> Processor:
    return rows.processor("p")


def end(db: Database, processor: Processor) -> None:
    claims = claiming.claim(db, processor, 1000)
    claiming.finish(db, processor, [claiming.Outcome(each, True) for each in claims])


# -- what has arrived


def test_files_become_jobs_when_they_have_settled(
    monitor: Monitor, jobs: Jobs, rows: Rows, processor: Processor
) -> None:
    put(jobs, "scan/ä 'b'")
    first = monitor.run()
    assert (first.queued, first.unsettled, first.again) == (0, 1, 1.0)
    second = monitor.run()
    assert (second.queued, second.unsettled, second.again) == (1, 0, None)
    row = rows.job("scan/ä 'b'")
    assert (row.owner, row.priority, row.pathname) == (processor.id, 0, f"{jobs.storage}/scan/ä 'b'")
    assert row.queueddatetime - row.founddatetime == pytest.approx(2.0, abs=0.5)
    assert row.signature
    assert (rows.steps(row.uuid), rows.reasons(row.uuid)) == (["queued"], ["its files have arrived"])
    assert monitor.run() == Report()


def test_those_with_few_jobs_get_the_next(monitor: Monitor, jobs: Jobs, rows: Rows) -> None:
    """Loads of 1 to 5 and 15 new jobs: 5, 4, 3, 2 and 1 of them."""
    made = [rows.processor(str(load)) for load in range(1, 6)]
    for load, each in enumerate(made, 1):
        rows.queue(each, *(f"old/{load}/{number}" for number in range(load)))
    rows.add("done", made[0], success=True)
    for number in range(15):
        put(jobs, f"new{number:02}")
    monitor.run()
    assert monitor.run().queued == 15
    new = [row.owner for row in rows.all() if row.uuid.startswith("new")]
    assert [new.count(each.id) for each in made] == [5, 4, 3, 2, 1]


def test_a_stale_processor_gets_nothing(monitor: Monitor, jobs: Jobs, rows: Rows, processor: Processor) -> None:
    stale = rows.processor("stale", 15.0)
    put(jobs, "a"), put(jobs, "b")
    monitor.run(), monitor.run()
    assert {row.owner for row in rows.all()} == {processor.id}
    assert stale.id not in {row.owner for row in rows.all()}


def test_without_processors_all_stays_and_is_said_once(
    monitor: Monitor, jobs: Jobs, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    put(jobs, "a")
    reports = [monitor.run() for _ in range(3)]
    assert [(each.queued, each.problems) for each in reports] == [(0, [arriving.NOBODY])] * 3
    assert [each.levelname for each in caplog.records] == ["CRITICAL"]
    made = rows.processor("p")
    monitor.run()
    assert monitor.run().queued == 1
    rows.seen(made, 15.0)
    assert monitor.run().problems == [arriving.NOBODY]
    assert [each.levelname for each in caplog.records] == ["CRITICAL"] * 2


def test_dead_ones_are_said(
    monitor: Monitor, rows: Rows, processor: Processor, caplog: pytest.LogCaptureFixture
) -> None:
    rows.add("a", rows.processor("dead", 25.0))
    report = monitor.run()
    assert (report.dead, report.reassigned, report.failed) == (1, 1, 0)
    assert [each.message for each in caplog.records] == [
        "dead processors: dead; 1 jobs are given to others, 0 have failed"
    ]


def test_a_storage_that_is_away(monitor: Monitor, jobs: Jobs, processor: Processor) -> None:
    jobs.storage.rmdir()
    assert "cannot be read (No such file or directory)" in monitor.run().problems[0]
    put(jobs, "a")
    monitor.run()
    assert monitor.run() == Report(queued=1)


def test_one_that_the_database_does_not_take_costs_only_itself(
    monitor: Monitor, jobs: Jobs, rows: Rows, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = monitor.standard._arrivals._storage
    monkeypatch.setattr(storage, "pathname", lambda id: "\ud800" if id == "bad" else f"{jobs.storage}/{id}")
    for id in ("a", "bad", "c"):
        put(jobs, id)
    monitor.run()
    report = monitor.run()
    assert (report.queued, len(report.problems)) == (2, 1)
    assert report.problems[0].startswith("the files 'bad' cannot be queued: ")
    assert {row.uuid for row in rows.all()} == {"a", "c"}
    again = monitor.run()
    assert (again.queued, again.problems) == (0, report.problems)
    monkeypatch.undo()
    monitor.clock.now += 60
    assert monitor.run() == Report(queued=1)


def test_a_processor_that_goes_meanwhile(
    monitor: Monitor, jobs: Jobs, db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, other = rows.processor("gone"), rows.processor("other")
    queue = queueing.queue

    def after_it_has_gone(*given: Any, **more: Any) -> list[str]:
        monkeypatch.setattr(queueing, "queue", queue)
        with db.writing() as connection:
            connection.execute(delete(processors.processors).where(processors.processors.c.id == gone.id))
        return queue(*given, **more)

    monkeypatch.setattr(queueing, "queue", after_it_has_gone)
    put(jobs, "a"), put(jobs, "b")
    monitor.run()
    assert monitor.run().queued == 2
    assert {row.owner for row in rows.all()} == {other.id}


def test_the_last_processor_goes_meanwhile(
    monitor: Monitor, jobs: Jobs, db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, queue = rows.processor("gone"), queueing.queue

    def after_it_has_gone(*given: Any, **more: Any) -> list[str]:
        with db.writing() as connection:
            connection.execute(delete(processors.processors).where(processors.processors.c.id == gone.id))
        return queue(*given, **more)

    put(jobs, "a"), put(jobs, "b")
    monitor.run()
    with monkeypatch.context() as patch:
        patch.setattr(queueing, "queue", after_it_has_gone)
        assert monitor.run() == Report(problems=[arriving.NOBODY])
    rows.processor("other")
    assert monitor.run() == Report(queued=2)


def test_the_database_goes_away_meanwhile(
    monitor: Monitor, jobs: Jobs, db: Database, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        monkeypatch.setattr(db, "writing", away)
        raise Unreachable("the database is away")

    put(jobs, "a"), put(jobs, "b")
    monitor.run()
    monkeypatch.setattr(queueing, "queue", away)
    with pytest.raises(Unreachable):
        monitor.run()
    monkeypatch.undo()
    assert monitor.run() == Report(queued=2)


def test_what_has_gone_and_comes_again_is_a_new_job(
    monitor: Monitor, jobs: Jobs, db: Database, rows: Rows, processor: Processor
) -> None:
    """Cleanup may be in another process: it tells nobody."""
    put(jobs, "a"), put(jobs, "b")
    monitor.run(), monitor.run()
    end(db, processor)
    assert monitor.cleanup.run(NEVER).moved == 2
    for path in put(jobs, "a"):
        path.write_text("another measurement of the same name")
    put(jobs, "c")
    monitor.run()
    assert monitor.run().queued == 2
    assert {row.uuid for row in rows.all()} == {"a", "c"}


def test_jobs_of_others_are_known(monitor: Monitor, jobs: Jobs, db: Database, rows: Rows, processor: Processor) -> None:
    put(jobs, "a")
    rows.queue(processor, "a")
    assert monitor.run() == Report()
    rows.queue(processor, "b")
    put(jobs, "b")
    assert monitor.run() == Report()


def test_several_monitors_queue_each_once(db: Database, jobs: Jobs, rows: Rows, processor: Processor) -> None:
    for number in range(50):
        put(jobs, f"{number:02}")
    together = threading.Barrier(3)

    def run() -> int:
        monitor = Monitor(jobs, db)
        monitor.run()
        together.wait(10)
        return monitor.run().queued

    with ThreadPoolExecutor(3) as pool:
        counts = [each.result(30) for each in [pool.submit(run) for _ in range(3)]]
    assert sum(counts) == 50
    assert all(rows.steps(f"{number:02}") == ["queued"] for number in range(50))


def test_it_ends_when_told(monitor: Monitor, jobs: Jobs, processor: Processor) -> None:
    put(jobs, "a")
    monitor.run()
    stopping = threading.Event()
    stopping.set()
    assert monitor.run(stopping).queued == 0
    assert monitor.run().queued == 1


# -- the storage of Socorro

UUID = "0bba61c5-dfc3-43e7-effe-8afd22009112"[:-7] + "2091120"


@pytest.fixture
def radix(jobs: Jobs) -> Jobs:
    return dataclasses.replace(jobs, layout="radix", suffixes=(".json", ".dump"))


def test_links_go_when_the_job_is_there(radix: Jobs, db: Database, rows: Rows, processor: Processor) -> None:
    storage = RadixStorage(radix.storage, radix.suffixes, radix.minutes_per_slot)
    collecting.put(storage, UUID, [b"{}", b"dump"], 1.2e9)
    monitor = Monitor(radix, db)
    rows.seen(processor, 15.0)
    monitor.run(), monitor.run()
    assert list(radix.storage.rglob("date"))
    processors.check_in(db, processor)
    monitor.run()
    assert monitor.run().queued == 1
    assert rows.job(UUID).pathname == ""
    assert not [path for path in radix.storage.rglob("*") if path.is_symlink()]
    end(db, processor)
    assert monitor.cleanup.run(NEVER).moved == 1
    assert radix.successful is not None
    assert len(list(radix.successful.glob(f"*/name/*/*/{UUID}.*"))) == 2


# -- once a day


def test_what_was_missed_is_found(radix: Jobs, db: Database, rows: Rows, processor: Processor) -> None:
    storage = RadixStorage(radix.storage, radix.suffixes, radix.minutes_per_slot)
    collecting.put(storage, UUID, [b"{}", b"dump"], 1.2e9)
    storage.taken(UUID)  # as if the links had never been made
    monitor = Monitor(radix, db)
    monitor.run()
    assert monitor.run().queued == 0
    first = monitor.look()
    assert (first.lost, first.again) == (0, 1.0)
    second = monitor.look()
    assert (second.lost, second.again) == (1, None)
    assert rows.reasons(UUID) == ["its files were there, but no job"]
    assert [monitor.look().lost for _ in range(2)] == [0, 0]


def test_files_that_are_kept_back_stay_so(monitor: Monitor, jobs: Jobs, processor: Processor) -> None:
    put(jobs, "a", jobs.deferred)
    assert [monitor.look() for _ in range(2)] == [Report()] * 2


def test_rows_without_files_go_where_files_are_kept(jobs: Jobs, db: Database, rows: Rows, processor: Processor) -> None:
    kept = dataclasses.replace(jobs, after="keep")
    for id in ("gone", "there", "waits"):
        rows.add(id, processor, pathname=f"{jobs.storage}/{id}", success=None if id == "waits" else False)
    put(jobs, "there")
    report = Monitor(kept, db).look()
    assert report.missing == 1
    assert {row.uuid for row in rows.all()} == {"there", "waits"}
    assert rows.steps("gone") == ["missing"]


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_disk_that_is_not_mounted_costs_no_rows(
    jobs: Jobs, db: Database, rows: Rows, processor: Processor, how: str
) -> None:
    kept = dataclasses.replace(jobs, after="keep")
    rows.add("a", processor, pathname=f"{jobs.storage}/a", success=True)
    if how == "gone":
        jobs.storage.rmdir()
    report = Monitor(kept, db).look()
    assert (report.missing, len(rows.all())) == (0, 1)
    assert "it cannot be seen whether files are still there" in " ".join(report.problems)


def test_jobs_that_somebody_removes_come_again(
    monitor: Monitor, jobs: Jobs, db: Database, rows: Rows, processor: Processor
) -> None:
    put(jobs, "a")
    monitor.run(), monitor.run(), monitor.run()
    with db.writing() as connection:
        connection.execute(delete(table))
    assert [monitor.run().queued, monitor.run().queued] == [0, 1]


def test_known_ids_follow_the_database(db: Database, rows: Rows, processor: Processor) -> None:
    known = Known(db)
    assert known.refresh() == set()
    rows.queue(processor, "a", "b")
    assert known.refresh() == {"a", "b"}
    with db.writing() as connection:
        connection.execute(delete(table).where(table.c.uuid == "a"))
    queueing.queue(db, [Pair("c")], queueing.in_turn([processor.id]))
    assert known.refresh() == {"b", "c"}
