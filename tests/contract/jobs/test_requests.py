"""What people ask for comes first: jobs, files that arrive, files that are kept back; nothing blocks the others."""

import logging
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.unit.plugins.jobs.rows import Monotonic, Rows, put
from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs import claiming, requests
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.rounds import Priority, Report
from WardenServer.plugins.common.jobs.tables import priorityjobs

HOSTILE = ["../../etc/passwd", "/etc/passwd", "a'; DROP TABLE jobs; --", 'a"b', "a\nb", "%s%n", "é" * 255, "." * 200]


class Asker:
    """The loop, and a clock that goes on by two seconds a round."""

    def __init__(self, db: Database, jobs: Jobs) -> None:
        self.db, self.clock = db, Monotonic()
        self._round = Priority(jobs, db, logging.getLogger("jobs"), self.clock)

    def run(self) -> Report:
        self.clock.now += 2
        return self._round.run(threading.Event())

    def ask(self, *ids: str) -> Report:
        requests.ask(self.db, ids)
        return self.run()


@pytest.fixture
def asker(db: Database, jobs: Jobs) -> Asker:
    return Asker(db, jobs)


# -- asking


def test_asking_twice_is_asking_once(db: Database, rows: Rows) -> None:
    assert requests.ask(db, ["b", "a", "b"]) == ["b", "a"]
    assert requests.ask(db, ["a"]) == ["a"]
    assert rows.asked() == {"a", "b"}
    assert requests.ask(db, []) == []


@pytest.mark.parametrize("bad", ["", "x" * 256, "a\0b", "\ud800"], ids=["empty", "long", "NUL", "half a sign"])
def test_the_good_ones_are_taken_though_others_can_be_no_ids(db: Database, rows: Rows, bad: str) -> None:
    with pytest.raises(SettingError, match=r"not asked for: '.* (is|holds)"):
        requests.ask(db, ["good", bad, "fine"])
    assert rows.asked() == {"good", "fine"}


def test_no_more_wait_than_can_be_served(db: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST", 3)
    requests.ask(db, ["a", "b"])
    with pytest.raises(SettingError, match="2 are too many, since 2 requests wait"):
        requests.ask(db, ["c", "d", "e"])
    assert rows.asked() == {"a", "b", "c"}


# -- first place: jobs


def test_a_job_that_waits_is_raised(asker: Asker, rows: Rows, db: Database) -> None:
    processor = rows.processor("p")
    rows.queue(processor, "old", "new")
    assert asker.ask("new").raised == 1
    assert asker.ask("new").raised == 1
    assert rows.job("new").priority == 2
    assert rows.steps("new") == ["queued", "urgent", "urgent"]
    assert rows.asked() == set()
    assert claiming.claim(db, processor, 1)[0].id == "new"


def test_a_job_without_priority_in_an_old_table(asker: Asker, rows: Rows) -> None:
    rows.add("a", rows.processor("p"), priority=None)
    asker.ask("a")
    assert rows.job("a").priority == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [({"starteddatetime": 1e9}, "asked for, but it runs since 2001-09-09 01:46:40 UTC"),
     ({"success": True, "completeddatetime": 1e9}, "asked for, but it has done at 2001-09-09 01:46:40 UTC"),
     ({"success": False}, "asked for, but it has failed at an unknown time")],
)  # fmt: skip
def test_too_late(asker: Asker, rows: Rows, values: dict[str, object], why: str) -> None:
    rows.add("a", rows.processor("p"), **values)
    assert asker.ask("a").refused == 1
    assert (rows.steps("a"), rows.reasons("a")) == (["refused"], [why])
    assert rows.job("a").priority == 0
    assert rows.asked() == set()


# -- second and third place: files


@pytest.mark.parametrize("place", ["storage", "deferred"])
def test_files_that_are_there_become_urgent_jobs(
    asker: Asker, rows: Rows, jobs: Jobs, tmp_path: Path, place: str
) -> None:
    rows.processor("p")
    put(jobs, "scan/image 'ü'", tmp_path / place)
    first = asker.ask("scan/image 'ü'")
    assert (first.queued, first.unsettled, first.again) == (0, 1, 1.0)
    assert rows.asked() == {"scan/image 'ü'"}
    second = asker.run()
    assert (second.queued, second.unsettled, second.again) == (1, 0, None)
    row = rows.job("scan/image 'ü'")
    assert (row.priority, row.pathname) == (1, f"{tmp_path / place}/scan/image 'ü'")
    assert rows.steps(row.uuid) == ["queued"]
    assert rows.asked() == set()


def test_they_go_to_the_processors_in_turn(asker: Asker, rows: Rows, jobs: Jobs) -> None:
    first, second = rows.processor("first"), rows.processor("second")
    rows.queue(first, *map(str, range(5)))  # load does not count
    for id in "abc":
        put(jobs, id)
        asker.ask(id)
        asker.run()
    assert [rows.job(id).owner for id in "abc"] == [first.id, second.id, first.id]


