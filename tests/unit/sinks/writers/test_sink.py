"""The sink of a writer: whose results become documents, and what a writer that fails costs."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import SettingError, Unreachable
from WardenServer.results.board import HUB, HUB_ALARMS, HUB_FIELDS, Board
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.settings.writers import Writer as Table
from WardenServer.sinks.writers import sink as module
from WardenServer.sinks.writers.sink import WriterSink
from WardenServer.sinks.writers.writer import Document, Writer


class Memory(Writer):
    """Keeps all documents; `trouble` is raised while it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[Document] = []
        self.trouble: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.closed = 0
        self.thread = ""

    def write(self, documents: Sequence[Document]) -> None:
        self.thread = threading.current_thread().name
        if documents:
            assert self.gate.wait(20)
        if self.trouble is not None:
            raise self.trouble
        self.documents += documents

    def close(self) -> None:
        self.closed += 1


class Kit:
    """A sink with its board and writer."""

    def __init__(self, agents: Sequence[str] = ("*",)) -> None:
        self.writer = Memory()
        self.board = Board()
        self.make: Callable[[], Writer] = lambda: self.writer
        self.processors: set[str] = set()
        self.sink = WriterSink("archive", agents, lambda: self.make(), self.processors)

    def open(self) -> None:
        self.sink.open(self.board)
        self.sink.begin()

    def put(self, agent: str, value: Any, **more: Any) -> None:
        self.board.put(Result(agent, agent, 60.0, {"x": value}, **more))

    def names(self) -> list[str]:
        return [each.name for each in self.writer.documents]

    def end(self) -> None:
        self.writer.gate.set()
        self.sink.close()
        assert self.sink.join(5)


@pytest.fixture
def make() -> Iterator[Callable[..., Kit]]:
    kits: list[Kit] = []

    def made(*agents: str) -> Kit:
        kits.append(Kit(agents))
        return kits[-1]

    yield made
    for kit in kits:
        kit.end()


def test_without_names_processors_are_written(make: Callable[..., Kit]) -> None:
    kit = make()
    kit.open()
    kit.processors |= {"rate", "count"}
    kit.processors -= {"count"}
    for name in ("host", "count", "unknown", "rate"):
        kit.put(name, 1)
    wait_for(lambda: kit.names() == ["rate"])


def test_with_names_those_are_written_and_with_a_star_all_but_the_hub_s_own(make: Callable[..., Kit]) -> None:
    named, every = make("host", "ring"), make("*")
    for kit in (named, every):
        kit.open()
        kit.processors.add("rate")
        for name in (HUB, HUB_FIELDS, HUB_ALARMS, "rate", "host", "ring"):
            kit.put(name, 1)
    wait_for(lambda: named.names() == ["host", "ring"])
    wait_for(lambda: every.names() == ["rate", "host", "ring"])


def test_failed_results_are_not_written_and_good_ones_without_values_are(make: Callable[..., Kit]) -> None:
    kit = make("*")
    kit.open()
    kit.put("a", None, error="it failed")
    kit.put("a", None, error="it still fails", repeat=True)
    kit.put("a", None, reasons={"x": "no beam"})
    kit.board.remove("a")
    kit.put("a", {"deep": [1, 2]})
    expected = [Document("a", 60.0, {"x": None}), Document("a", 60.0, {"x": {"deep": [1, 2]}})]
    wait_for(lambda: kit.writer.documents == expected)
    assert kit.writer.thread == "writer archive"


def test_a_writer_that_cannot_now_loses_nothing_and_says_what_waits(make: Callable[..., Kit]) -> None:
    kit = make("*")
    kit.writer.trouble = Unreachable("the disk is full; make room")
    kit.open()
    kit.put("a", 1)
    kit.put("b", 2)
    wait_for(lambda: kit.sink.problem == "the disk is full; make room" and kit.sink.notes)
    assert kit.sink.notes == ["writer archive: 2 results wait"]
    kit.writer.trouble = None
    wait_for(lambda: kit.names() == ["a", "b"])
    wait_for(lambda: kit.sink.problem is None)
    assert kit.sink.notes == []


