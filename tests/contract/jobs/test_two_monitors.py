"""Between a look at files and the row of their job, another monitor may have queued them, or cleaned up after them."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.jobs.rows import Monotonic, Rows, put
from WardenServer.plugins.common.jobs import queueing, requests
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair
from WardenServer.plugins.common.jobs.rounds import Priority, Standard
from WardenServer.plugins.common.jobs.storage.base import Found
from WardenServer.plugins.common.jobs.storage.steady import Steady

log = logging.getLogger("jobs")


@pytest.fixture
def cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the id "gone" go as soon as they have been looked at."""
    look: Callable[..., Pair | None] = Steady.settled

    def look_and_clean(self: Steady, found: Found, *more: Any) -> Pair | None:
        pair = look(self, found, *more)
        if pair is not None and found.id == "gone":
            for path in found.paths:
                path.unlink()
        return pair

    monkeypatch.setattr(Steady, "settled", look_and_clean)


@pytest.mark.usefixtures("cleaned")
@pytest.mark.parametrize("kind", [Standard, Priority])
def test_no_job_is_made_of_files_that_are_gone(
    kind: type[Standard | Priority], db: Database, jobs: Jobs, rows: Rows
) -> None:
    rows.processor("p")
    for id in ("gone", "there"):
        put(jobs, id)
    if kind is Priority:
        requests.ask(db, ["gone", "there"])
    clock = Monotonic()
    round = kind(jobs, db, log, clock)
    queued = []
    for _ in range(3):
        queued.append(round.run(threading.Event()).queued)
        clock.now += 2
    assert queued == [0, 1, 0]
    assert [row.uuid for row in rows.all()] == ["there"]
    assert rows.steps("gone") == ([] if kind is Standard else ["refused"])
    assert rows.asked() == set()


def test_new_ones_among_those_that_are_there_are_all_told(db: Database, rows: Rows) -> None:
    """Two monitors have walked through the same files."""
    processor = rows.processor("p")
    assert rows.queue(processor, "b", "d") == ["b", "d"]
    assert rows.queue(processor, "a", "b", "c", "d", "e") == ["a", "c", "e"]
    assert rows.queue(processor, "a", "b", "f", "e") == ["f"]
    assert rows.queue(processor, "a", "f") == []
    assert {id: rows.steps(id) for id in "abcdef"} == {id: ["queued"] for id in "abcdef"}


def test_a_link_to_nowhere_is_a_file_that_is_there(db: Database, rows: Rows, tmp_path: Path) -> None:
    """A broken link is moved as it is: nobody has cleaned it up."""
    (tmp_path / "link").symlink_to("nowhere")
    pair = Pair("a", f"{tmp_path}/a", file=str(tmp_path / "link"))
    assert queueing.queue(db, [pair], queueing.in_turn([rows.processor("p").id])) == ["a"]
