"""Cleanup: files of ended jobs go where they belong, rows go with them, and what cannot be moved stays."""

import dataclasses
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from tests.unit.plugins.jobs.rows import Rows, put
from WardenServer.plugins.common.jobs import cleaning, forgetting
from WardenServer.plugins.common.jobs.cleaning import ENOUGH
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.only_one import only_one
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.rounds import Cleanup, Report
from WardenServer.plugins.common.jobs.storage import moving
from WardenServer.plugins.common.jobs.tables import job_steps, late_results, server_status
from WardenServer.plugins.common.jobs.times import ago

NEVER = threading.Event()


class Site:
    """Jobs that have ended, with their files."""

    def __init__(self, db: Database, jobs: Jobs, rows: Rows) -> None:
        self.db, self.jobs, self.rows = db, jobs, rows
        self.processor: Processor = rows.processor("p")

    def job(self, id: str, success: bool | None = True, root: Path | None = None) -> list[Path]:
        root = root or self.jobs.storage
        self.rows.add(id, self.processor, success=success, pathname=f"{root}/{id}")
        return put(self.jobs, id, root)

    def cleanup(self, **changes: Any) -> Cleanup:
        return Cleanup(dataclasses.replace(self.jobs, **changes), self.db, logging.getLogger("jobs"))

    def run(self, **changes: Any) -> Report:
        return self.cleanup(**changes).run(NEVER)


@pytest.fixture
def site(db: Database, jobs: Jobs, rows: Rows) -> Site:
    return Site(db, jobs, rows)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_go_by_how_their_job_ended(site: Site, jobs: Jobs) -> None:
    site.job("scan/good")
    site.job("bad 'ü'", success=False, root=jobs.deferred)
    waiting = site.job("waits", success=None)
    report = site.run()
    assert (report.moved, report.deleted, report.missing, report.problems) == (2, 0, 0, [])
    assert jobs.successful is not None
    assert jobs.failed is not None
    assert files(jobs.successful) == ["scan/good.h5", "scan/good.json"]
    assert files(jobs.failed) == ["bad 'ü'.h5", "bad 'ü'.json"]
    assert [row.uuid for row in site.rows.all()] == ["waits"]
    assert all(path.exists() for path in waiting)
    assert site.rows.steps("scan/good") == ["moved"]
    assert site.rows.reasons("scan/good") == [f"to {jobs.successful}"]
    assert site.run() == Report()


def test_a_blank_place_deletes(site: Site) -> None:
    good, bad = site.job("good"), site.job("bad", success=False)
    report = site.run(successful=None)
    assert (report.moved, report.deleted) == (1, 1)
    assert not any(path.exists() for path in (*good, *bad))
    assert (site.rows.steps("good"), site.rows.steps("bad")) == (["deleted"], ["moved"])


def test_delete(site: Site, jobs: Jobs) -> None:
    site.job("good"), site.job("bad", success=False)
    assert site.run(after="delete").deleted == 2
    assert files(jobs.storage) == []
    assert site.rows.all() == []


def test_keep(site: Site, jobs: Jobs) -> None:
    site.job("good")
    assert site.run(after="keep") == Report()
    assert len(site.rows.all()) == 1
    assert files(jobs.storage) == ["good.h5", "good.json"]


@pytest.mark.parametrize("left", [[], [".json"]], ids=["none is left", "one is left"])
def test_files_that_are_gone(site: Site, left: list[str], caplog: pytest.LogCaptureFixture) -> None:
    for path in site.job("a"):
        if path.suffix not in left:
            path.unlink()
    site.job("b")
    report = site.run()
    assert (report.moved, report.missing) == (1, 1)
    assert [(each.levelname, each.message) for each in caplog.records] == [("WARNING", "a wasn't found for cleanup")]
    assert site.rows.steps("a") == ["missing"]
    assert site.rows.all() == []


def test_a_storage_that_is_away_costs_no_rows(site: Site, jobs: Jobs) -> None:
    site.job("a")
    jobs.storage.rename(jobs.storage.with_name("away"))
    report = site.run()
    assert (report.missing, len(site.rows.all()), len(report.problems)) == (0, 1, 1)
    jobs.storage.with_name("away").rename(jobs.storage)
    assert site.run().moved == 1


def test_what_cannot_be_moved_stays_with_its_row(site: Site, jobs: Jobs) -> None:
    kept = site.job("a")
    site.job("b")
    put(jobs, "a", jobs.successful)[0].write_text("another one")
    report = site.run()
    assert report.moved == 1
    assert "the files of 'a' cannot be cleaned up, and stay with their job" in report.problems[0]
    assert all(path.exists() for path in kept)
    assert [row.uuid for row in site.rows.all()] == ["a"]