def test_a_writer_with_a_mistake_costs_the_document_only(make: Callable[..., Kit]) -> None:
    kit, other = make("*"), make("*")
    for each in (kit, other):
        each.open()
    kit.writer.trouble = ValueError("a mistake")
    for each in (kit, other):
        each.put("a", 1)
    wait_for(lambda: kit.sink.lost == 1)
    kit.writer.trouble = None
    for each in (kit, other):
        each.put("b", 2)
    wait_for(lambda: (kit.names(), other.names()) == (["b"], ["a", "b"]))
    assert kit.sink.notes == ["sink writer archive has lost 1 results since its start"]
    assert other.sink.notes == []


def test_a_writer_that_hangs_costs_itself_only(make: Callable[..., Kit]) -> None:
    kit, other = make("*"), make("*")
    kit.writer.gate.clear()
    for each in (kit, other):
        each.open()
    for value in range(100):
        for each in (kit, other):
            each.put("a", value)
    wait_for(lambda: len(other.writer.documents) == 100)
    assert kit.writer.documents == []
    kit.sink.close()
    assert not kit.sink.join(0.05), "it hangs, and joining says so in time"


def test_what_a_writer_took_over_and_cannot_deliver_is_a_problem_too(make: Callable[..., Kit]) -> None:
    kit = make("*")
    kit.writer.problem, kit.writer.notes, kit.writer.lost = "CouchDB is away; start it", ["3 documents wait"], 2
    kit.open()
    kit.put("a", 1)
    wait_for(lambda: kit.sink.problem == "CouchDB is away; start it")
    wait_for(lambda: kit.names() == ["a"])
    assert kit.sink.lost == 2
    assert "writer archive: 3 documents wait" in kit.sink.notes
    kit.writer.problem, kit.writer.notes = "", []
    wait_for(lambda: kit.sink.problem is None)
    assert (kit.names(), kit.sink.lost) == (["a"], 2)


def test_a_writer_that_cannot_be_made_is_tried_again(make: Callable[..., Kit]) -> None:
    kit = make("*")

    def refuse() -> Writer:
        raise SettingError("[writers.archive]: the variable X is not set; set it")

    good, kit.make = kit.make, refuse
    kit.open()
    kit.put("a", 1)
    wait_for(lambda: kit.sink.problem == "[writers.archive]: the variable X is not set; set it")
    kit.make = good
    wait_for(lambda: kit.names() == ["a"])


def test_it_lets_go_of_the_writer(make: Callable[..., Kit]) -> None:
    kit = make("*")
    kit.open()
    kit.put("a", 1)
    wait_for(lambda: kit.names() == ["a"])
    kit.end()
    assert kit.writer.closed == 1


def test_a_table_becomes_a_sink(settings: Callable[..., config.Settings], tmp_path: Path) -> None:
    table = Table("archive", "json_lines", ("a",), {"path": str(tmp_path / "a.json")})
    sink, board = module.of(table, settings()), Board()
    sink.open(board)
    sink.begin()
    board.put(Result("a", "a", 60.0, {"x": 1}))
    sink.close()
    assert sink.join(5)
    assert (tmp_path / "a.json").read_text() == '{"name": "a", "timestamp": 60.0, "document": {"x": 1}}\n'


def test_what_waits_is_kept_in_the_hub_s_own_folder(settings: Callable[..., config.Settings], tmp_path: Path) -> None:
    table = Table("archive", "couchdb", ("a",), {"url": "http://127.0.0.1:1", "database": "daq"})
    sink, board = module.of(table, settings(instance="p02")), Board()
    sink.open(board)
    sink.begin()
    board.put(Result("a", "a", 60.0, {"x": 1}))
    wait_for(lambda: sink.problem is not None and "http://127.0.0.1:1 does not answer" in sink.problem)
    sink.close()
    assert sink.join(10)
    assert [path.name for path in (tmp_path / "state" / "p02-writers").iterdir()] == ["archive.db"]
