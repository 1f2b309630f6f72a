from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.fake import FakeClock
from WardenServer.errors import Unreachable, WardenError
from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.control import Control
from WardenServer.hub.runs.taker import Step
from WardenServer.hub.runs.trigger import Wanted
from WardenServer.plugins.common.runs.source import LARGEST


class Hub:
    """The parts around a control: `steps` are the runs that end and begin."""

    def __init__(self, folder: Path) -> None:
        self.steps: list[tuple[int | None, int | None]] = []
        self.full = False
        self.away = False
        self.there: set[int] = set()
        self.book = Book(folder / "open.json", lambda record: None, FakeClock())
        self.control = Control(self.book, self._put, lambda: self.full, self._has)
        self.follow: Callable[..., str] = lambda *said: self.control.follow(Wanted(*said), "the file /x")

    def _put(self, step: Step) -> None:
        self.steps.append((step.ends and step.ends.number, step.begins and step.begins.number))

    def _has(self, number: int) -> bool:
        if self.away:
            raise Unreachable("the store is away; start it")
        return number in self.there


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path)
    made.book.learn(None)
    return made


def test_runs_begin_and_end(hub: Hub) -> None:
    assert hub.control.start(None, "me") == 1
    assert hub.control.stop(None, "me") == 1
    assert hub.control.start(12, "me") == 12
    assert hub.control.stop(12, "me") == 12
    assert hub.steps == [(None, 1), (1, None), (None, 12), (12, None)]


@pytest.mark.parametrize("number", [0, -1, LARGEST + 1])
def test_what_is_no_number_is_refused(hub: Hub, number: int) -> None:
    with pytest.raises(WardenError, match=f"{number} is no number of a run; give one from 1 to"):
        hub.control.start(number, "me")
    assert hub.steps == []


def test_numbers_grow(hub: Hub) -> None:
    hub.control.start(12, "me")
    hub.control.stop(None, "me")
    for number in (12, 3):
        with pytest.raises(WardenError, match=f"run {number} is not larger than run 12, the largest so far; give"):
            hub.control.start(number, "me")


def test_one_run_at_a_time(hub: Hub) -> None:
    hub.control.start(11, "me")
    with pytest.raises(WardenError, match=r"^run 11 is open; stop it first: warden run stop$"):
        hub.control.start(None, "me")
    with pytest.raises(WardenError, match=r"^run 10 is not open, run 11 is; stop that with: warden run stop$"):
        hub.control.stop(10, "me")
    hub.control.stop(None, "me")
    with pytest.raises(WardenError, match=r"^no run is open; open one with: warden run start$"):
        hub.control.stop(None, "me")


def test_when_too_much_waits_nothing_changes(hub: Hub) -> None:
    hub.full = True
    with pytest.raises(WardenError, match="try again in a moment"):
        hub.control.start(None, "me")
    assert (hub.book.opened, hub.book.largest) == (None, 0)


def test_a_state_opens_and_closes(hub: Hub) -> None:
    for is_open in (False, True, True, False, False, True):
        assert hub.follow(is_open) == ""
    assert hub.steps == [(None, 1), (1, None), (None, 2)]
    assert hub.book.opened is not None
    assert hub.book.opened.by == "the file /x"


def test_a_new_number_ends_and_begins(hub: Hub) -> None:
    for number in (11, 11, 12):
        hub.follow(True, number)
    assert hub.steps == [(None, 11), (11, 12)]


def test_a_number_that_goes_back_to_one_that_is_free_is_a_run_with_a_note(hub: Hub) -> None:
    hub.follow(True, 11)
    hub.follow(True, 3)
    assert hub.steps == [(None, 11), (11, 3)]
    assert hub.book.opened is not None
    assert hub.book.opened.note == "the number went back from 11"
    hub.follow(True, 12)
    assert hub.book.opened.note == ""


def test_a_number_that_was_there_is_no_run_twice(hub: Hub) -> None:
    hub.there = {3}
    hub.follow(True, 11)
    for _ in range(2):
        note = hub.follow(True, 3)
    assert note == "the file /x says run 3, which was recorded already: any other number opens a run"
    assert hub.steps == [(None, 11), (11, None)]
    assert "says run 11, which" in hub.follow(True, 11)
    assert hub.follow(True, 12) == ""
    assert hub.steps[2:] == [(None, 12)]


def test_while_it_is_not_known_whether_a_number_is_free_the_run_stays(hub: Hub) -> None:
    hub.follow(True, 11)
    hub.away = True
    with pytest.raises(Unreachable):
        hub.follow(True, 3)
    assert hub.steps == [(None, 11)]
    hub.follow(True, 12)  # is larger: it is free
    assert hub.steps[1:] == [(11, 12)]


def test_an_open_run_is_judged_anew(hub: Hub) -> None:
    hub.control.start(5, "me")
    hub.follow(True, 5)
    assert hub.steps == [(None, 5)]
    hub.follow(False)
    assert hub.steps[1:] == [(5, None)]
