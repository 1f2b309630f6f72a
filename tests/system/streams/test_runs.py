"""Runs of a hub begin and end processors, in the processes of their streams."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import wait_for
from tests.system.test_isolated import gone, run, running
from WardenServer.loading import loader
from WardenServer.settings import config
from WardenServer.settings.streams import Stream
from WardenServer.streams.streams import Streams

FILE = """
class All:
    name = "all"
    INTERVAL = 1
    def __init__(self):
        self.kept = []
    def event(self, event):
        self.kept.append(event["n"])
    def sample(self):
        return {"kept": str(self.kept)}

class Own(All):
    name = "own"
    def start_run(self, number):
        self.kept = [f"start {number}"]
    def stop_run(self, number):
        self.kept.append(f"stop {number}")
    def load(self, old):
        self.kept = [*old.kept, "load"]
"""
SLOW = """
import time
class Slow:
    name = "slow"
    INTERVAL = 1
    def sample(self):
        return {}
    def stop_run(self, number):
        time.sleep(3600)
"""

#: Seconds that the end of a run may take in these tests; none comes near it.
LIMIT = 20.0


class Place:
    """Streams of a hub, with files that grow, and the agents in them."""

    def __init__(self, settings: Callable[..., config.Settings], path: Path, stack: ExitStack) -> None:
        self.streams = Streams()
        self._settings, self._path, self._stack = settings, path, stack
        self._loaded = loader.Loaded()
        self._runners: dict[str, tuple[Any, Any]] = {}
        for name in ("daq", "other"):
            (path / f"{name}.jsonl").touch()

    def load(self, **more: dict[str, Any]) -> None:
        about = {
            name: Stream(name, "json_lines", {"files": str(self._path / f"{name}.jsonl")}) for name in ("daq", "other")
        }
        agents = {"all": {"stream": "daq"}, "own": {"stream": "daq"}, **more}
        made = replace(self._settings(), streams=about, agents=agents)
        self._loaded = loader.load(made, self._loaded.contracts, self.streams)
        assert self._loaded.refused == {}
        for name, contract in self._loaded.contracts.items():
            self._runners[name] = self._stack.enter_context(running(contract))

    def add(self, *numbers: int) -> None:
        with (self._path / "daq.jsonl").open("a") as file:
            file.writelines(f"{json.dumps({'n': number})}\n" for number in numbers)

    def sample(self, name: str) -> dict[str, Any]:
        return run(*self._runners[name])

    def wait(self, name: str, kept: list[Any]) -> None:
        wait_for(lambda: self.sample(name).get("kept") == str(kept), 20, f"for {kept}")

    def kill(self, name: str) -> None:
        child = self.streams._processes[name]._child
        assert child is not None and child._process is not None
        psutil.Process(child._process.pid).kill()
        wait_for(lambda pid=child._process.pid: gone(pid))


@pytest.fixture
def place(settings: Callable[..., config.Settings], tmp_path: Path, write: Callable[..., Path]) -> Iterator[Place]:
    write("both", FILE)
    with ExitStack() as stack:
        made = Place(settings, tmp_path, stack)
        stack.callback(made.streams.close)
        yield made


def test_the_last_sample_has_the_events_before_the_end_and_no_others(place: Place) -> None:
    place.streams.no_run()
    place.load()
    place.add(1, 2)
    place.wait("all", [1, 2])
    place.streams.start_run(41)
    place.add(3, 4)
    assert place.streams.stop_run(41, LIMIT) == ["own"]
    document = place.sample("own")
    assert document["kept"] == "['start 41', 3, 4, 'stop 41']"  # read though nobody waited for it
    place.add(5, 6)
    place.wait("all", [1, 2, 3, 4, 5, 6])
    document = place.sample("own")
    assert document["kept"] == "['start 41', 3, 4, 'stop 41']"
    assert (document["seen"], document["dropped"]) == (2, 0)
    place.streams.start_run(42)
    place.add(7)
    place.wait("own", ["start 42", 7])


def test_new_code_in_a_run_goes_on_with_it(place: Place, write: Callable[..., Path]) -> None:
    place.streams.start_run(5)  # before there is any process
    place.add(1)
    place.load()
    place.wait("own", ["start 5", 1])
    write("both", FILE + "# changed\n")
    place.load()
    place.wait("own", ["start 5", 1, "load"])
    place.add(2)
    place.wait("own", ["start 5", 1, "load", 2])
    assert place.streams.stop_run(5, LIMIT) == ["own"]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_process_that_starts_again_learns_the_state_of_now(place: Place, is_open: bool) -> None:
    place.streams.start_run(5)
    place.load()
    place.add(1)
    place.wait("own", ["start 5", 1])
    place.kill("daq")
    assert place.streams.stop_run(5, LIMIT) == []
    if is_open:
        place.streams.start_run(6)
    place.sample("own")
    place.add(2)
    wait_for(lambda: place.sample("all")["kept"].endswith("2]"), 20)
    if is_open:  # events of which the position was not noted yet come again
        wait_for(lambda: place.sample("own")["kept"] in ("['start 6', 2]", "['start 6', 1, 2]"), 20)
    else:
        place.wait("own", [])


def test_one_that_hangs_costs_the_others_nothing(place: Place, write: Callable[..., Path]) -> None:
    write("slow", SLOW)
    place.streams.start_run(5)
    place.load(slow={"stream": "other"})
    assert place.streams.stop_run(5, 1.0) == ["own"]
    assert place.sample("own")["kept"] == "['start 5', 'stop 5']"


def test_without_a_stream_or_runs_nothing_happens(place: Place) -> None:
    place.streams.start_run(1)
    assert place.streams.stop_run(1, 0.5) == []
