import itertools

import pytest

from WardenServer.errors import Unreachable
from WardenServer.jobs.work import results
from WardenServer.jobs.work.job import How, Result
from WardenServer.jobs.work.results import SHORT, Ended, Results, quoted
from WardenServer.jobs.work.rows import is_any_left
from WardenServer.plugins.common.jobs import claiming, processors, queueing
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.tables import jobs as table

IDS = ["good", "bad", "changed", "back", "back2"]


@pytest.fixture
def processor(database: Database) -> Processor:
    made = processors.register(database, "me")
    queueing.queue(database, [Pair(id) for id in IDS], itertools.repeat(made.id))
    return made


def row(database: Database, id: str) -> object:
    with database.reading() as connection:
        found = connection.execute(table.select().where(table.c.uuid == id)).one()
        return found.success, found.message, found.attempts, found.starteddatetime is None, found.signature


def test_each_kind_is_written(database: Database, processor: Processor) -> None:
    waiting = Results(database)
    ended = {
        "good": Result(How.DONE, "fine"), "bad": Result(How.FAILED, "why"), "changed": Result(How.CHANGED, "", "new"),
        "back": Result(How.RETURNED, "stop"), "back2": Result(How.RETURNED, "stop"),
    }  # fmt: skip
    for claim in claiming.claim(database, processor, 10):
        waiting.add(Ended(claim, processor, ended[claim.id]))
    assert [[claim.id for claim in waiting.write()] for _ in range(4)] == [["good", "bad"], ["changed"], IDS[3:], []]
    assert len(waiting) == 0
    assert row(database, "good") == (True, "fine", 1, False, "")
    assert row(database, "bad") == (False, "why", 1, False, "")
    assert row(database, "changed") == (None, None, 1, True, "new")
    assert row(database, "back") == (None, None, 0, True, "")
    assert is_any_left(database)


def test_they_wait_while_the_database_is_away(
    database: Database, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Results(database)
    for claim in claiming.claim(database, processor, 10):
        waiting.add(Ended(claim, processor, Result(How.DONE)))

    def away(*said: object) -> None:
        raise Unreachable("away")

    with monkeypatch.context() as patched:
        patched.setattr(results.claiming, "finish", away)
        with pytest.raises(Unreachable):
            waiting.write()
    assert len(waiting) == len(IDS)
    assert len(waiting.write()) == len(IDS)
    assert not is_any_left(database)


def test_texts_of_strangers_take_one_line() -> None:
    assert quoted('a\n"b"') == '"a\\n\\"b\\""'
    assert len(quoted("x" * 10_000)) == SHORT + 5
