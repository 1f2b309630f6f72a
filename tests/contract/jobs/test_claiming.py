"""Processors: they get jobs, each job once, the urgent and the old ones first; who comes back late changes nothing."""

import dataclasses
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as some
from sqlalchemy import delete, update

from tests.unit.plugins.jobs.rows import Rows
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.jobs import claiming, processors, queueing, steps
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair, ProcessorGone
from WardenServer.plugins.common.jobs.tables import jobs as table
from WardenServer.plugins.common.jobs.tables import late_results
from WardenServer.plugins.common.jobs.tables import processors as processors_table


@pytest.fixture
def processor(rows: Rows) -> Processor:
    return rows.processor("p")


# -- processors


def test_a_name_is_taken_once(rows: Rows, db: Database, processor: Processor) -> None:
    with pytest.raises(Unreachable):
        processors.register(db, "p")
    assert len(rows.all(processors_table)) == 1


def test_a_number_is_never_given_twice(rows: Rows, db: Database, processor: Processor) -> None:
    with db.writing() as connection:
        connection.execute(delete(processors_table))
    assert rows.processor("p").id > processor.id


def test_check_in_says_whether_it_is_known(rows: Rows, db: Database, processor: Processor) -> None:
    rows.seen(processor, 15.0)
    with db.reading() as connection:
        assert processors.live(connection, 10.0) == []
    assert processors.check_in(db, processor)
    with db.reading() as connection:
        assert processors.live(connection, 10.0) == [processor.id]
    with db.writing() as connection:
        connection.execute(delete(processors_table))
    assert not processors.check_in(db, processor)


def test_loads(rows: Rows, db: Database, processor: Processor) -> None:
    idle, stale, left = rows.processor("idle"), rows.processor("stale", 15.0), rows.processor("left")
    rows.queue(processor, "a", "b")
    rows.queue(stale, "c")
    rows.add("d", processor, success=False)
    processors.leave(db, left)
    with db.reading() as connection:
        assert processors.loads(connection, 10.0) == {processor.id: 2, idle.id: 0}


# -- queueing


def test_what_is_there_stays_as_it_is(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    before = rows.job("a")
    pairs = [Pair("a", "/elsewhere"), Pair("b"), Pair("b", "/twice")]
    assert queueing.queue(db, pairs, queueing.in_turn([processor.id])) == ["b"]
    assert rows.job("a") == before
    assert rows.job("b").pathname == ""
    assert (rows.steps("a"), rows.steps("b")) == (["queued"], ["queued"])


def test_nothing_to_queue(rows: Rows, db: Database) -> None:
    assert queueing.queue(db, [], iter(())) == []


def test_a_processor_that_is_gone_gets_nothing(rows: Rows, db: Database, processor: Processor) -> None:
    owners = queueing.in_turn([processor.id, processor.id + 1])
    with pytest.raises(ProcessorGone):
        queueing.queue(db, [Pair("a"), Pair("b")], owners)
    assert rows.all() == []
    assert rows.steps("a") == []


@hypothesis.settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(id=some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=255))
@hypothesis.example(id="'; DROP TABLE jobs; --")
@hypothesis.example(id="%s %(uuid)s :uuid {} \\ \n \U0001f600")
def test_any_id_comes_back_as_it_was(rows: Rows, db: Database, processor: Processor, id: str) -> None:
    with db.writing() as connection:
        connection.execute(delete(table))
    assert rows.queue(processor, id) == [id]
    (claim,) = claiming.claim(db, processor, 1)
    assert (claim.id, claim.pathname) == (id, f"/data/{id}")
    assert claiming.finish(db, processor, [Outcome(claim, True, id)]) == []
    assert rows.job(id).message == id


@pytest.mark.parametrize("bad", ["a\ud800", "a\0"])
def test_a_text_that_cannot_be_kept_costs_nothing(
    rows: Rows, db: Database, processor: Processor, bad: str, server: str
) -> None:
    if not server and "\0" in bad:
        pytest.skip("SQLite keeps it")
    with pytest.raises((Unreachable, ValueError)):
        rows.queue(processor, "good", bad)
    assert rows.all() == []


# -- claiming


def test_the_urgent_ones_first_then_the_old_ones(rows: Rows, db: Database, processor: Processor) -> None:
    for id, priority, queued in (("new", 0, 30), ("old", 0, 10), ("same", 0, 10), ("urgent", 2, 40), ("asked", 1, 5)):
        rows.add(id, processor, priority=priority, queueddatetime=1e9 + queued)
    assert [each.id for each in claiming.claim(db, processor, 3)] == ["urgent", "asked", "old"]
    assert [each.id for each in claiming.claim(db, processor, 3)] == ["same", "new"]
    assert claiming.claim(db, processor, 3) == []
    assert claiming.claim(db, processor, 0) == []


