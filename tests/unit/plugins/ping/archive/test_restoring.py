"""Repairs: what is done in which order, and when they end early."""

import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.ping.archive.fakes import LONGER, Fakes
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.archive.locking import held
from WardenServer.plugins.common.ping.archive.restoring import Step, restore
from WardenServer.plugins.common.ping.configuration import Archive

TODAY = date(2026, 11, 26)
FIRST, LAST = date(2026, 11, 23), date(2026, 11, 25)


class Repair:
    """Repairs of an archive with two hosts, and their steps."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder, monitors={"a": "http://a", "b": "http://b"})
        self.steps: list[Step] = []
        self.stopping = threading.Event()
        self.stop_after = ""

    def __call__(self, first: date = FIRST, last: date = LAST, again: bool = False, **more: Any) -> list[str]:
        self.steps.clear()
        restore(self.archive, first, last, TODAY, again, self._step, self.stopping, **more)
        return [step.text for step in self.steps]

    def _step(self, step: Step) -> None:
        self.steps.append(step)
        if step.text == self.stop_after:
            self.stopping.set()


@pytest.fixture
def repair(tmp_path: Path, fakes: Fakes) -> Repair:
    return Repair(tmp_path / "archive")


HOURLY = [f"hourly 2026-11-{day}" for day in (23, 24, 25)]


def test_days_are_collected_then_made_by_hour_then_longer(repair: Repair, fakes: Fakes):
    fakes.oldest = date(2020, 5, 5)
    assert repair() == [
        *(f"collect {host} 2026-11-{day}" for host in "ab" for day in (23, 24, 25)),
        *HOURLY,
        "daily name",
        *LONGER[1:],
    ]
    assert fakes.done == [*HOURLY, *LONGER]
    assert fakes.touched == ((FIRST, LAST), TODAY, date(2020, 5, 5))


def test_steps_say_how_far_all_is_and_what_came(repair: Repair):
    repair()
    parts = [step.part for step in repair.steps]
    assert parts == sorted(parts) and parts[0] > 0 and parts[-1] == 1
    assert [step.got.lines for step in repair.steps if step.got is not None] == [10] * 6
    made = [step.made for step in repair.steps if step.made is not None]
    assert sum(each.files for each in made) == 3 * 32 + 6 * 64


def test_a_host_that_is_away_is_a_warning_and_tables_are_made_all_the_same(repair: Repair, fakes: Fakes):
    fakes.away, fakes.warnings = {"b"}, ("a line means nothing",)
    repair(LAST, LAST)
    assert [step.warnings for step in repair.steps[:3]] == [(), ("b is away",), ("a line means nothing",)]
    assert len(fakes.done) == 7


@pytest.mark.parametrize("first", [TODAY, TODAY + timedelta(9)])
def test_of_today_and_the_future_nothing_is_done(repair: Repair, fakes: Fakes, first: date):
    assert repair(first, first + timedelta(3)) == []
    assert fakes.done == []


def test_what_is_there_is_fetched_only_again(repair: Repair, fakes: Fakes):
    repair()
    fakes.asked.clear()
    repair()
    assert fakes.asked == []
    repair(again=True)
    assert len(fakes.asked) == 6


@pytest.mark.parametrize("text", ["collect b 2026-11-25", "hourly 2026-11-24", "60days"])
def test_it_ends_between_two_steps(repair: Repair, text: str):
    repair.stop_after = text
    assert repair()[-1] == text


def test_days_that_were_made_are_made_again_only_where_something_came(repair: Repair, fakes: Fakes):
    fakes.fetched = {("a", FIRST), ("a", date(2026, 11, 24)), ("a", LAST), ("b", LAST)}
    fakes.empty = {"b"}
    repair(done=FIRST)
    assert fakes.done[:3] == [*HOURLY[1:], "daily"]
    fakes.empty.clear()
    fakes.fetched.add(("b", FIRST))
    fakes.done.clear()
    repair(done=LAST)
    assert fakes.done[:2] == [HOURLY[1], "daily"]
    fakes.done.clear()
    repair(done=LAST)
    assert fakes.done == []


@pytest.mark.parametrize(
    ("first", "more", "is_all"),
    [(FIRST, {"is_sparing": True}, False), (FIRST, {}, True), (date(2026, 10, 31), {"is_sparing": True}, True)],
)
def test_tables_of_all_time_may_wait_for_the_end_of_the_month(
    repair: Repair, fakes: Fakes, first: date, more: dict[str, bool], is_all: bool
):
    repair(first, **more)
    assert ("allyears" in fakes.done, "allmonths" in fakes.done) == (is_all, is_all)
    assert "monthly" in fakes.done


def test_a_step_that_fails_ends_it_and_lets_go_of_the_archive(repair: Repair, fakes: Fakes):
    fakes.broken = Unreachable("it cannot be written; make room")
    with pytest.raises(Unreachable, match=r"^it cannot be written; make room$"):
        repair()
    with held(repair.archive.folder, threading.Event()) as is_ours:
        assert is_ours


def test_one_that_waits_for_another_can_be_ended(repair: Repair, fakes: Fakes):
    with held(repair.archive.folder, threading.Event()):
        repair.stopping.set()
        assert repair() == []
    assert fakes.asked == []
