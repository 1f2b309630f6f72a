"""Nights: which days are fetched, what is told, and what a restart keeps."""

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.plugins.ping.archive.fakes import LONGER, Fakes
from tests.unit.plugins.ping.archive.files import days, put
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.archive.nightly import Night, Nightly
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.configuration import Archive

FIRST = date(2026, 11, 10)


class Nights:
    """Nights of an archive with two hosts."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder, monitors={"a": "http://a", "b": "http://b"})
        self.today = FIRST
        self.told: list[tuple[str, str]] = []
        self.stopping = threading.Event()
        self.restart()

    def restart(self) -> None:
        self.nightly = Nightly(self.archive, lambda: self.today)

    def run(self, later: int = 1) -> Night:
        """The night so many days after the last."""
        self.today += timedelta(later)
        self.told.clear()
        return self.nightly.run(self.stopping, lambda text, id: self.told.append((text, id)))

    def whole(self, *hosts: str) -> None:
        """Make all of the last 40 days and the next ones whole, as files."""
        for host in hosts or ("a", "b"):
            for day in days(FIRST - timedelta(40), 100):
                put(self.archive.folder, host, day, 10)


@pytest.fixture
def nights(tmp_path: Path, fakes: Fakes) -> Nights:
    return Nights(tmp_path / "archive")


def asked(fakes: Fakes) -> list[str]:
    found = [f"{host} {day:%m-%d}" for host, day in fakes.asked]
    fakes.asked.clear()
    return found


def test_the_first_night_fetches_yesterday(nights: Nights, fakes: Fakes):
    night = nights.run()
    assert asked(fakes) == ["a 11-10", "b 11-10"]
    assert (night.day, night.hosts, night.fetched, night.lines) == (FIRST, 2, 2, 20)
    assert fakes.done == ["hourly 2026-11-10", *LONGER[:-2]]
    assert (night.tables, night.changed) == (32 + 4 * 64, 4 + 4 * 8)
    assert night.took > 0


def test_nights_that_were_missed_are_caught_up_also_by_the_next_process(nights: Nights, fakes: Fakes):
    nights.run()
    asked(fakes)
    nights.restart()
    nights.run(3)
    assert asked(fakes) == [f"{host} 11-{day}" for host in "ab" for day in (11, 12, 13)]


@pytest.mark.parametrize("day", [date(2036, 1, 1), date.max])
def test_what_a_wrong_clock_has_left_counts_for_nothing(nights: Nights, fakes: Fakes, day: date) -> None:
    nights.run()
    file = nights.archive.folder / "nightly.json"
    file.write_text(file.read_text().replace("2026-11-10", day.isoformat()))
    nights.whole()
    asked(fakes)
    fakes.done.clear()
    nights.restart()
    nights.run()
    assert asked(fakes) == ["a 11-11", "b 11-11"] and fakes.done[0] == "hourly 2026-11-11"


def test_at_most_31_days_are_caught_up(nights: Nights, fakes: Fakes):
    nights.run()
    asked(fakes)
    nights.run(100)
    assert len(asked(fakes)) == 2 * 31


def test_a_host_that_was_away_is_asked_every_night_and_only_what_came_is_made(nights: Nights, fakes: Fakes):
    nights.run()
    fakes.away = {"b"}
    night = nights.run()
    assert night.problem == "b is away" and night.warnings == 1
    asked(fakes)
    fakes.done.clear()
    nights.restart()
    nights.run()
    assert asked(fakes) == ["a 11-12", "b 11-11", "b 11-12"]
    assert fakes.done[:2] == ["hourly 2026-11-12", "daily"]
    fakes.away = set()
    fakes.done.clear()
    assert nights.run().problem == ""
    assert asked(fakes) == ["a 11-13", "b 11-11", "b 11-12", "b 11-13"]
    assert fakes.done[:3] == [f"hourly 2026-11-{day}" for day in (11, 12, 13)]
    fakes.done.clear()
    nights.run()
    assert asked(fakes) == ["a 11-14", "b 11-14"]


def test_tables_of_all_time_come_with_the_first_of_the_month(nights: Nights, fakes: Fakes):
    nights.today = date(2026, 11, 29)
    nights.run()
    assert "allyears" not in fakes.done
    nights.run()
    assert nights.today == date(2026, 12, 1) and "allyears" in fakes.done


def test_a_clock_that_was_ahead_stops_nothing(nights: Nights, fakes: Fakes):
    nights.run(200)
    asked(fakes)
    nights.run(-199)
    assert asked(fakes) == ["a 11-10", "b 11-10"]
    nights.run()
    assert asked(fakes) == ["a 11-11", "b 11-11"]


def test_what_people_ask_for_is_done_with_the_next_run_once(nights: Nights, fakes: Fakes):
    nights.nightly.ask(date(2026, 11, 1), date(2026, 11, 2))
    nights.run()
    assert asked(fakes) == ["a 11-10", "b 11-10", "a 11-01", "a 11-02", "b 11-01", "b 11-02"]
    assert fakes.done[-8:] == ["hourly 2026-11-01", "hourly 2026-11-02", *LONGER]
    nights.run()
    assert asked(fakes) == ["a 11-11", "b 11-11"]


def test_what_cannot_be_asked_for(nights: Nights):
    with pytest.raises(SettingError, match="2026-11-10 is not over; ask for days up to yesterday"):
        nights.nightly.ask(FIRST - timedelta(3), FIRST)
    with pytest.raises(SettingError, match="is too much at once; use the command warden ping restore"):
        nights.nightly.ask(date(2024, 1, 1), date(2026, 1, 1))
    for _ in range(31):
        nights.nightly.ask(FIRST - timedelta(1), FIRST - timedelta(1))
    with pytest.raises(SettingError, match="is too much at once"):
        nights.nightly.ask(FIRST - timedelta(1), FIRST - timedelta(1))


def test_a_new_fault_is_told_once_also_after_a_restart(nights: Nights):
    nights.whole()
    put(nights.archive.folder, "b", FIRST, 1)
    night = nights.run()
    assert [(each.host, each.day, each.why) for each in night.faults] == [("b", FIRST, "short")]
    assert [id for _, id in nights.told] == ["ping.short.b.2026-11-10"]
    nights.restart()  # before it was kept for sure: the same id once more
    nights.run()
    assert [id for _, id in nights.told] == ["ping.short.b.2026-11-10"]
    nights.run()
    assert nights.told == []
    nights.restart()
    assert [each.day for each in nights.run().faults] == [FIRST]
    assert nights.told == []


def test_a_fault_that_was_repaired_and_is_back_is_told_again(nights: Nights):
    nights.whole()
    path = put(nights.archive.folder, "b", FIRST, b"")
    nights.run()
    nights.run()
    whole = put(nights.archive.folder, "c", FIRST, 10).read_bytes()
    path.write_bytes(whole)
    assert nights.run().faults == []
    path.write_bytes(b"")
    nights.run()
    assert len(nights.told) == 1


def test_many_faults_are_one_event_and_the_next_one_its_own(nights: Nights):
    nights.whole("a")
    assert len(nights.run().faults) == 30
    [(text, _)] = nights.told
    assert text.startswith("30 days of 1 monitoring hosts are missing")
    nights.run()
    assert [id for _, id in nights.told] == ["ping.missing.b.2026-11-11"]


def test_what_people_should_put_right_is_said_in_short(nights: Nights, fakes: Fakes):
    fakes.away = {"a", "b"}
    fakes.nodes = Nodes(problems=("line 3 means nothing", "line 4 means nothing"))
    assert nights.run().problem == "a is away (1 more such); line 3 means nothing (1 more such)"


def test_without_a_monitoring_host_it_says_so(nights: Nights):
    nights.archive = Archive(nights.archive.folder)
    nights.restart()
    night = nights.run()
    assert night.problem.startswith("no monitoring host is known; give one in [ping_archive.monitors]")
    assert (night.hosts, nights.told) == (0, [])


def test_a_night_that_fails_is_done_again(nights: Nights, fakes: Fakes):
    nights.run()
    asked(fakes)
    fakes.broken = Unreachable("it cannot be written; make room")
    with pytest.raises(Unreachable, match="make room"):
        nights.run()
    fakes.broken = None
    fakes.done.clear()
    nights.restart()
    nights.run()
    assert fakes.done[:2] == ["hourly 2026-11-11", "hourly 2026-11-12"]


def test_a_night_that_was_ended_is_done_again(nights: Nights, fakes: Fakes):
    nights.run()
    nights.stopping.set()
    fakes.done.clear()
    nights.run()
    assert fakes.done == [] and nights.told == []
    nights.stopping.clear()
    nights.run()
    assert fakes.done[:2] == ["hourly 2026-11-11", "hourly 2026-11-12"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1, "content": {"whole": 5}}', '{"version": 99}'])
def test_a_damaged_memory_begins_anew(nights: Nights, fakes: Fakes, text: str):
    nights.run()
    asked(fakes)
    (nights.archive.folder / "nightly.json").write_text(text)
    nights.restart()
    nights.run(3)
    assert asked(fakes) == ["a 11-13", "b 11-13"]