def test_nobody_gets_anothers(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    assert claiming.claim(db, rows.processor("other"), 10) == []


def test_each_job_is_begun_once(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, *(f"{number:03}" for number in range(200)))
    together = threading.Barrier(4)

    def work() -> list[str]:
        together.wait(10)
        done = []
        while claims := claiming.claim(db, processor, 3):
            done += [each.id for each in claims]
            assert claiming.finish(db, processor, [Outcome(each, True) for each in claims]) == []
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [id for each in [pool.submit(work) for _ in range(4)] for id in each.result(60)]
    assert Counter(done) == {f"{number:03}": 1 for number in range(200)}
    assert all(row.success and row.attempts == 1 for row in rows.all())


def test_an_end_is_written(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a", "b")
    first, second = claiming.claim(db, processor, 2)
    assert claiming.finish(db, processor, [Outcome(first, True, "fine"), Outcome(second, False, "exit code 3")]) == []
    good, bad = rows.job("a"), rows.job("b")
    assert (good.success, good.message, bad.success, bad.message) == (True, "fine", False, "exit code 3")
    assert good.completeddatetime >= good.starteddatetime >= good.queueddatetime
    assert (rows.steps("a"), rows.steps("b")) == (["queued", "started", "succeeded"], ["queued", "started", "failed"])
    assert rows.reasons("b")[-1] == "exit code 3"


def test_a_long_message_keeps_its_end(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    claiming.finish(db, processor, [Outcome(claim, False, "\0\ud800" + "x" * 10_000 + "the end")])
    message = rows.job("a").message
    assert len(message) == steps.LONGEST
    assert message.startswith("... x")
    assert message.endswith("the end")


@pytest.mark.parametrize("how", ["with a token of before", "after it was given to another"])
def test_who_comes_late_changes_nothing(rows: Rows, db: Database, processor: Processor, how: str) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    if how == "with a token of before":
        claiming.hand_back(db, processor, [claim], "")
        claiming.claim(db, processor, 1)
    else:
        other = rows.processor("other")
        with db.writing() as connection:
            connection.execute(update(table).values(owner=other.id))
    before = rows.job("a")
    assert claiming.finish(db, processor, [Outcome(claim, False, "late")]) == ["a"]
    assert rows.job("a") == before
    (late,) = rows.all(late_results)
    assert (late.uuid, late.owner, late.token, late.success, late.message) == (
        "a", processor.id, claim.token, False, "late",
    )  # fmt: skip
    assert rows.steps("a")[-1] == "late"


def test_what_is_said_again_since_its_answer_was_lost_is_no_late_result(
    rows: Rows, db: Database, processor: Processor
) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    outcome = Outcome(claim, True, "first")
    assert [claiming.finish(db, processor, [outcome]) for _ in range(2)] == [[], []]
    assert rows.all(late_results) == []
    assert rows.steps("a") == ["queued", "started", "succeeded"]


def test_what_is_handed_back_was_not_begun(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    claiming.hand_back(db, processor, [claim], "told to stop")
    row = rows.job("a")
    assert (row.starteddatetime, row.token, row.attempts) == (None, None, 0)
    assert rows.reasons("a")[-1] == "told to stop"
    claiming.hand_back(db, processor, [claim], "again")
    assert rows.steps("a") == ["queued", "started", "returned"]


def test_files_that_have_changed_wait_again(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    claiming.put_again(db, processor, claim, "new signature", "it grew")
    again = claiming.claim(db, processor, 1)[0]
    assert (again.signature, again.attempt) == ("new signature", 2)
    assert rows.steps("a") == ["queued", "started", "changed", "started"]
    claiming.put_again(db, processor, claim, "old", "late")
    assert rows.job("a").signature == "new signature"


def test_the_last_output_is_kept_while_it_runs(rows: Rows, db: Database, processor: Processor) -> None:
    rows.queue(processor, "a")
    (claim,) = claiming.claim(db, processor, 1)
    claiming.note_output(db, claim, "half way")
    assert rows.job("a").message == "half way"
    claiming.note_output(db, dataclasses.replace(claim, token="of another"), "lies")
    assert rows.job("a").message == "half way"
    claiming.finish(db, processor, [Outcome(claim, True, "done")])
    claiming.note_output(db, claim, "late")
    assert rows.job("a").message == "done"
