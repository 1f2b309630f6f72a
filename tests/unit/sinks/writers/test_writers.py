"""All writers of a hub: a reload replaces those that changed, and no document is lost or written twice over it."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.settings.writers import Writer as Table
from WardenServer.sinks.writers.json_lines import JSONLines
from WardenServer.sinks.writers.writer import Document
from WardenServer.sinks.writers.writers import Writers


class Kit:
    """The writers of a hub with its board."""

    def __init__(self, settings: config.Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self.board = Board()
        self.writers = Writers(settings)

    def settings(self, **files: str) -> config.Settings:
        """Settings with a writer for each of these files."""
        tables = {
            name: Table(name, "json_lines", ("*",), {"path": str(self._folder / file)}) for name, file in files.items()
        }
        return replace(self._settings, writers=tables)

    def open(self, **files: str) -> None:
        self.writers = Writers(self.settings(**files))
        self.writers.open(self.board)
        self.writers.begin()

    def take_on(self, **files: str) -> None:
        self.writers.take_on(self.settings(**files))

    def put(self, *values: int) -> None:
        for value in values:
            self.board.put(Result("a", "a", 60.0, {"x": value}))

    def read(self, file: str) -> list[int]:
        path = self._folder / file
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["document"]["x"] for line in lines]

    def end(self) -> None:
        self.writers.close()
        assert self.writers.join(5)


@pytest.fixture
def kit(settings: Callable[..., config.Settings], tmp_path: Path) -> Iterator[Kit]:
    made = Kit(settings(), tmp_path)
    yield made
    made.end()


def test_a_reload_replaces_only_what_changed(kit: Kit) -> None:
    kit.open(kept="kept", changed="old", gone="gone")
    kept = kit.writers._sinks["kept"]
    kit.put(1, 2)
    kit.take_on(kept="kept", changed="new", added="added")
    assert kit.writers._sinks["kept"] is kept
    kit.put(3, 4)
    wait_for(lambda: kit.read("new") == [3, 4])
    wait_for(lambda: (kit.read("gone"), kit.read("old"), kit.read("added")) == ([1, 2], [1, 2], [3, 4]))
    wait_for(lambda: kit.read("kept") == [1, 2, 3, 4])
    wait_for(lambda: not kit.writers._ending)


def test_over_many_reloads_every_document_is_written_once(kit: Kit) -> None:
    kit.open(a="0")
    for turn in range(10):
        kit.put(*range(10 * turn, 10 * turn + 5))
        kit.take_on(a=str(turn % 2))
        kit.put(*range(10 * turn + 5, 10 * turn + 10))
    kit.end()
    assert sorted(kit.read("0") + kit.read("1")) == list(range(100))


def test_what_an_old_writer_could_not_write_the_new_one_writes_first(kit: Kit) -> None:
    kit.open(a="missing/a")
    kit.put(1, 2)
    wait_for(lambda: "missing/a cannot be written" in kit.writers.problems.get("a", ""))
    wait_for(lambda: kit.writers.notes == ["writer a: 2 results wait"])
    kit.take_on(a="a")
    kit.put(3)
    wait_for(lambda: kit.read("a") == [1, 2, 3])
    wait_for(lambda: not kit.writers.problems)
    assert (kit.writers.notes, kit.writers.lost) == ([], 0)


def test_a_new_writer_knows_the_processors_that_there_are(kit: Kit, tmp_path: Path) -> None:
    kit.open()
    contract: Any = SimpleNamespace(name="a", path=Path("a.py"), stream="daq")
    kit.writers.declare(contract)
    table = Table("w", "json_lines", (), {"path": str(tmp_path / "w")})
    kit.writers.take_on(replace(kit.settings(), writers={"w": table}))
    kit.put(1)
    wait_for(lambda: kit.read("w") == [1])
    contract.stream = ""
    kit.writers.declare(contract)
    kit.put(2)
    kit.end()
    assert kit.read("w") == [1]


def test_a_writer_that_hangs_holds_up_neither_others_nor_a_reload(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, waiting, write = threading.Event(), threading.Event(), JSONLines.write

    def hang(writer: JSONLines, documents: Sequence[Document]) -> None:
        if writer._path.name == "hangs" and documents:
            waiting.set()
            assert gate.wait(20)
        write(writer, documents)

    monkeypatch.setattr(JSONLines, "write", hang)
    monkeypatch.setattr("WardenServer.sinks.writers.writers.PATIENCE", 0.0)
    kit.open(a="hangs", b="b")
    kit.put(1)
    assert waiting.wait(10)
    kit.take_on(a="new", b="b")
    kit.put(2)
    wait_for(lambda: (kit.read("b"), kit.read("new"), kit.read("hangs")) == ([1, 2], [2], []))
    gate.set()
    wait_for(lambda: kit.read("hangs") == [1])


def test_what_is_new_at_the_end_is_written(kit: Kit) -> None:
    kit.open(a="a")
    kit.put(1)
    kit.take_on(a="b")
    kit.put(2)
    kit.end()
    assert (kit.read("a"), kit.read("b")) == ([1], [2])
