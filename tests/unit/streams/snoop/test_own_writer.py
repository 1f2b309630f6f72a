"""A writer of a configuration module's own."""

from typing import Any

from tests.unit.streams.snoop.conftest import Site
from WardenServer.sinks.writers.writer import Document
from WardenServer.streams.snoop import own_writer
from WardenServer.streams.snoop.own_writer import OwnWriter


class Store:
    def __init__(self) -> None:
        self.got: list[tuple[str, Any, int]] = []
        self.raises: dict[str, BaseException] = {}

    def write(self, docs: list[tuple[str, Any]], timestamp: int) -> None:
        for name, document in docs:
            if name in self.raises:
                raise self.raises[name]
            self.got.append((name, document, timestamp))


def _documents(*names: str) -> list[Document]:
    return [Document(name, 120.0 + 60 * at, {"x": at}) for at, name in enumerate(names)]


def test_it_gets_names_documents_and_minutes() -> None:
    store = Store()
    OwnWriter(store.write).write(_documents("a", "b"))
    assert store.got == [("a", {"x": 0}, 2), ("b", {"x": 1}, 3)]


def test_an_exception_costs_one_document() -> None:
    store = Store()
    store.raises = {"b": KeyError("x"), "c": SystemExit()}
    writer = OwnWriter(store.write)
    writer.write(_documents("a", "b", "c", "d"))
    assert [name for name, _, _ in store.got] == ["a", "d"]
    assert (writer.lost, writer.problem) == (2, "")


def test_after_an_error_of_a_connection_all_come_once_and_in_order() -> None:
    store = Store()
    store.raises = {"b": ConnectionResetError("http://me:secret1@db is away")}
    writer = OwnWriter(store.write)
    writer.write(_documents("a", "b", "c"))
    assert [name for name, _, _ in store.got] == ["a"]
    assert "it is tried again" in writer.problem
    assert "secret1" not in writer.problem
    assert writer.notes == ["2 documents wait"]
    writer.write(_documents("d"))
    assert [name for name, _, _ in store.got] == ["a"]
    store.raises = {}
    writer.write([])
    assert [name for name, _, _ in store.got] == ["a", "b", "c", "d"]
    assert (writer.lost, writer.problem, list(writer.notes)) == (0, "", [])


def test_not_more_than_a_bound_wait(monkeypatch: Any) -> None:
    monkeypatch.setattr(own_writer, "WAITING", 2)
    store = Store()
    store.raises = {"a": OSError(), "b": OSError(), "c": OSError()}
    writer = OwnWriter(store.write)
    writer.write(_documents("a", "b", "c"))
    assert writer.lost == 1
    writer.close()
    assert writer.lost == 3
    writer.close()
    assert writer.lost == 3


def test_a_class_of_the_module(site: Site) -> None:
    site.config(
        "from snoop.writer import Writer\ngot = []\nclass W(Writer):\n    def write(self, docs, timestamp):\n"
        "        got.append(docs)\nwriter = W()\n"
    )
    made = site.load().target.make()
    made.write(_documents("a"))
    import config  # type: ignore[import-not-found]

    assert config.got == [[("a", {"x": 0})]]
