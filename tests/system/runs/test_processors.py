"""Processors of streams in the runs of a hub: the snapshot of the end holds the last sample after the last event."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.conftest import MakeHub
from tests.system.runs.test_own_runs import Place, wait_run
from WardenServer.plugins.common.runs.source import Phase, Side

PROCESSORS = """
class All:
    name = "all"
    INTERVAL = 0.2
    def __init__(self):
        self.count = 0
    def event(self, event):
        self.count += 1
    def sample(self):
        return {"count": self.count}

class Own(All):
    name = "own"
    INTERVAL = 3600
    def start_run(self, number):
        self.count = 0
    def stop_run(self, number):
        pass
"""
TABLES = """
[runs]
documents = ["all", "own"]
[streams.daq]
reader = "json_lines"
files = {!r}
[agents.all]
stream = "daq"
[agents.own]
stream = "daq"
"""


@pytest.fixture
def place(hub: MakeHub, write: Callable[..., Path], tmp_path: Path) -> Iterator[Place]:
    made = Place(hub, write, tmp_path)
    write("processors", PROCESSORS)
    yield made
    made.close()


def test_the_last_sample_is_after_the_last_event(place: Place, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.touch()

    def add(count: int) -> None:
        with events.open("a") as file:
            file.write('{"x": 1}\n' * count)

    server = place.start(TABLES.format(str(events)))
    own = place.runs(server)
    server.wait_document("own", "count", 0)
    add(7)  # before the first run
    server.wait_document("all", "count", 7)
    for run, count in ((1, 5), (2, 3)):
        before = server.document("all")["count"]
        server.proxy.StartRun(0)
        wait_run(own, run)
        add(count)
        server.wait_document("all", "count", before + count)
        server.proxy.StopRun(0)
        wait_run(own, run, closed=True)
        taken = {each.partition: each.value for each in own.values(Side(run, Phase.END)) if each.parameter == "count"}
        assert taken == {"all": before + count, "own": count}
        add(4)  # between runs
        server.wait_document("all", "count", before + count + 4)
    assert server.document("own")["count"] == 3
