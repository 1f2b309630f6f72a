"""Days that are missing or short."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.unit.plugins.ping.archive.files import days, put
from WardenServer.plugins.common.ping.archive import checking
from WardenServer.plugins.common.ping.archive.checking import Fault
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.configuration import Archive

TODAY = date(2026, 12, 10)
HOST = Monitor("m.example", "http://m.example")


class Checked:
    """An archive in which days of a host have so many lines; None: no file."""

    def __init__(self, root: Path) -> None:
        self.archive = Archive(root)

    def put(self, last: date, *counts: int | bytes | None, host: str = HOST.name) -> None:
        for day, count in zip(days(last - timedelta(len(counts) - 1), len(counts)), counts, strict=True):
            if count is not None:
                put(self.archive.folder, host, day, count)

    def check(self, first: date, last: date = TODAY, *hosts: Monitor) -> list[Fault]:
        return checking.check(self.archive, hosts or (HOST,), first, last, TODAY)


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    return Checked(tmp_path)


def short(faults: list[Fault]) -> list[tuple[str, int, float]]:
    return [(str(each.day)[5:], each.lines, each.usual) for each in faults if each.why == "short"]


YESTERDAY = TODAY - timedelta(1)


def test_days_that_are_whole_are_no_faults(checked: Checked):
    checked.put(YESTERDAY, *[100] * 9)
    assert checked.check(YESTERDAY - timedelta(8)) == []


def test_days_without_data_are_missing_and_say_why(checked: Checked):
    checked.put(YESTERDAY, 9, None, b"", gzip.compress(b"No data\n"), b"no gzip", 9)
    found = checked.check(YESTERDAY - timedelta(5))
    assert [str(each.day)[5:] for each in found] == ["12-05", "12-06", "12-07", "12-08"]
    assert {each.why for each in found} == {"missing"}
    assert found[0].text == (
        "m.example has no data of 2026-12-05: there is no file; fetch it with: warden ping restore 2026-12-05"
    )
    assert "its file is empty" in found[1].text and 'only "No data"' in found[2].text
    assert "cannot be unpacked" in found[3].text


def test_today_and_the_future_are_not_looked_at(checked: Checked):
    assert checked.check(TODAY, TODAY + timedelta(5)) == []
    assert [each.day for each in checked.check(YESTERDAY, TODAY + timedelta(5))] == [YESTERDAY]


@pytest.mark.parametrize(("lines", "is_short"), [(50, False), (49, True), (1, True), (1000, False)])
def test_less_than_half_of_the_usual_is_short(checked: Checked, lines: int, is_short: bool):
    checked.put(YESTERDAY, *[100] * 5, lines)
    assert short(checked.check(YESTERDAY)) == ([("12-09", lines, 100)] if is_short else [])


def test_the_usual_is_the_median_of_the_last_14_good_days(checked: Checked):
    checked.put(YESTERDAY, *[100] * 8, *[40] * 2, None, *[1000] * 7, 200)
    # of the 14 good ones before it 7 have 100 lines and 7 have 1000: the median is 550; short ones do not count
    assert short(checked.check(YESTERDAY)) == [("12-09", 200, 550)]
    [fault] = checked.check(YESTERDAY)
    assert fault.text == (
        "m.example has 200 lines of 2026-12-09, and 550 on a usual day;"
        " fetch it with: warden ping restore 2026-12-09 --again"
    )


def test_a_day_that_is_short_stays_so_however_many_follow(checked: Checked):
    checked.put(YESTERDAY, *[100] * 20, *[10] * 20)
    assert len(short(checked.check(YESTERDAY - timedelta(19)))) == 20
    assert short(checked.check(YESTERDAY)) == [("12-09", 10, 100)]


def test_after_60_days_with_fewer_lines_these_are_usual(checked: Checked):
    checked.put(YESTERDAY, *[100] * 20, *[10] * 62)
    found = short(checked.check(YESTERDAY - timedelta(61)))
    assert len(found) == 60 and found[-1][0] == "12-07"
    assert short(checked.check(YESTERDAY)) == []


def test_the_first_day_of_a_host_is_measured_by_nothing(checked: Checked):
    checked.put(YESTERDAY, 1)
    assert checked.check(YESTERDAY) == []


def test_hosts_are_told_apart_and_keep_their_order(checked: Checked):
    other = Monitor("2001:db8::1", "http://[2001:db8::1]/")
    checked.put(YESTERDAY, *[100] * 3, 1)
    checked.put(YESTERDAY, *[2] * 4, host=other.name)
    found = checked.check(YESTERDAY - timedelta(4), YESTERDAY, other, HOST)
    assert [(each.host, str(each.day)[5:], each.why) for each in found] == [
        (other.name, "12-05", "missing"), (HOST.name, "12-05", "missing"), (HOST.name, "12-09", "short"),
    ]  # fmt: skip


def test_a_name_that_leads_elsewhere_is_not_followed(checked: Checked, tmp_path: Path):
    put(tmp_path.parent, "x", YESTERDAY, 5)
    [fault] = checked.check(YESTERDAY, YESTERDAY, Monitor("../../x", "http://x"))
    assert fault.why == "missing" and "is no host" in fault.text


def test_the_first_days_of_all_are_bearable(checked: Checked):
    assert len(checked.check(date.min, date.min + timedelta(2))) == 3
