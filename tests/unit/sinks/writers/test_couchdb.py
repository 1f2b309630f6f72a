"""The writer `couchdb`: every document once, in order, none overwritten, whatever becomes of answers and programs."""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import wait_for
from WardenServer.errors import Unreachable
from WardenServer.sinks.writers import couchdb
from WardenServer.sinks.writers.couchdb import CouchDB
from WardenServer.sinks.writers.couchdb_server import Refused
from WardenServer.sinks.writers.writer import Document


class Killed(BaseException):
    """The program ends here, without another word."""


class Memory:
    """A server in memory. Of each request something else becomes, as `fate` says: it is well where nothing is said."""

    def __init__(self, fate: Sequence[str] = (), there: dict[str, Any] | None = None) -> None:
        self.there = dict(there or {})
        self._fate = list(fate)
        self.gate = threading.Event()
        self.gate.set()
        self.asked = 0

    def put(self, id: str, text: str) -> bool:
        self.asked += 1
        assert self.gate.wait(20)
        fate = self._fate.pop(0) if self._fate else ""
        if fate in ("away", "killed before"):
            raise Unreachable("away") if fate == "away" else Killed
        if fate == "refused":
            raise Refused("is refused")
        if fate == "bug":
            raise KeyError("a mistake")
        is_new = id not in self.there
        if is_new:
            self.there[id] = json.loads(text)
        if fate == "answer lost":
            raise Unreachable("answer lost")
        if fate == "killed after":
            raise Killed
        return is_new

    def holds(self, id: str, text: str) -> bool:
        return bool(self.there[id] == json.loads(text))

    def close(self) -> None: ...


def writer_on(server: Memory, path: Path, **more: Any) -> CouchDB:
    writer = CouchDB("http://127.0.0.1:1", "daq", spool_file=path, **more)
    writer._server = server  # type: ignore[assignment]
    return writer


def made(name: str, minute: int, value: int) -> Document:
    return Document(name, 60.0 * minute + 1, {"x": value})


def deliver(server: Memory, path: Path, documents: Sequence[Document]) -> None:
    """Deliver all, in as many lives as it takes."""
    first = True
    while True:
        writer = writer_on(server, path)
        if first:
            writer._spool.add([couchdb._row(each) for each in documents])
            first = False
        try:
            while not writer._attempt():
                pass
            return
        except Killed:
            pass
        finally:
            writer._spool.close()


DOCUMENTS = st.lists(st.builds(made, st.sampled_from("ab_"), st.integers(1, 2), st.integers(0, 1)), max_size=8)
FATES = st.lists(st.sampled_from(["", "away", "answer lost", "killed before", "killed after"]), max_size=12)
OTHERS = st.lists(st.sampled_from(["a_1", "a_1_2", "a_2", "b_1_3", "-__1"]), unique=True)


LATE = [made("a", 1, 0), made("a", 2, 0), made("a", 1, 0)]


@settings(max_examples=50, deadline=None)
@example(LATE, ["", "", "away"], [])
@given(DOCUMENTS, FATES, OTHERS)
def test_every_document_comes_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, documents: list[Document], fate: list[str], others: list[str]
) -> None:
    there = {id: {"of": "another"} for id in others}
    server = Memory(fate, there)
    deliver(server, tmp_path_factory.mktemp("state") / "archive.db", documents)
    assert {id: server.there[id] for id in others} == there
    new = {id: found for id, found in server.there.items() if id not in there}
    assert len(new) == len(documents)
    for name, minute in {(each.name, each.minute) for each in documents}:
        expected = [each.fields["x"] for each in documents if (each.name, each.minute) == (name, minute)]
        first = f"{'-' if name == '_' else ''}{name}_{minute}"
        ids = [first, *(f"{first}_{place}" for place in range(2, 20))]
        found = [new[id] for id in ids if id in new]
        assert [each["x"] for each in found] == expected
        assert all(each["timestamp"] == minute for each in found)


def test_the_first_of_a_minute_has_the_plain_id_also_after_a_restart(tmp_path: Path) -> None:
    server = Memory()
    for _ in range(2):
        deliver(server, tmp_path / "archive.db", [made("rate", 7, 1), made("rate", 7, 1), made("rate", 8, 1)])
    assert list(server.there) == ["rate_7", "rate_7_2", "rate_8", "rate_7_3", "rate_7_4", "rate_8_2"]


def test_one_of_another_that_has_the_same_content_is_another_one(tmp_path: Path) -> None:
    server = Memory(["", "away"], {"a_1": {"timestamp": 1, "x": 0}})
    deliver(server, tmp_path / "archive.db", [made("a", 1, 0)])
    assert list(server.there) == ["a_1", "a_1_2"]


