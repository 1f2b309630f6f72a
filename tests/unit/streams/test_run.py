"""A configuration module at work, in this process."""

import json
import logging
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from WardenServer.errors import PluginError, SettingError, WardenError
from WardenServer.settings import config
from WardenServer.streams.run import Program

CONFIG = """
import queue, threading
sample_period = {period}
processor_paths = [("procs", ["procs"])]
events = queue.SimpleQueue()
class Reader:
    def read(self):
        while True:
            event = None if events.empty() else events.get()
            if event == "end":
                return
            yield event
class Writer:
    docs = []
    def write(self, docs, timestamp):
        self.docs += docs
reader, writer = Reader(), Writer()
"""
COUNT = """
class Count:
    name = "count"
    version = {version}
    count = 0
    def event(self, event):
        self.count += 1 if event != "bad" else event
    def sample(self):
        return {{"count": self.count, "version": self.version}}
    def load(self, old):
        self.count = old.count
"""


class Place:
    def __init__(self, folder: Path, make: Callable[..., config.Settings]) -> None:
        self.folder, self.make = folder, make
        (folder / "procs").mkdir()
        self.config()
        self.write("count", COUNT.format(version=1))
        self.signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.thread: threading.Thread | None = None

    def config(self, more: str = "", period: float = 3600) -> None:
        (self.folder / "config.py").write_text(CONFIG.format(period=period) + more)

    def write(self, name: str, text: str) -> None:
        (self.folder / "procs" / f"{name}.py").write_text(text)

    def open(self, once: bool = False, **settings: Any) -> Program:
        self.program = Program(self.folder / "config.py", self.make(**settings), once)
        self.program.open()
        import config

        self.events, self.docs = config.events, config.Writer.docs  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.program.run, args=(self.signals,))
        self.thread.start()
        return self.program

    def end(self) -> None:
        if self.thread is not None:
            self.signals.put(signal.SIGTERM)
            self.events.put("end")
            self.thread.join(10)
            self.program.close()
            self.thread = None


@pytest.fixture
def place(tmp_path: Path, settings: Callable[..., config.Settings]) -> Iterator[Place]:
    made = Place(tmp_path, settings)
    yield made
    made.end()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    logging.getLogger("warden").propagate = True
    caplog.set_level(logging.INFO)
    return caplog


def _counts(place: Place, name: str = "count") -> list[int]:
    return [document["count"] for each, document in place.docs if each == name]


def test_the_first_sample_is_at_once_and_the_last_has_all_that_was_read(place: Place) -> None:
    place.open()
    wait_for(lambda: _counts(place) == [0])
    for number in range(100):
        place.events.put(number)
    wait_for(place.events.empty)
    place.end()
    assert _counts(place) == [0, 100]


def test_once_ends_at_the_end_of_the_input(place: Place) -> None:
    place.open(once=True)
    for event in (1, 2, None, 3, "end"):
        place.events.put(event)
    assert place.thread is not None
    place.thread.join(10)
    assert not place.thread.is_alive()
    place.end()
    assert _counts(place)[-1] == 3


def test_what_is_wrong_with_one_processor_costs_only_that(place: Place, said: Any) -> None:
    place.write("raises", "class A:\n    name = 'a'\n    def sample(self):\n        return 1 // 0\n")
    place.write("made", "class B:\n    name = 'b'\n    def __init__(self):\n        1 // 0\n    def sample(self): 1\n")
    place.config(period=0.02)
    place.open()
    place.events.put(1)
    wait_for(lambda: _counts(place)[-1:] == [1])
    place.events.put("bad")
    wait_for(lambda: "processor count is taken out" in said.text)
    assert {name for name, _ in place.docs} == {"count"}
    assert said.text.count("no sample of processor a") == 1  # though it fails each time
    assert f"{place.folder}/procs/made.py:4: ZeroDivisionError" in said.text
    wait_for(lambda: "made.py" in said.text)


def test_without_any_processor_it_does_not_start(place: Place) -> None:
    place.write("count", "")
    with pytest.raises(PluginError, match="no processor that can be used; write classes with `name` and `sample`"):
        place.open()
    place.write("count", "1 / 0")
    with pytest.raises(PluginError, match="correct the files that are named above"):
        place.open()


def test_an_endless_reader_is_refused_with_once(place: Place) -> None:
    place.config("from snoop.reader import DispatchReader\nreader = DispatchReader('tcp://127.0.0.1:5')\n")
    with pytest.raises(SettingError, match="its reader has no end; leave out --once"):
        place.open(once=True)


def test_a_reload_takes_over_code_state_and_period(place: Place, said: pytest.LogCaptureFixture) -> None:
    program = place.open()
    for number in range(10):
        place.events.put(number)
    wait_for(lambda: program._stream.host("count").seen == 10)  # type: ignore[union-attr]
    place.write("count", COUNT.format(version=2))
    place.config(period=0.02)
    place.signals.put(signal.SIGUSR1)
    wait_for(lambda: "reloaded" in said.text)
    assert "with other settings" not in said.text  # reader and writer stay
    place.events.put(1)
    wait_for(place.events.empty)
    place.end()
    name, last = place.docs[-1]
    assert (name, last["count"], last["version"]) == ("count", 11, 2)


@pytest.mark.parametrize(
    "wrong", ["def broken(:", "1 / 0", "class X:\n    name = 'x'\n    def sample(self): return 1\n"]
)
def test_a_reload_that_fails_changes_nothing(place: Place, said: pytest.LogCaptureFixture, wrong: str) -> None:
    place.open()
    place.write("count", COUNT.format(version=2))
    place.write("wrong", wrong)
    for number in range(1, 3):
        place.signals.put(signal.SIGUSR1)
        wait_for(lambda number=number: said.text.count("nothing was reloaded") == number)
    assert f"{place.folder}/procs/wrong.py" in said.text
    place.events.put(1)
    wait_for(place.events.empty)
    place.end()
    _, last = place.docs[-1]
    assert (last["count"], last["version"]) == (1, 1)


def test_a_writer_with_other_settings_replaces_the_old_one(place: Place, tmp_path: Path, said: Any) -> None:
    place.open()
    wait_for(lambda: _counts(place) == [0])
    path = tmp_path / "out"
    place.config(
        f"class Other(Writer):\n    def write(self, docs, timestamp):\n        import json\n"
        f"        with open({str(path)!r}, 'a') as file:\n            file.write(json.dumps(docs))\nwriter = Other()\n"
    )
    place.signals.put(signal.SIGUSR1)
    wait_for(lambda: "samples are written with other settings" in said.text)
    assert "events are read with" not in said.text
    place.end()
    assert _counts(place) == [0]
    assert json.loads(path.read_text())[0][0] == "count"


def test_a_writer_whose_settings_cannot_be_used_stays_out(place: Place, said: Any) -> None:
    place.open()
    wait_for(lambda: _counts(place) == [0])
    place.config("from snoop.writer import CouchDBWriter\nwriter = CouchDBWriter('http://db', 'Not A Name')\n")
    place.signals.put(signal.SIGUSR1)
    wait_for(lambda: "nothing was reloaded" in said.text)
    place.end()
    assert _counts(place) == [0, 0]


def test_it_leaves_nothing_behind_where_it_cannot_start(place: Place) -> None:
    import sys

    before = list(sys.meta_path)
    place.config("writer = None\n")
    with pytest.raises(WardenError, match="writer is None"):
        place.open()
    assert sys.meta_path == before
    assert "config" not in sys.modules