def test_it_is_said_once(site: Site, jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    site.job("a")
    put(jobs, "a", jobs.successful)[0].write_text("another one")
    cleanup = site.cleanup()
    assert len(cleanup.run(NEVER).problems) == 1
    assert len(cleanup.run(NEVER).problems) == 1
    assert len(caplog.records) == 1


def test_a_full_disk_is_not_tried_for_each_job(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def full(found: Any, *_: object) -> None:
        tried.append(found.id)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(moving, "move", full)
    for number in range(30):
        site.job(f"{number:02}")
    cleanup = site.cleanup()
    report = cleanup.run(NEVER)
    assert len(tried) == ENOUGH
    assert f"cleanup stops after {ENOUGH} errors in a row" in report.problems[-1]
    cleanup.run(NEVER), cleanup.run(NEVER)
    assert sorted(tried) == [f"{number:02}" for number in range(30)]  # each round goes on behind the last
    monkeypatch.undo()
    assert cleanup.run(NEVER).moved + cleanup.run(NEVER).moved == 30


def test_a_few_that_cannot_be_moved_do_not_end_it(site: Site, jobs: Jobs) -> None:
    for number in range(30):
        site.job(f"{number:02}")
        if number % 2:
            put(jobs, f"{number:02}", jobs.successful)[0].write_text("another one")
    assert site.run().moved == 15


@pytest.mark.parametrize("after", ["move", "delete"])
@pytest.mark.parametrize("then", ["before the files", "between the files", "after the files"])
def test_a_kill_costs_nothing(site: Site, monkeypatch: pytest.MonkeyPatch, after: str, then: str, jobs: Jobs) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    def half(found: Any, *_: object) -> None:
        if after == "move":
            to = jobs.successful / found.paths[0].name
            to.parent.mkdir(parents=True, exist_ok=True)
            found.paths[0].rename(to)
            (to.parent / found.paths[1].name).write_bytes(found.paths[1].read_bytes())
        else:
            found.paths[0].unlink()
        raise Killed

    site.job("a")
    with monkeypatch.context() as patch:
        name = {"move": "move", "delete": "delete"}[after]
        if then == "after the files":
            patch.setattr(cleaning, "remove", killed)
        else:
            patch.setattr(moving, name, killed if then == "before the files" else half)
        with pytest.raises(Killed):
            site.run(after=after)
    assert len(site.rows.all()) == 1
    report = site.run(after=after)
    assert site.rows.all() == []
    assert files(jobs.storage) == []
    if after == "move":
        assert (report.moved, report.missing) == (1, 0)
        assert jobs.successful is not None
        assert files(jobs.successful) == ["a.h5", "a.json"]


def test_a_job_that_is_begun_again_meanwhile_keeps_its_row(site: Site, db: Database, jobs: Jobs) -> None:
    site.job("a", success=None)
    went = cleaning.remove(db, {"a": cleaning.Step.MOVED})
    assert (went, len(site.rows.all()), site.rows.steps("a")) == (set(), 1, [])


def test_of_two_monitors_one_cleans(site: Site, db: Database, jobs: Jobs) -> None:
    site.job("a")
    with only_one(db, "cleanup") as ours:
        assert ours
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(site.run).result(10) == Report()
    assert site.run().moved == 1


def test_two_monitors_at_once(site: Site, jobs: Jobs) -> None:
    for number in range(100):
        site.job(f"{number:03}", success=bool(number % 3))
    together = threading.Barrier(3)

    def run() -> Report:
        cleanup = site.cleanup()
        together.wait(10)
        return cleanup.run(NEVER)

    with ThreadPoolExecutor(3) as pool:
        reports = [each.result(30) for each in [pool.submit(run) for _ in range(3)]]
    assert sum(each.moved for each in reports) == 100
    assert sum(each.missing + len(each.problems) for each in reports) == 0
    assert jobs.successful is not None
    assert len(files(jobs.successful)) == 2 * 66


def test_it_ends_when_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for id in "abc":
        site.job(id)
    stopping, move = threading.Event(), moving.move

    def move_one(*given: Any) -> None:
        move(*given)
        stopping.set()

    monkeypatch.setattr(moving, "move", move_one)
    assert site.cleanup().run(stopping).moved == 1
    assert [row.uuid for row in site.rows.all()] == ["b", "c"]


# -- what is old

OLD = {
    "step": lambda age: insert(job_steps).values(uuid="a", at=age, step="queued"),
    "late result": lambda age: insert(late_results).values(
        uuid="a", owner=1, token="x", completeddatetime=age, success=True
    ),
    "status": lambda age: insert(server_status).values(waiting_job_count=1, processors_count=1, date_created=age),
}


@pytest.mark.parametrize("what", OLD)
def test_what_is_old_goes(site: Site, db: Database, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make: Callable[[Any], Any] = OLD[what]
    monkeypatch.setattr(forgetting, "PORTION", 3)
    with db.writing() as connection:
        for days in (*[31] * 8, 29, 29):
            connection.execute(make(ago(days * 86400.0)))
    assert site.run().forgotten == 8
    assert sum(len(site.rows.all(table)) for table in (job_steps, late_results, server_status)) == 2


def test_in_bounded_portions(site: Site, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PORTION", 2)
    monkeypatch.setattr(forgetting, "PORTIONS", 3)
    with db.writing() as connection:
        for _ in range(10):
            connection.execute(OLD["step"](ago(1e7)))
    assert [site.run().forgotten for _ in range(3)] == [6, 4, 0]
