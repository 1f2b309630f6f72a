"""New code takes over from old code, all of it or none."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.unit.streams.fake import Given
from WardenServer.errors import PluginError
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams import takeover
from WardenServer.streams.code import Code
from WardenServer.streams.sampling import plain
from WardenServer.streams.stream import Stream


class Old:
    version = 1

    def __init__(self, step: int = 1) -> None:
        self.step, self.count = step, 0

    def event(self, event: Any) -> None:
        self.count += self.step

    def sample(self) -> dict[str, Any]:
        return {"count": self.count, "version": self.version}

    def load(self, old: Any) -> None:
        self.count, self.step = old.count, old.step


class New(Old):
    version = 2


class WrongEvent(New):
    def event(self, event: Any) -> None:
        raise KeyError("energy")


class WrongSample(New):
    def sample(self) -> Any:
        return 1


class WrongLoad(New):
    def load(self, old: Any) -> None:
        raise ValueError("of another time")


class WrongMake(New):
    def __init__(self) -> None:
        raise OSError("no file")


def code(name: str, kind: type[Any], **settings: Any) -> Code:
    return Code(name, Path(f"/site/{name}.py"), kind, settings)


class Place:
    def __init__(self) -> None:
        self.reader = Given()
        self.stream = Stream(Settings("daq"))
        for name in ("a", "b"):
            self.stream.add(name, Old(), str)
        self.stream.open(self.reader)

    def change(self, *codes: Code) -> None:
        new = {each.name: each for each in codes}
        takeover.try_all(self.stream, new, 5.0, plain)
        takeover.take_over(self.stream, new)

    def samples(self) -> dict[str, tuple[int, int]]:
        found = {}
        for name in self.stream.names:
            host = self.stream.host(name)
            assert host is not None
            said = host.ask(lambda processor: processor.sample()).result(10)
            found[name] = (said["version"], said["count"])
        return found

    def give(self, count: int) -> None:
        before = self.reader.count
        self.reader.give(*range(count))
        wait_for(lambda: self.reader.count == before + count)
        for name in self.stream.names:
            host = self.stream.host(name)
            assert host is not None
            wait_for(lambda host=host: host.seen == self.reader.count)


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    made.give(10)
    yield made
    made.stream.close(10)


def test_all_take_over_with_the_state_and_the_new_settings(place: Place) -> None:
    place.change(code("a", New, step=5), code("b", New))
    assert place.samples() == {"a": (2, 10), "b": (2, 10)}
    place.give(1)
    assert place.samples() == {"a": (2, 15), "b": (2, 11)}


def test_others_come_and_go(place: Place) -> None:
    place.change(code("b", New), code("c", Old))
    assert place.samples() == {"b": (2, 10), "c": (1, 0)}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (WrongEvent, "KeyError: 'energy'"),
        (WrongSample, "sample returned a int"),
        (WrongLoad, "ValueError: of another time; correct load"),
        (WrongMake, "OSError: no file"),
    ],
)
def test_where_one_fails_none_takes_over(place: Place, wrong: type[Any], said: str) -> None:
    with pytest.raises(PluginError, match=said) as refused:
        place.change(code("a", New), code("b", wrong))
    assert "/site/b.py" in str(refused.value)
    place.give(3)
    assert place.samples() == {"a": (1, 13), "b": (1, 13)}


def test_one_that_is_busy_for_too_long_keeps_all_as_they_are(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    host = place.stream.host("b")
    assert host is not None
    asked = host.ask(lambda _: go.wait(10))
    with pytest.raises(PluginError, match=r"processor b is busy, and took no new code within 0\.1 s"):
        takeover.try_all(place.stream, {"b": code("b", New)}, 0.1, plain)
    go.set()
    asked.result(10)
    assert place.samples()["b"] == (1, 10)


def test_one_whose_load_fails_only_in_earnest_goes_on_with_its_old_code(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    class Fickle(New):
        loads = 0

        def load(self, old: Any) -> None:
            type(self).loads += 1
            if self.loads > 1:
                raise ValueError("twice")
            super().load(old)

    logging.getLogger("warden").propagate = True
    place.change(code("a", New), code("b", Fickle))
    assert place.samples() == {"a": (2, 10), "b": (1, 10)}
    assert "processor b goes on with its old code" in caplog.text


def test_one_that_was_taken_out_gets_events_again(place: Place) -> None:
    place.change(code("a", New), code("b", New))
    host = place.stream.host("b")
    assert host is not None
    host.ask(lambda _: host.replace(WrongEvent(), str)).result(10)
    place.reader.give(1)
    wait_for(lambda: host.out is not None)
    place.change(code("a", New), code("b", Old))
    place.samples()
    assert host.out is None
