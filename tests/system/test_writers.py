"""Writers with the real things: a CouchDB that is cut off in every way, kill -9, and an output that is closed."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import wait_for
from tests.system import relay as fates
from tests.system.conftest import clean_environment, new_name
from tests.system.pouchdb import PouchDB
from tests.system.relay import Relay
from WardenServer.sinks.writers import couchdb, couchdb_server
from WardenServer.sinks.writers.couchdb import CouchDB
from WardenServer.sinks.writers.writer import Document

MINUTE = 28_000_000


class Database:
    """One database of the server, as the test sees it."""

    def __init__(self, url: str) -> None:
        self.name = new_name("writers")
        self._client = httpx.Client(base_url=f"{url}/{self.name}", trust_env=False, timeout=10)

    def all(self) -> dict[str, Any]:
        answer = self._client.get("_all_docs", params={"include_docs": "true"}).json()
        return {row["id"]: row["doc"] for row in answer.get("rows", ())}

    def count(self) -> int:
        return int(self._client.get("").json().get("doc_count", 0))

    def of(self, name: str) -> list[int]:
        """The numbers in the documents of a name, in the order of their ids."""
        found = {id: each for id, each in self.all().items() if id.startswith(f"{name}_")}
        ids = sorted(found, key=lambda id: [int(part) for part in id.split("_")[1:]])
        return [found[id]["n"] for id in ids]

    def put(self, id: str, document: dict[str, Any]) -> None:
        self._client.put("")
        self._client.put(id, json=document).raise_for_status()

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def database(pouchdb: PouchDB) -> Iterator[Database]:
    made = Database(pouchdb.url)
    yield made
    made.close()


@pytest.fixture
def relay(pouchdb: PouchDB) -> Iterator[Relay]:
    made = Relay(int(pouchdb.url.rpartition(":")[2]))
    yield made
    made.end()


@pytest.fixture
def writer(relay: Relay, database: Database, tmp_path: Path) -> Iterator[CouchDB]:
    made = CouchDB(f"http://127.0.0.1:{relay.port}", database.name, spool_file=tmp_path / "archive.db")
    yield made
    relay.change(fates.THROUGH)
    made.close()


def documents(name: str, numbers: range) -> list[Document]:
    """Several in each minute."""
    return [Document(name, 60.0 * (MINUTE + number // 7), {"n": number}) for number in numbers]


def test_the_first_document_of_a_minute_has_the_plain_id_and_none_is_overwritten(
    database: Database, writer: CouchDB
) -> None:
    other = {"n": 0, "timestamp": MINUTE}
    for id in (f"rate_{MINUTE}", f"rate_{MINUTE}_3"):
        database.put(id, other)
    there = database.all()
    writer.write(documents("rate", range(3)))
    wait_for(lambda: database.count() == 5)
    found = database.all()
    assert {id: found[id] for id in there} == there
    assert [found[f"rate_{MINUTE}_{place}"]["n"] for place in (2, 4, 5)] == [0, 1, 2]
    assert found[f"rate_{MINUTE}_2"]["timestamp"] == MINUTE


@pytest.mark.parametrize("name", ["Größe 温", "a/b?c#d%20e", "_x", "with space", "a+b&c=d"])
def test_any_name_will_do(database: Database, writer: CouchDB, name: str) -> None:
    values = {"n": 1, "text": "ß\n\u2028", "deep": {"list": [1.5, None, [2**63 - 1]]}, "tiny": 5e-324}
    writer.write([Document(name, 60.0 * MINUTE, {**values, "_id": 3, "_deleted": True})])
    wait_for(lambda: database.count() == 1)
    ((id, found),) = database.all().items()
    assert id == f"{'-' if name == '_x' else ''}{name}_{MINUTE}"
    expected = {**values, "-_id": 3, "-_deleted": True, "timestamp": MINUTE, "_id": id, "_rev": found["_rev"]}
    assert found == {**expected, "deep": {"list": [1.5, None, [pytest.approx(2**63)]]}}


OUTAGES = [fates.NO_REQUEST, fates.NO_ANSWER, fates.HALF_ANSWER, fates.HANGS]


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_exchange_that_fails_costs_no_document_and_makes_none_twice(
    database: Database, writer: CouchDB, relay: Relay, outage: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couchdb_server, "STEP", 0.3)
    relay.change(outage)
    writer.write(documents("a", range(20)))
    wait_for(lambda: relay.failed >= 3)
    wait_for(lambda: writer.problem)
    assert "does not answer" in writer.problem
    relay.change(fates.THROUGH)
    wait_for(lambda: database.count() == 20)
    assert database.of("a") == list(range(20))
    wait_for(lambda: not writer.problem)


def test_any_outages_one_after_the_other_leave_every_document_once_and_in_order(
    database: Database, writer: CouchDB, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couchdb_server, "STEP", 0.3)
    monkeypatch.setattr(couchdb, "PAUSES", (0.05, 0.1))
    chance = random.Random(1)
    for turn in range(15):
        writer.write(documents("a", range(10 * turn, 10 * turn + 10)) + documents("b", range(turn, turn + 1)))
        if chance.random() < 0.3:
            relay.close()
            wait_for(lambda: writer.problem)
            relay.open()
        else:
            relay.change(chance.choice(OUTAGES))
            wait_for(lambda: relay.failed)
            relay.change(fates.THROUGH)
    wait_for(lambda: database.count() >= 165, 20)
    assert (database.of("a"), database.of("b")) == (list(range(150)), list(range(15)))


LIFE = """
import sys
from pathlib import Path
from WardenServer.sinks.writers.couchdb import CouchDB
from WardenServer.sinks.writers.writer import Document

