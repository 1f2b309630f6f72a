from pathlib import Path

import pytest

from tests.unit.fake import FakeClock
from WardenServer.errors import WardenError
from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.record import Opened, Record
from WardenServer.plugins.common.runs.source import LARGEST, Run


class Kept(list[Record]):
    """What is to be written."""


@pytest.fixture
def kept() -> Kept:
    return Kept()


def make(tmp_path: Path, kept: Kept) -> Book:
    book = Book(tmp_path / "open.json", kept.append, FakeClock())
    book.open()
    return book


def test_runs_are_numbered_and_written(tmp_path: Path, kept: Kept) -> None:
    book = make(tmp_path, kept)
    book.learn(None)
    _, run = book.begin(None, "me", "a note")
    assert run == Opened(1, 1.7e9, "me", "a note")
    assert book.opened == run
    assert book.end() == run
    assert book.opened is None
    before, run = book.begin(5, "me")
    assert (before, run.number) == (None, 5)
    before, run = book.begin(None, "me")
    assert (before and before.number, run.number) == (5, 6)
    said = [(each.run.number, each.closed is not None) for each in kept]
    assert said == [(1, False), (1, True), (5, False), (5, True), (6, False)]


def test_the_open_run_and_the_numbers_outlive_a_restart(tmp_path: Path, kept: Kept) -> None:
    book = make(tmp_path, kept)
    book.begin(7, "me")
    kept.clear()
    again = make(tmp_path, kept)
    assert (again.opened, again.largest, again.started) == (book.opened, 7, False)
    assert kept == [Record(Opened(7, 1.7e9, "me"))]
    again.note_start(6)  # of another run
    assert not again.started
    again.note_start(7)
    assert make(tmp_path, kept).started
    again.end()
    third = make(tmp_path, kept)
    assert (third.opened, third.largest, third.started) == (None, 7, False)
    assert third.begin(None, "me")[1].number == 8


def test_without_file_and_store_the_next_number_is_not_known(tmp_path: Path, kept: Kept) -> None:
    book = make(tmp_path, kept)
    assert book.largest is None
    with pytest.raises(WardenError, match="give a number, or see that the runs' database answers"):
        book.begin(None, "me")
    assert book.begin(3, "me")[1].number == 3


def test_numbers_end_somewhere(tmp_path: Path, kept: Kept) -> None:
    book = make(tmp_path, kept)
    book.begin(LARGEST, "me")
    with pytest.raises(WardenError, match="no number after"):
        book.begin(None, "me")
    assert book.opened is not None and book.opened.number == LARGEST


def test_the_store_knows_larger_numbers(tmp_path: Path, kept: Kept) -> None:
    book = make(tmp_path, kept)
    book.begin(3, "me")
    assert not book.learn(Run(11, 1.0))  # another hub's file is lost: not ours
    assert (book.largest, book.opened and book.opened.number) == (11, 3)
    assert not book.learn(Run(5, 1.0))
    assert book.largest == 11


@pytest.mark.parametrize(("closed", "is_open"), [(None, True), (9.0, False)])
def test_without_a_file_the_stores_open_run_is_open(
    tmp_path: Path, kept: Kept, closed: float | None, is_open: bool
) -> None:
    book = make(tmp_path, kept)
    assert book.learn(Run(11, 5.0, closed, by="me")) is is_open
    assert book.opened == (Opened(11, 5.0, "me") if is_open else None)
    assert book.largest == 11
    assert book.started is is_open


@pytest.mark.parametrize("text", ["", "{", '{"version": 1, "content": {"largest": "x"}}', '{"version": 9}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, kept: Kept, text: str) -> None:
    (tmp_path / "open.json").write_text(text)
    assert make(tmp_path, kept).largest is None
    assert kept == []
