"""The sinks of a hub, and writers that a reload replaces."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.conftest import wait_for
from WardenServer.hub.sinks import Sinks
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.settings.writers import Writer
from WardenServer.sinks.base import Sink

MakeSettings = Callable[..., config.Settings]


class Hub:
    """Sinks with a board; writers write JSON lines into files of a folder."""

    def __init__(self, settings: config.Settings, folder: Path) -> None:
        self.folder = folder
        self._settings = settings
        self.board = Board()
        self.sinks = Sinks((), self.board)
        self.put_so_far = 0

    def settings(self, **files: str) -> config.Settings:
        tables = {
            name: Writer(name, "json_lines", ("*",), {"path": str(self.folder / file)}) for name, file in files.items()
        }
        return replace(self._settings, writers=tables)

    def put(self, number: int = 1) -> None:
        for _ in range(number):
            self.board.put(Result("a", "a", 60.0, {"n": self.put_so_far}))
            self.put_so_far += 1

    def written(self, *files: str) -> list[Any]:
        lines = [line for file in files for line in self._lines(self.folder / file)]
        return [json.loads(line)["document"]["n"] for line in lines]

    def _lines(self, path: Path) -> list[str]:
        return path.read_text().splitlines() if path.exists() else []

    def wait_written(self, *files: str) -> None:
        wait_for(lambda: self.written(*files) == list(range(self.put_so_far)))

    def close(self) -> None:
        self.sinks.close()
        self.sinks.join(lambda: 5.0)


def test_a_writer_that_is_replaced_loses_and_doubles_nothing(settings: MakeSettings, tmp_path: Path) -> None:
    hub = Hub(settings(), tmp_path)
    hub.sinks.open(hub.settings(archive="one"))
    hub.sinks.begin()
    hub.put(10)
    hub.sinks.take_on(hub.settings(archive="two"))
    hub.put(10)
    hub.wait_written("one", "two")
    hub.close()


def test_what_a_wrong_writer_could_not_write_the_right_one_writes(settings: MakeSettings, tmp_path: Path) -> None:
    hub = Hub(settings(), tmp_path)
    hub.sinks.open(hub.settings(archive="missing/folder/one"))
    hub.sinks.begin()
    hub.put(10)
    hub.sinks.take_on(hub.settings(archive="one"))
    hub.put(10)
    hub.wait_written("one")
    hub.close()


def test_only_what_has_changed_is_replaced(settings: MakeSettings, tmp_path: Path) -> None:
    hub = Hub(settings(), tmp_path)
    hub.sinks.open(hub.settings(archive="one", other="other"))
    hub.sinks.begin()

    def by_name() -> dict[str, Sink]:
        return {sink.name: sink for sink in hub.sinks}

    before = by_name()
    hub.sinks.take_on(hub.settings(archive="two", other="other", third="third"))
    after = by_name()
    assert after["writer other"] is before["writer other"]
    assert after["writer archive"] is not before["writer archive"]
    hub.put(3)
    for file in ("two", "other", "third"):
        hub.wait_written(file)
    hub.sinks.take_on(hub.settings(archive="two"))
    hub.put(3)
    hub.wait_written("two")
    assert hub.written("other") == [0, 1, 2]
    hub.close()
