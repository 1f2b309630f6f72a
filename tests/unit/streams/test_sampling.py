"""When processors are sampled, with a clock whose hands the test turns."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import wait_for
from tests.unit.streams.fake import Given
from WardenServer.errors import FieldError
from WardenServer.machine.clock import Clock
from WardenServer.results.result import Result
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams.sampling import Sampler, plain
from WardenServer.streams.stream import Stream


class Hands(Clock):
    def __init__(self) -> None:
        self.now = 1000.0
        self.monotonic = lambda: self.now  # type: ignore[method-assign]
        self.time = lambda: 6e7 + self.now  # type: ignore[method-assign]


class Processor:
    def __init__(self, sample: Callable[[], Any]) -> None:
        self.sample = sample


class Place:
    def __init__(self) -> None:
        self.clock = Hands()
        self.stream = Stream(Settings("daq"))
        self.results: list[Result] = []
        self.sampler = Sampler(self.stream, 2.0, self.results.append, self.clock)
        self.stream.open(Given())

    def add(self, name: str, sample: Callable[[], Any]) -> Processor:
        processor = Processor(sample)
        self.stream.add(name, processor, str)
        return processor

    def look(self) -> list[str]:
        self.sampler.look()
        assert self.sampler.join(10)
        came = [result.agent for result in self.results]
        self.results.clear()
        return came


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.stream.close(10)


def test_the_first_is_at_once_and_the_times_do_not_drift(place: Place) -> None:
    place.add("a", dict)
    assert place.look() == ["a"]
    assert place.look() == []
    for late in (0.0, 0.7, 1.9, 0.1):
        assert place.sampler.wait == pytest.approx(2 - (place.clock.now - 1000) % 2)
        place.clock.now = 1000 + 2 * ((place.clock.now - 1000) // 2 + 1)
        assert place.look() == ["a"]
        place.clock.now += late
        assert place.look() == []
    assert not place.sampler.skipped


def test_times_that_have_passed_are_counted_and_not_made_up_for(place: Place) -> None:
    place.add("a", dict)
    place.look()
    place.clock.now += 7
    assert place.look() == ["a"]
    assert place.look() == []
    assert place.sampler.skipped == {"a": 2}
    assert place.sampler.wait == pytest.approx(1)


def test_one_that_is_slow_costs_only_its_own_samples(place: Place) -> None:
    go = threading.Event()
    place.add("slow", lambda: {"x": go.wait(10)})
    place.add("quick", dict)
    for _ in range(4):
        place.sampler.look()
        wait_for(lambda: place.results)
        assert [each.agent for each in place.results] == ["quick"]
        place.results.clear()
        place.clock.now += 2
    assert place.sampler.skipped == {"slow": 3}
    assert not place.sampler.join(0)
    go.set()
    assert place.sampler.join(10)
    assert [each.agent for each in place.results] == ["slow"]


def test_a_sample_that_fails_says_why_and_the_next_is_taken(place: Place) -> None:
    answers = iter([{"x": 1}, 1, None, {"x": 2}])
    place.sampler.files = {"a": Path("/site/a.py")}
    place.add("a", lambda: 1 // 0 if (answer := next(answers)) is None else answer)
    said = []
    for _ in range(4):
        place.sampler.look()
        assert place.sampler.join(10)
        place.clock.now += 2
        said.append((place.results[-1].fields.get("x"), place.results[-1].error))
    assert said[0] == (1, None)
    assert said[1] == (None, "/site/a.py: sample returned a int; return a dict")
    assert "ZeroDivisionError" in str(said[2][1])
    assert said[3] == (2, None)


def test_one_that_has_left_gives_no_samples(place: Place) -> None:
    processor: Any = place.add("a", dict)
    place.look()
    processor.enabled = False
    place.clock.now += 2
    assert place.look() == []


def test_another_period_begins_at_the_next_time_of_the_old_one(place: Place) -> None:
    place.add("a", dict)
    place.look()
    place.clock.now += 0.5
    place.sampler.change(0.25)
    assert place.sampler.wait == pytest.approx(1.5)
    place.clock.now += 1.5
    assert place.look() == ["a"]
    assert place.sampler.wait == pytest.approx(0.25)


def test_a_document_is_a_copy_that_json_can_hold() -> None:
    counts = [1, 2]
    document = {"a": {"b": counts}, "c": np.array([[1.0, np.nan]]), "d": b"x", 7: float("inf"), "e": {1}}
    made = plain(document)
    counts.append(3)
    assert made == {"a": {"b": [1, 2]}, "c": [[1.0, None]], "d": "x", "7": None, "e": [1]}


@pytest.mark.parametrize("wrong", [None, 1, [], "x"])
def test_what_is_no_dict_is_no_document(wrong: Any) -> None:
    with pytest.raises(FieldError, match="return a dict"):
        plain(wrong)


VALUES = st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3)


@given(st.dictionaries(st.text(max_size=3), VALUES | st.lists(VALUES, max_size=3), max_size=4))
def test_whatever_is_in_a_document(document: dict[str, Any]) -> None:
    made = plain(document)
    assert plain(made) == made
    assert len(made) == len({str(name).encode("utf-8", "replace") for name in document})
