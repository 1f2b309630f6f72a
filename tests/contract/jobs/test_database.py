"""The database opens what there is: nothing, Socorro's tables, our own; and says in one sentence what is wrong."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select, text, update

from tests.system.relay import Relay
from tests.unit.plugins.jobs.rows import Rows
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.jobs import claiming, processors, queueing
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.tables import VERSION, jobs_schema
from WardenServer.plugins.common.jobs.tables import jobs as table
from WardenServer.plugins.common.jobs.tables import processors as processors_table
from WardenServer.servers import database

#: Socorro's own tables of 2009, with two processors and a job in each state.
SOCORRO = """
CREATE TABLE processors (id {serial}, name varchar(255) NOT NULL UNIQUE, startdatetime timestamp NOT NULL,
    lastseendatetime timestamp);
CREATE TABLE jobs (id {serial}, pathname varchar(1024) NOT NULL, uuid varchar(50) NOT NULL UNIQUE, owner integer,
    priority integer DEFAULT 0, queueddatetime timestamp, starteddatetime timestamp, completeddatetime timestamp,
    success boolean, message text, FOREIGN KEY (owner) REFERENCES processors (id));
CREATE INDEX jobs_owner_key ON jobs (owner);
CREATE INDEX jobs_success_key ON jobs (success);
CREATE TABLE priorityjobs (uuid varchar(255) NOT NULL PRIMARY KEY);
CREATE TABLE priority_jobs_1 (uuid varchar(50) NOT NULL PRIMARY KEY);
INSERT INTO processors (name, startdatetime, lastseendatetime) VALUES
    ('one_1', '2009-11-20 10:00:00', '2009-11-20 10:05:00'), ('two_2', '2009-11-20 10:00:00', NULL);
INSERT INTO jobs (pathname, uuid, owner, queueddatetime, starteddatetime, completeddatetime, success, message) VALUES
    ('', 'waits', 1, '2009-11-20 10:01:00', NULL, NULL, NULL, NULL),
    ('', 'runs', 1, '2009-11-20 10:01:00', '2009-11-20 10:02:00.5', NULL, NULL, NULL),
    ('', 'done', 2, '2009-11-20 10:01:00', '2009-11-20 10:02:00', '2009-11-20 10:03:00', {true}, 'fine');
INSERT INTO priorityjobs VALUES ('waits');
"""


@contextmanager
def plain(url: str) -> Iterator[Callable[[str], Any]]:
    """The database without our code."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as file:
            yield file.executescript
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection.execute


@pytest.fixture
def socorro(url: str) -> None:
    words = {"sqlite": ("integer PRIMARY KEY", "1"), "postgresql": ("serial PRIMARY KEY", "true")}
    serial, true = words[url.split(":")[0]]
    with plain(url) as execute:
        execute(SOCORRO.format(serial=serial, true=true))


# -- what there is


@pytest.mark.usefixtures("socorro")
def test_socorros_tables_are_brought_up(db: Database, rows: Rows) -> None:
    ten = 1258711200.0  # 2009-11-20 10:00 UTC
    found = {row.uuid: row for row in rows.all()}
    assert set(found) == {"waits", "runs", "done"}
    done = found["done"]
    assert (done.success, done.message, done.completeddatetime) == (True, "fine", ten + 180)
    assert (done.attempts, done.token, done.signature) == (0, None, None)
    assert found["runs"].starteddatetime == ten + 120.5
    assert rows.asked() == {"waits"}
    with db.reading() as connection:
        assert connection.scalar(select(jobs_schema.c.version)) == VERSION


@pytest.mark.usefixtures("socorro")
def test_and_work_goes_on(db: Database, rows: Rows) -> None:
    mine = rows.processor("mine")
    with db.writing() as connection:
        connection.execute(update(table).values(owner=mine.id))
    assert rows.queue(mine, "n" * 255, "waits") == ["n" * 255]
    claims = claiming.claim(db, mine, 10)
    assert [each.id for each in claims] == ["waits", "n" * 255]
    assert claiming.finish(db, mine, [claiming.Outcome(each, True) for each in claims]) == []
    assert all(row.success for row in rows.all() if row.uuid != "runs")


@pytest.mark.usefixtures("socorro")
def test_a_processor_that_has_jobs_cannot_be_deleted(db: Database) -> None:
    with pytest.raises(Unreachable), db.writing() as connection:
        connection.execute(text("DELETE FROM processors WHERE id = 1"))


def test_what_is_newer_is_refused(url: str, db: Database) -> None:
    with db.writing() as connection:
        connection.execute(update(jobs_schema).values(version=VERSION + 1))
    with closing(Database(url)) as later, pytest.raises(Unreachable, match="was written by a newer release"):
        Rows(later).all()


def test_our_own_is_left_as_it_is(url: str, db: Database, rows: Rows) -> None:
    rows.queue(rows.processor("p"), "a")
    before = rows.all()
    with closing(Database(url)) as later:
        assert Rows(later).all() == before


@pytest.mark.parametrize("there", ["nothing", "Socorro's"])
def test_two_open_it_at_once(url: str, there: str, request: pytest.FixtureRequest) -> None:
    if there != "nothing":
        request.getfixturevalue("socorro")
    together = threading.Barrier(4)

    def count() -> int:
        with closing(Database(url)) as mine:
            together.wait(10)
            return len(Rows(mine).all())

    with ThreadPoolExecutor(4) as pool:
        found = [each.result(30) for each in [pool.submit(count) for _ in range(4)]]
    assert found == [0 if there == "nothing" else 3] * 4
    with closing(Database(url)) as mine, mine.reading() as connection:
        assert len(connection.execute(select(jobs_schema)).all()) == 1