def test_a_document_keeps_its_own_timestamp_and_gets_no_name_that_couchdb_keeps(tmp_path: Path) -> None:
    server = Memory()
    deliver(server, tmp_path / "archive.db", [Document("_x", 60.0, {"timestamp": 3, "_deleted": True, "_id": "y"})])
    assert server.there == {"-_x_1": {"timestamp": 3, "-_deleted": True, "-_id": "y"}}


def test_a_name_that_no_text_can_hold_is_made_one(tmp_path: Path) -> None:
    server = Memory()
    deliver(server, tmp_path / "archive.db", [Document("\ud800", 60.0, {"x": 1})])
    assert server.there == {"?_1": {"timestamp": 1, "x": 1}}


@pytest.fixture
def server() -> Memory:
    return Memory()


@pytest.fixture
def writer(server: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CouchDB]:
    monkeypatch.setattr(couchdb, "PAUSES", (0.01, 0.01))
    made = writer_on(server, tmp_path / "archive.db")
    yield made
    server.gate.set()
    made.close()


def test_a_refused_document_is_lost_and_said_and_the_others_go_on(server: Memory, writer: CouchDB) -> None:
    server._fate = ["", "refused"]
    writer.write([made("a", 1, value) for value in range(3)])
    wait_for(lambda: len(server.there) == 2)
    writer.write([])
    assert [each["x"] for each in server.there.values()] == [0, 2]
    assert writer.lost == 1
    assert writer.notes == ["documents refused and lost: 1; the last: a_1_2 is refused"]
    assert writer.problem == ""


def test_while_the_server_is_away_documents_wait_and_that_is_said(server: Memory, writer: CouchDB) -> None:
    server._fate = ["away"] * 5
    server.gate.clear()
    writer.write([made("a", 1, value) for value in range(3)])
    writer.write([])
    assert list(writer.notes) == ["3 documents wait for CouchDB"]
    server.gate.set()
    wait_for(lambda: len(server.there) == 3)
    wait_for(lambda: not writer.problem)
    writer.write([])
    assert (writer.notes, writer.lost) == ([], 0)


def test_a_mistake_of_ours_loses_nothing_and_is_said(
    server: Memory, writer: CouchDB, caplog: pytest.LogCaptureFixture
) -> None:
    server._fate = ["bug"] * 3 + ["away"]
    writer.write([made("a", 1, 1)])
    wait_for(lambda: len(server.there) == 1)
    assert [record.getMessage() for record in caplog.records] == [
        "documents cannot be delivered to CouchDB (KeyError); the log says more"
    ]


def test_a_server_that_hangs_holds_up_nobody_and_what_waits_is_there_in_the_next_life(
    server: Memory, writer: CouchDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couchdb, "LAST", 0.05)
    server.gate.clear()
    for value in range(100):
        writer.write([made("a", 1, value)])
    wait_for(lambda: server.asked == 1)
    thread = writer._thread
    assert thread is not None
    writer.close()
    assert thread.is_alive(), "it hangs, and nobody waits for it"
    server.gate.set()
    thread.join(10)
    assert not thread.is_alive()
    deliver(server, tmp_path / "archive.db", [])
    assert [each["x"] for each in server.there.values()] == list(range(100))


def test_what_is_new_at_the_end_is_delivered_and_it_may_go_on_after_that(server: Memory, writer: CouchDB) -> None:
    for value in range(3):
        writer.write([made("a", 1, value)])
        writer.close()
        assert len(server.there) == value + 1
    writer.close()


def test_too_many_that_wait_are_counted_as_lost(server: Memory, tmp_path: Path) -> None:
    server.gate.clear()
    writer = writer_on(server, tmp_path / "archive.db", spool="100 kB")
    for value in range(20):
        writer.write([Document("a", 60.0, {"x": value, "text": "x" * 10_000})])
    writer.write([])
    assert 10 <= writer.lost < 15
    server.gate.set()
    writer.close()
    assert max(each["x"] for each in server.there.values()) == 19


def test_ids_that_are_all_taken_are_no_endless_loop(server: Memory, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(couchdb, "MOST", 5)
    server.there = {id: {} for id in ("a_1", *(f"a_1_{place}" for place in range(2, 9)))}
    deliver(server, tmp_path / "archive.db", [made("a", 1, 1), made("b", 1, 1)])
    assert server.asked == 6
    assert "b_1" in server.there