def test_what_is_not_complete_stays(asker: Asker, rows: Rows, jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    rows.processor("p")
    put(jobs, "a", suffixes=[".json"])
    report = asker.ask("a")
    asker.run()
    assert (report.refused, rows.asked()) == (0, {"a"})
    assert report.problems == ["'a' is asked for, but not all of its files are there; the request stays"]
    assert len(caplog.records) == 1
    put(jobs, "a")
    asker.run()
    assert asker.run().queued == 1


def test_nowhere(asker: Asker, rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
    rows.processor("p")
    assert asker.ask("a").refused == 1
    assert [(each.levelname, each.message) for each in caplog.records] == [("ERROR", "priority uuid a was never found")]
    assert rows.steps("a") == ["refused"]
    assert rows.asked() == set()


def test_a_folder_that_is_away_refuses_nobody(asker: Asker, rows: Rows, jobs: Jobs) -> None:
    rows.processor("p")
    put(jobs, "a")
    jobs.storage.rename(jobs.storage.with_name("away"))
    report = asker.ask("a", "b")
    assert (report.refused, rows.asked()) == (0, {"a", "b"})
    assert "is not there; mount it" in report.problems[0]
    jobs.storage.with_name("away").rename(jobs.storage)
    asker.run()
    assert asker.run().queued == 1
    assert rows.asked() == set()


def test_hostile_ones_do_not_block_the_others(asker: Asker, rows: Rows, jobs: Jobs) -> None:
    rows.processor("p")
    put(jobs, "good")
    requests.ask(asker.db, HOSTILE)
    asker.ask("good")
    assert asker.run().queued == 1
    assert rows.asked() == set()
    assert [row.uuid for row in rows.all()] == ["good"]
    assert all(rows.steps(id) == ["refused"] for id in HOSTILE)


def test_rubbish_in_the_table_is_removed(asker: Asker, rows: Rows, db: Database) -> None:
    if not db.is_file:
        pytest.skip("PostgreSQL takes text only")
    rows.queue(rows.processor("p"), "good")
    with db.writing() as connection:
        rubbish = "(X'ff00'), (CAST(X'fe' AS TEXT)), (7), (X''), (''), (X'41')"
        connection.execute(text(f"INSERT INTO priorityjobs VALUES {rubbish}"))
    assert asker.ask("good").raised == 1
    with db.reading() as connection:
        assert connection.execute(text("SELECT CAST(uuid AS BLOB) FROM priorityjobs")).all() == []


def test_one_that_fails_stays_and_does_not_block(
    asker: Asker, rows: Rows, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.queue(rows.processor("p"), "z")
    (jobs.storage / "loop").symlink_to("loop")
    report = asker.ask("loop/a", "z")
    assert (report.raised, rows.asked()) == (1, {"loop/a"})
    assert "'loop/a' cannot be served, and stays" in report.problems[0]


def test_without_processors(asker: Asker, rows: Rows, jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    rows.queue(rows.processor("gone", 100.0), "job")
    put(jobs, "file")
    report = asker.ask("job", "file", "nowhere")
    asker.run()
    assert (report.raised, rows.asked()) == (1, {"file", "nowhere"})
    assert [each.levelname for each in caplog.records] == ["CRITICAL"]
    rows.processor("p")
    asker.run()
    assert asker.run().queued == 1
    assert rows.asked() == set()


def test_files_that_became_a_job_meanwhile(asker: Asker, rows: Rows, jobs: Jobs) -> None:
    processor = rows.processor("p")
    put(jobs, "a")
    asker.ask("a")
    rows.queue(processor, "a")
    assert asker.run().raised == 1
    assert rows.asked() == set()


def test_two_monitors_serve_a_request_once(db: Database, jobs: Jobs, rows: Rows) -> None:
    processor = rows.processor("p")
    ids = [f"job{number}" for number in range(50)]
    rows.queue(processor, *ids)
    requests.ask(db, ids)
    together, reports = threading.Barrier(3), []

    def serve() -> None:
        asker = Asker(db, jobs)
        together.wait(10)
        reports.append(asker.run())

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(report.raised for report in reports) == 50
    assert {row.priority for row in rows.all()} == {1}
    assert not any(report.problems for report in reports)


def test_it_ends_when_told(db: Database, jobs: Jobs, rows: Rows) -> None:
    stopping = threading.Event()
    stopping.set()
    rows.processor("p")
    requests.ask(db, ["a"])
    assert Priority(jobs, db, logging.getLogger("jobs")).run(stopping) == Report()
    assert len(rows.all(priorityjobs)) == 1