# -- transactions


def test_all_of_a_transaction_or_nothing(db: Database, rows: Rows) -> None:
    with pytest.raises(ZeroDivisionError), db.writing() as connection:
        connection.execute(insert(processors_table).values(name="p", startdatetime=1e9))
        raise ZeroDivisionError
    assert rows.all(processors_table) == []


def test_the_time_is_the_databases(db: Database, rows: Rows) -> None:
    processor = rows.processor("p", age=100.0)
    rows.queue(processor, "a")
    (row,) = rows.all(processors_table)
    assert rows.job("a").queueddatetime - row.lastseendatetime == pytest.approx(100, abs=5)


def test_what_others_do_meanwhile_is_waited_for(url: str, db: Database, rows: Rows) -> None:
    rows.processor("p")
    with ThreadPoolExecutor(4) as pool:
        for number in range(40):
            pool.submit(processors.register, db, f"p{number}").add_done_callback(lambda done: done.result())
    assert len(rows.all(processors_table)) == 41


# -- what can be wrong with a file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    with closing(Database(f"sqlite:///{tmp_path}/state/jobs.db")) as made:
        yield made


def path_of(file: Database) -> Path:
    assert file.path is not None
    return file.path


def test_a_file_that_vanishes_is_made_anew(file: Database) -> None:
    rows = Rows(file)
    rows.queue(rows.processor("p"), "a")
    path_of(file).unlink()
    assert rows.all() == []
    rows.queue(rows.processor("p"), "b")
    assert [row.uuid for row in rows.all()] == ["b"]


def test_others_see_what_is_written_though_a_process_has_opened_it_twice(file: Database) -> None:
    look = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT name FROM processors').fetchall())"

    def seen_by_another_process() -> str:
        command = [sys.executable, "-c", look, str(path_of(file))]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout

    Rows(file).processor("first")
    with closing(Database(f"sqlite:///{path_of(file)}")) as second:
        Rows(second).all()
        assert "first" in seen_by_another_process()
        Rows(file).processor("later")
        assert "later" in seen_by_another_process()


def test_a_damaged_file(file: Database) -> None:
    path_of(file).parent.mkdir()
    path_of(file).write_text("this is no database" * 1000)
    with pytest.raises(Unreachable, match=r"the jobs' database .*jobs.db cannot be used \(file is not a database\)"):
        Rows(file).all()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with (
        closing(Database(f"sqlite:///{tmp_path}/state/jobs.db")) as made,
        pytest.raises(Unreachable, match="correct url"),
    ):
        Rows(made).all()


def test_locked_by_another_for_too_long(file: Database) -> None:
    rows = Rows(file)
    processor = rows.processor("p")
    with closing(sqlite3.connect(path_of(file), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match=r"cannot be used \(database is locked\); end what holds it"):
            queueing.queue(file, [Pair("a")], queueing.in_turn([processor.id]))
        assert rows.all() == []  # who only reads is not kept out
        other.execute("ROLLBACK")
    assert rows.queue(processor, "a") == ["a"]


def test_read_only(file: Database) -> None:
    rows = Rows(file)
    processor = rows.processor("p")
    with file.writing() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")  # as on a disk that has become so
    with pytest.raises(Unreachable, match=r"\(attempt to write a readonly database\)"):
        rows.queue(processor, "a")
    assert rows.all() == []


def test_a_full_disk(file: Database) -> None:
    rows = Rows(file)
    processor = rows.processor("p")
    with file.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 30")
    with pytest.raises(Unreachable, match=r"\(database or disk is full\)"):
        rows.queue(processor, *(f"{number:0200}" for number in range(1000)))
    assert rows.all() == []


# -- PostgreSQL over a network that fails


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_away_and_back(url: str) -> None:
    relay = Relay(int(url.rpartition(":")[2].partition("/")[0]))
    try:
        made = f"postgresql://warden@127.0.0.1:{relay.port}/{url.rpartition('/')[2]}"
        with closing(Database(made)) as remote:
            rows = Rows(remote)
            processor = rows.processor("p")
            relay.close()
            for _ in range(2):
                with pytest.raises(Unreachable, match=r"PostgreSQL at 127\.0\.0\.1 cannot be used"):
                    rows.queue(processor, "a")
            relay.open()
            assert rows.queue(processor, "a") == ["a"]
    finally:
        relay.end()


# -- URLs


@pytest.mark.parametrize(
    "url", ["", "jobs.db", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "oracle://h", "postgres"]
)
def test_urls_that_mean_nothing(url: str) -> None:
    with pytest.raises(SettingError) as told:
        Database(url)
    assert "secret" not in str(told.value)
    assert "sqlite:////FOLDER/jobs.db" in str(told.value)


def test_a_password_is_not_told(tmp_path: Path) -> None:
    url = "postgresql://warden:secret@127.0.0.1:1/jobs"
    with closing(Database(url)) as away, pytest.raises(Unreachable) as told:
        Rows(away).all()
    assert "secret" not in str(told.value)
