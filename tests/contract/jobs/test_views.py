"""What people see of jobs is the same on SQLite and PostgreSQL: lists, reasons, numbers, and jobs that go back."""

import itertools
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, insert, select, update

from WardenServer.plugins.common.jobs import again, claiming, configuration, looking, processors, status, why, workers
from WardenServer.plugins.common.jobs.claiming import Claim, Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.looking import State, Wanted
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair, queue
from WardenServer.plugins.common.jobs.steps import Step, note
from WardenServer.plugins.common.jobs.tables import jobs, late_results, priorityjobs, server_status
from WardenServer.plugins.common.jobs.tables import processors as processor_table
from WardenServer.plugins.common.jobs.times import ago

#: Ids that strangers may choose.
ODD = ["it's", 'a "quote"', "new\nline", "50%_\\", "<script>", "ä/ß", "x" * 255]
#: Ids that no table can hold.
IMPOSSIBLE = ["", "nul\0", "half \ud800", "x" * 256]


class Queue:
    """A queue of the test's own, with a storage."""

    def __init__(self, database: Database, settings: configuration.Jobs) -> None:
        self.database, self.settings = database, settings

    def add(self, *ids: str, owner: Processor, priority: int = 0, files: bool = True) -> None:
        pairs = [Pair(id, f"{self.settings.storage}/{id}") for id in ids]
        assert queue(self.database, pairs, itertools.repeat(owner.id), priority, "its files are there") == list(ids)
        for id in ids if files else ():
            self.write(id)

    def write(self, id: str) -> None:
        path = self.settings.storage / id
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix in self.settings.suffixes:
            path.with_name(path.name + suffix).touch()

    def processor(self, name: str = "one") -> Processor:
        return processors.register(self.database, name)

    def claim(self, owner: Processor, most: int = 1) -> list[Claim]:
        return claiming.claim(self.database, owner, most)

    def end(self, owner: Processor, claims: list[Claim], success: bool = True, message: str = "") -> None:
        claiming.finish(self.database, owner, [Outcome(claim, success, message) for claim in claims])

    def do(self, *asked: Any) -> None:
        with self.database.writing() as connection:
            for each in asked:
                connection.execute(each)

    def ids(self, most: int = 100, **wanted: Any) -> list[str]:
        return [job.id for job in looking.newest(self.database, Wanted(**wanted), most)]

    def why(self, id: str) -> str:
        return " ".join(why.why(self.database, self.settings, id).now)

    def look(self, window: float = 3600.0) -> status.Status:
        return status.server_status(self.database, self.settings, window)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str:
    """The URL of PostgreSQL; "" for SQLite."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def here(server: str, tmp_path: Path) -> Iterator[Queue]:
    """A queue in a database of its own."""
    said: dict[str, Any] = {"storage": str(tmp_path / "data"), "folder": str(tmp_path / "jobs"), "pattern": "**"}
    (tmp_path / "data").mkdir()
    if server:
        name = f"v{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        said["url"] = server.rpartition("/")[0] + f"/{name}"
    settings = configuration.read(said)
    with closing(Database(settings.url)) as database:
        yield Queue(database, settings)


def only_gone(id: str, pathname: str) -> str:
    return "its files are gone" if id == "gone" else ""


# -- lists


def test_the_newest_come_first_and_can_be_narrowed(here: Queue) -> None:
    one, two = here.processor("one"), here.processor("two")
    here.add("a", "b", "c", owner=one)
    here.add("d", owner=two)
    first, second = here.claim(one, 2)
    here.end(one, [first])
    here.end(one, [second], False, "Exit code 3")
    here.claim(two)
    assert here.ids() == ["d", "c", "b", "a"]
    assert here.ids(most=2) == ["d", "c"]
    assert {state: here.ids(state=state) for state in State} == {
        State.WAITING: ["c"], State.RUNNING: ["d"], State.DONE: ["a"], State.FAILED: ["b"],
    }  # fmt: skip
    assert here.ids(owner="two") == ["d"]
    assert here.ids(match="exit CODE") == ["b"]
    assert here.ids(before=looking.newest(here.database, Wanted(), 2)[1].number) == ["b", "a"]
    assert here.ids(state=State.WAITING, owner="two") == []


def test_since_is_of_what_happened_last(here: Queue) -> None:
    one = here.processor()
    here.add("old", "ended", "new", owner=one)
    here.do(update(jobs).where(jobs.c.uuid != "new").values(queueddatetime=ago(7200.0)))
    here.do(update(jobs).where(jobs.c.uuid == "ended").values(completeddatetime=ago(60.0), success=True))
    assert here.ids(since=3600.0) == ["new", "ended"]
    assert here.ids(since=10.0) == ["new"]


def test_odd_ids_are_found_as_they_are(here: Queue) -> None:
    here.add(*ODD, owner=here.processor(), files=False)
    assert here.ids() == ODD[::-1]
    for id in ODD:
        job = looking.one(here.database, id)
        assert job is not None and (job.id, job.state, job.owner) == (id, State.WAITING, "one")
        assert id in here.ids(match=id)
    assert here.ids(match="%") == ["50%_\\"]
    assert looking.states(here.database, [*ODD, *IMPOSSIBLE, "unknown"]) == dict.fromkeys(ODD, State.WAITING)


@pytest.mark.parametrize("id", IMPOSSIBLE)
def test_what_can_be_no_id_is_unknown(here: Queue, id: str) -> None:
    assert looking.one(here.database, id) is None
    assert looking.told(here.database, id) == []
    assert not looking.requested(here.database, id)
    assert again.these(here.database, [id], only_gone, "").refused == {id: "no job has this id"}
    assert here.ids(match=id, owner=id) == []


def test_a_job_is_whole(here: Queue) -> None:
    one = here.processor()
    here.add("a", owner=one, priority=2)
    here.end(one, here.claim(one), False, "Exit code 3")
    job = looking.one(here.database, "a")
    assert job is not None
    assert (job.priority, job.attempts, job.message) == (2, 1, "Exit code 3")
    assert job.pathname == f"{here.settings.storage}/a"
    times = [at for at in (job.found, job.queued, job.started, job.completed) if at is not None]
    assert len(times) == 4 and max(times) - min(times) < 60
    assert [(each.step, each.processor) for each in looking.told(here.database, "a")] == [
        ("queued", None), ("started", "one"), ("failed", "one"),
    ]  # fmt: skip


def test_processors_with_what_they_have_to_do(here: Queue) -> None:
    one, two, three = (here.processor(name) for name in ("one", "two", "three"))
    here.add("a", "b", "c", owner=one)
    here.claim(one)
    limit = here.settings.check_in
    for who, age in ((two, 1.5 * limit), (three, 3 * limit)):
        seen = update(processor_table).where(processor_table.c.id == who.id)
        here.do(seen.values(lastseendatetime=ago(age)))
    found = workers.workers(here.database, limit)
    assert [(each.name, each.state, each.waiting, each.running) for each in found] == [
        ("one", "live", 2, 1), ("two", "quiet", 0, 0), ("three", "dead", 0, 0),
    ]  # fmt: skip


# -- why


def test_why_a_job_waits(here: Queue) -> None:
    one = here.processor()
    here.add("a", "b", owner=one)
    here.add("urgent", owner=one, priority=1)
    assert here.why("b").startswith("It waits; 2 jobs of the same processor come before it.")
    assert here.why("a").startswith("It waits; 1 job of the same processor comes before it.")
    assert here.why("urgent").startswith("It waits; no job of the same processor comes before it.")
    assert "Its processor is one, which is alive." in here.why("a")
    processors.leave(here.database, one)
    assert "no processor is alive: start one with `warden jobs work`" in here.why("a")
    here.processor("two")
    assert "see that the monitor runs" in here.why("a")


def test_why_of_what_runs_and_has_ended(here: Queue) -> None:
    one = here.processor()
    here.add("a", "b", owner=one)
    claims = here.claim(one, 2)
    assert here.why("a").startswith("It is running, attempt 1 of 3.")
    here.end(one, claims[:1])
    here.end(one, claims[1:], False, "exit code 3: no such file")
    assert here.why("a") == "It is done."
    assert here.why("b") == "It has failed: exit code 3: no such file. Have it done again with `warden jobs retry`."


def test_every_step_is_a_sentence(here: Queue) -> None:
    with here.database.writing() as connection:
        for step in Step:
            note(connection, step, ["a"], "the reason", "one")
    account = why.why(here.database, here.settings, "a")
    said = [sentence for _, sentence in account.steps]
    assert account.is_known
    assert len(set(said)) == len(Step)
    assert all(each.endswith(": the reason.") and "{" not in each for each in said)
    assert "Processor one began it: the reason." in said
    assert why.sentence(looking.Told(0.0, "flown", "", None)) == (
        'Something happened that a later release calls "flown".'
    )


def test_why_of_a_job_whose_row_is_gone(here: Queue) -> None:
    one = here.processor()
    here.add("a", owner=one, files=False)
    here.do(delete(jobs))
    account = why.why(here.database, here.settings, "a")
    assert account.is_known
    assert account.now[0] == "The queue has it no longer."
    assert [sentence for _, sentence in account.steps] == ["It was queued: its files are there."]


def test_why_of_what_nobody_knows(here: Queue) -> None:
    assert "has no file of it; see that the id is right" in here.why("a")
    assert not why.why(here.database, here.settings, "a").is_known
    (here.settings.storage / "a.json").touch()
    assert "has some of its files, but not a.dump" in here.why("a")
    here.write("a")
    assert "All of its files are in" in here.why("a")
    assert "The monitor queues it soon" in here.why("a")
    here.do(insert(priorityjobs).values(uuid="a"))
    assert "Somebody has asked for it" in here.why("a")


def test_why_where_the_storages_cannot_tell(here: Queue, tmp_path: Path) -> None:
    here.settings = replace(here.settings, deferred=tmp_path / "none", pattern="*")
    said = here.why("a/b")
    assert f"Of {here.settings.storage}: 'a/b' can be no id here: it does not match" in said
    assert f"{tmp_path}/none cannot be looked at (No such file or directory); mount it" in said
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "c.json").touch()
    (tmp_path / "none" / "c.dump").touch()
    assert "From there it is taken only on request: `warden jobs prioritize`." in here.why("c")


# -- back to the queue


def test_jobs_that_have_ended_go_back(here: Queue) -> None:
    one = here.processor()
    here.add("good", "bad", "gone", "runs", "waits", owner=one)
    for claim, success in zip(here.claim(one, 3), (True, False, False), strict=True):
        here.end(one, [claim], success, "said")
    here.claim(one)
    here.do(update(jobs).values(queueddatetime=ago(7200.0), founddatetime=ago(7200.0)))
    asked = ["good", "bad", "gone", "runs", "waits", "unknown", "bad"]
    done = again.these(here.database, asked, only_gone, "somebody asked")
    assert done.ids == ["good", "bad"]
    assert done.refused == {
        "gone": "its files are gone", "runs": "it is running", "waits": "it waits already",
        "unknown": "no job has this id",
    }  # fmt: skip
    job = looking.one(here.database, "bad")
    assert job is not None
    assert (job.state, job.owner, job.attempts, job.started, job.completed, job.message) == (
        State.WAITING, "one", 0, None, None, "",
    )  # fmt: skip
    assert looking.told(here.database, "bad")[-1].step == "retried"
    assert {claim.id for claim in here.claim(one, 9)} == {"waits", "good", "bad"}
    assert here.look().oldest_queued == pytest.approx(here.look().now - 7200, abs=60), "those that ran and waited"


def test_all_that_have_failed_go_back_in_portions(here: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "PORTION", 3)
    one = here.processor()
    ids = [f"{number:02d}" for number in range(10)]
    here.add(*ids, "gone", "good", owner=one, files=False)
    claims = here.claim(one, 12)
    here.end(one, claims[:11], False, "exit code 3")
    here.end(one, claims[11:])
    narrowed = again.failed(here.database, Wanted(match="05"), only_gone, "")
    assert narrowed.ids == ["05"]
    some = again.failed(here.database, Wanted(), only_gone, "", most=4)
    assert some.ids == ["00", "01", "02", "03", "04", "06"], "whole portions"
    done = again.failed(here.database, Wanted(since=60.0), only_gone, "")
    assert (done.ids, done.refused) == (["07", "08", "09"], {"gone": "its files are gone"})
    assert here.ids(state=State.FAILED) == ["gone"]
    assert here.ids(state=State.DONE) == ["good"]


def test_files_are_looked_at_before_a_job_goes_back(here: Queue) -> None:
    one = here.processor()
    here.add("there", owner=one)
    here.add("gone", owner=one, files=False)
    here.end(one, here.claim(one, 2), False)
    done = again.failed(here.database, Wanted(), again.trouble_of(here.settings), "")
    assert (done.ids, done.refused) == (["there"], {"gone": "its files are gone"})


# -- numbers


def test_of_an_empty_queue(here: Queue) -> None:
    now = here.look()
    assert (now.waiting, now.running, now.done, now.failed, now.late, now.processors, now.dead) == (0,) * 7
    assert (now.rate, now.process_time, now.wait_time) == (0.0, 0.0, 0.0)
    assert (now.finish, now.latency, now.latency_max, now.latency_p95) == (None,) * 4
    assert (now.recently_completed, now.oldest_queued) == (None, None)


def test_numbers(here: Queue) -> None:
    one, two = here.processor(), here.processor("two")
    processors.leave(here.database, two)
    here.add(*"abcdef", owner=one, files=False)
    claims = here.claim(one, 5)
    here.end(one, claims[:3])
    here.end(one, claims[3:4], False)
    times = {"founddatetime": ago(100.0), "queueddatetime": ago(90.0), "starteddatetime": ago(30.0)}
    here.do(update(jobs).where(jobs.c.uuid.in_(list("abc"))).values(**times, completeddatetime=ago(10.0)))
    here.do(update(jobs).where(jobs.c.uuid == "d").values(**times, completeddatetime=ago(7200.0)))  # before the window
    here.do(update(jobs).where(jobs.c.uuid == "f").values(queueddatetime=ago(500.0)))
    here.do(insert(late_results).values(uuid="z", owner=1, token="t", completeddatetime=ago(), success=True))
    now = here.look()
    assert (now.waiting, now.running, now.done, now.failed, now.late) == (1, 1, 4, 1, 1)
    assert (now.processors, now.dead) == (1, 0), "two has left, and has nothing to do"
    here.add("g", owner=two, files=False)
    assert here.look().dead == 1
    assert now.rate == pytest.approx(4 * 60), "in the least span of a minute"
    assert now.finish == pytest.approx(now.now + 2 / 240 * 3600)
    for found, wanted in (
        (now.latency, 90), (now.latency_max, 90), (now.latency_p95, 90), (now.process_time, 20), (now.wait_time, 80)
    ):  # fmt: skip
        assert found == pytest.approx(wanted, abs=0.1)
    assert now.now - (now.recently_completed or 0) == pytest.approx(10, abs=5)
    assert now.now - (now.oldest_queued or 0) == pytest.approx(500, abs=5)
    assert here.look(window=5.0).latency is None


def test_the_rate_counts_jobs_whose_rows_are_gone(here: Queue) -> None:
    one = here.processor()
    here.add("a", "b", owner=one, files=False)
    here.end(one, here.claim(one, 2))
    here.do(delete(jobs))
    assert (here.look().done, here.look().rate) == (2, 120.0)


def test_a_clock_that_was_set_back_makes_no_negative_times(here: Queue) -> None:
    one = here.processor()
    here.add("a", owner=one, files=False)
    here.end(one, here.claim(one))
    here.do(update(jobs).values(founddatetime=ago(-50.0), starteddatetime=ago(-50.0), queueddatetime=None))
    assert (here.look().latency, here.look().process_time, here.look().wait_time) == (0.0, 0.0, 0.0)


def test_the_95th_of_a_hundred(here: Queue) -> None:
    one = here.processor()
    here.add(*(f"{number}" for number in range(100)), owner=one, files=False)
    for number, claim in enumerate(here.claim(one, 100)):
        here.end(one, [claim])
        here.do(update(jobs).where(jobs.c.uuid == claim.id).values(founddatetime=ago(float(number))))
    now = here.look()
    assert now.latency_p95 == pytest.approx(95, abs=2)
    assert now.latency_max == pytest.approx(99, abs=2)


def test_the_numbers_can_be_written_into_socorros_table(here: Queue) -> None:
    one = here.processor()
    here.add("a", owner=one, files=False)
    now = here.look()
    status.write(here.database, now)
    with here.database.reading() as connection:
        row = connection.execute(select(server_status)).one()
    assert (row.waiting_job_count, row.processors_count, row.date_recently_completed) == (1, 1, None)
    assert row.date_oldest_job_queued == pytest.approx(now.oldest_queued)
    assert row.date_created == pytest.approx(now.now)