url, database, file, begin, end = sys.argv[1:]
writer = CouchDB(url, database, spool_file=Path(file))
numbers = range(int(begin), int(end))
writer.write([Document("a", 60.0 * (28_000_000 + number // 7), {"n": number % 2}) for number in numbers])
print("kept", flush=True)
sys.stdin.read()
writer.close()
"""


@pytest.fixture
def live(relay: Relay, database: Database, tmp_path: Path) -> Iterator[Callable[[int, int], "subprocess.Popen[bytes]"]]:
    """Start a program that writes documents of these numbers."""
    begun: list[subprocess.Popen[bytes]] = []

    def begin(first: int, last: int) -> "subprocess.Popen[bytes]":
        arguments = [f"http://127.0.0.1:{relay.port}", database.name, str(tmp_path / "archive.db"), first, last]
        command = [sys.executable, "-c", LIFE, *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=clean_environment())
        begun.append(process)
        assert process.stdout is not None and process.stdout.readline() == b"kept\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("outage", [fates.NO_REQUEST, fates.NO_ANSWER, fates.HANGS])
def test_kill_9_costs_no_document_and_makes_none_twice(
    database: Database, relay: Relay, live: Callable[[int, int], "subprocess.Popen[bytes]"], outage: int
) -> None:
    for first in (0, 60, 120):
        relay.change(outage, after=30)
        process = live(first, first + 60)
        wait_for(lambda: relay.failed)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        relay.change(fates.THROUGH)
    assert 0 < database.count() < 180, "it was killed while documents waited"
    process = live(180, 190)
    wait_for(lambda: database.count() >= 190, 20)
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert database.of("a") == [number % 2 for number in range(190)]


PRINTS = """
import sys, time
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.sinks.writers.print_lines import PrintLines
from WardenServer.sinks.writers.sink import WriterSink

sink, board = WriterSink("terminal", ("*",), PrintLines), Board()
sink.open(board)
sink.begin()
for number in range(100):
    board.put(Result("a", "a", 60.0 * number, {"n": number, "text": "x" * 5000}))
until = time.monotonic() + 10
while sink.problem is None and time.monotonic() < until:
    time.sleep(0.01)
print(sink.problem, file=sys.stderr)
sink.close()
print(sink.join(5), file=sys.stderr)
"""


@pytest.mark.parametrize(("is_closed", "said"), [(True, "Broken pipe"), (False, "nobody reads it")])
def test_an_output_that_nobody_reads_does_no_harm(is_closed: bool, said: str) -> None:
    reader, writer = os.pipe()
    if is_closed:
        os.close(reader)
    command = [sys.executable, "-c", PRINTS]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=30, text=True, check=False)
    os.close(writer)
    if not is_closed:
        os.close(reader)
    assert f"standard output cannot be written ({said})" in done.stderr
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "True"), done.stderr
