"""Event streams as a library."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.streams.fake import Given
from WardenServer.errors import PluginError
from WardenServer.processor import Processor, ProcessorAbort
from WardenServer.streams.host import TakenOut
from WardenServer.streams.local import gather


class Total(Processor):
    name = "total"

    def __init__(self) -> None:
        self.total = 0

    def event(self, event: Any) -> None:
        if event == "skip":
            raise ProcessorAbort
        self.total += event

    def sample(self) -> dict[str, Any]:
        return {"total": self.total}


class Slow(Total):
    name = "slow"

    def __init__(self, go: threading.Event) -> None:
        super().__init__()
        self.go = go

    def event(self, event: Any) -> None:
        self.go.wait(10)
        super().event(event)


def test_the_events_of_anything_that_can_be_iterated_over() -> None:
    with gather([1, 2, None, "skip", 4], [Total()]) as running:
        assert running.wait(10)
        document = running.sample()["total"]
    assert (document["total"], document["seen"], document["dropped"]) == (7, 4, 0)


def test_no_event_is_dropped_however_few_may_wait() -> None:
    go = threading.Event()
    with gather(range(10_000), [Total(), Slow(go)], queue=100) as running:
        assert not running.wait(0.05)
        go.set()
        assert running.wait(30)
        assert [each["total"] for each in running.sample().values()] == [49_995_000, 49_995_000]


def test_a_reader_of_ours_and_its_notes() -> None:
    reader = Given()
    reader.notes = ["something is missing"]
    reader.give(1, 2)
    reader.batches.put(None)
    with gather(reader, [Total()]) as running:
        assert running.wait(10)
        assert running.notes == ["stream local: something is missing"]
        assert running.sample()["total"]["total"] == 3
    assert reader.closed


def test_a_generator_is_closed() -> None:
    closed = threading.Event()

    def numbers() -> Iterator[Any]:
        try:
            while True:
                yield None
        finally:
            closed.set()

    with gather(numbers(), []):
        pass
    assert closed.is_set()


def test_what_fails_says_so() -> None:
    with gather(["x"], [Total()]) as running:
        assert running.wait(10)
        with pytest.raises(TakenOut, match="total: TypeError"):
            running.sample()


@pytest.mark.parametrize("processors", [[Total(), Total()], [Processor()]])
def test_names_are_needed_and_stand_once(processors: list[Any]) -> None:
    with pytest.raises(PluginError, match="give each processor a name"), gather([], processors):
        pass


# As it stands in the README.
EXAMPLE = """
from WardenServer.processor import Processor
from WardenServer.streams.local import gather
from WardenServer.streams.readers.json_lines import JSONLines

class Energy(Processor):
    name = "energy"

    def __init__(self):
        self.total = 0.0

    def event(self, event):
        self.total += event["energy"]

    def sample(self):
        return {"total": self.total}

with gather(JSONLines("run1.jsonl", follow=False), [Energy()]) as stream:
    stream.wait(60)
    print(stream.sample()["energy"]["total"])
"""


def test_the_example_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run1.jsonl").write_text('{"energy": 1.5}\n{"energy": 2}\n')
    exec(EXAMPLE, {"__name__": "example"})
    assert capsys.readouterr().out == "3.5\n"
