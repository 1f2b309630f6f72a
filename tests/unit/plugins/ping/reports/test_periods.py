"""Which points a table has."""

import calendar
import locale
from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.reports.periods import KINDS, Period, period, touched

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


def point_of(of: Period, day: date) -> str:
    """The last point that begins on the day or before it."""
    return [name for name, first in of.points if first <= day][-1]


def names(of: Period) -> list[str]:
    return [name for name, _ in of.points]


def test_hours_are_numbers_without_a_zero_before_them() -> None:
    of = period("hourly", date(2026, 11, 25))
    assert names(of) == [str(hour) for hour in range(24)]
    assert (of.name, of.first, of.last) == ("2026-11-25", date(2026, 11, 25), date(2026, 11, 25))


def test_a_month_has_all_its_days() -> None:
    of = period("daily", date(2026, 1, 25))
    assert of.name == "2026-01"
    assert (names(of)[0], names(of)[-1], len(of.points)) == ("Jan01", "Jan31", 31)
    assert (of.first, of.last) == (date(2026, 1, 1), date(2026, 1, 31))


@pytest.mark.parametrize(("year", "days"), [(2000, 29), (2024, 29), (2026, 28), (2100, 28)])
def test_leap_years(year: int, days: int) -> None:
    assert names(period("daily", date(year, 2, 1)))[-1] == f"Feb{days}"


def test_60_days_end_with_the_day_and_name_the_year() -> None:
    of = period("60days", date(2026, 1, 5))
    assert of.name == "60days"
    assert (names(of)[0], names(of)[-1], len(of.points)) == ("25Nov07", "26Jan05", 60)
    assert len(period("120days", date(2026, 1, 5)).points) == 120


def test_24_months_end_with_that_of_the_day_and_have_no_period_in_the_name() -> None:
    of = period("monthly", date(2007, 10, 31))
    assert of.name == ""
    assert (names(of)[0], names(of)[-1], len(of.points)) == ("Nov2005", "Oct2007", 24)
    assert (of.first, of.last) == (date(2005, 11, 1), date(2007, 10, 31))


def test_all_months_and_years_begin_with_the_oldest_data() -> None:
    months = period("allmonths", date(2026, 2, 3), date(2024, 12, 31))
    assert names(months) == ["Dec2024", *(f"{name}2025" for name in calendar.month_abbr[1:]), "Jan2026", "Feb2026"]
    years = period("allyears", date(2026, 2, 3), date(2024, 12, 31))
    assert (years.name, names(years), years.last) == ("allyears", ["2024", "2025", "2026"], date(2026, 12, 31))


def test_without_data_there_is_the_present_month_alone() -> None:
    assert names(period("allmonths", date(2026, 2, 3))) == ["Feb2026"]
    assert names(period("allyears", date(2026, 2, 3), date(2030, 1, 1))) == ["2026"]


def test_the_ends_of_the_calendar() -> None:
    for kind in KINDS:
        assert period(kind, date.min).points
        assert period(kind, date(9999, 12, 30)).points


@given(DAYS, st.sampled_from(KINDS), st.integers(0, 4000))
def test_each_day_falls_into_its_points(day: date, kind: str, before: int) -> None:
    oldest = day - timedelta(before)
    of = period(kind, day, oldest)
    assert of.first <= day <= of.last
    begins = [first for _, first in of.points]
    assert begins[0] == of.first
    assert all(begin <= later for begin, later in pairwise(begins))
    name = point_of(of, day)
    expected = {
        "hourly": "23", "daily": day.strftime("%b%d"), "60days": day.strftime("%y%b%d"),
        "120days": day.strftime("%y%b%d"), "monthly": day.strftime("%b%Y"), "allmonths": day.strftime("%b%Y"),
        "allyears": day.strftime("%Y"),
    }  # fmt: skip
    assert name == expected[kind]
    if kind.startswith("all"):
        assert of.first <= oldest


@given(DAYS, st.sampled_from([kind for kind in KINDS if kind != "hourly"]), st.integers(0, 4000))
def test_no_point_is_twice_and_no_time_is_left_out(day: date, kind: str, before: int) -> None:
    of = period(kind, day, day - timedelta(before))
    assert len(set(names(of))) == len(of.points)
    steps = {later - begin for (_, begin), (_, later) in pairwise(of.points)}
    most = {"allyears": 366, "allmonths": 31, "monthly": 31}.get(kind, 1)
    assert all(timedelta(1) <= step <= timedelta(most) for step in steps)
    assert timedelta(0) <= of.last - of.points[-1][1] < timedelta(most)


def test_months_are_english_whatever_the_locale_is() -> None:
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"):
            with suppress(locale.Error):
                locale.setlocale(locale.LC_TIME, name)
        assert names(period("monthly", date(2026, 3, 1)))[-3:] == ["Jan2026", "Feb2026", "Mar2026"]
        assert names(period("daily", date(2026, 12, 1)))[0] == "Dec01"
    finally:
        locale.setlocale(locale.LC_TIME, before)


def test_what_changes_when_yesterday_is_made() -> None:
    yesterday = date(2026, 11, 30)
    found = touched((yesterday, yesterday), date(2026, 12, 1), date(2020, 5, 5))
    assert [each.kind for each in found] == list(KINDS[1:])
    assert found[0].name == "2026-11"
    assert found[1].last == found[2].last == yesterday
    assert names(found[-1]) == [str(year) for year in range(2020, 2027)]


def test_what_changes_when_old_days_are_made_again() -> None:
    days = (date(2020, 12, 31), date(2021, 1, 1))
    found = touched(days, date(2026, 12, 1), date(2020, 5, 5))
    assert [(each.kind, each.name) for each in found] == [
        ("daily", "2020-12"), ("daily", "2021-01"), ("allmonths", "allmonths"), ("allyears", "allyears"),
    ]  # fmt: skip


def test_days_before_all_that_there_is_begin_the_tables() -> None:
    days = (date(2019, 3, 1), date(2019, 3, 1))
    for oldest in (None, date(2020, 5, 5)):
        assert touched(days, date(2020, 6, 1), oldest)[-2].points[0] == ("Mar2019", date(2019, 3, 1))


@given(DAYS, st.integers(0, 200), st.integers(0, 900), st.integers(0, 4000))
def test_a_table_is_touched_if_one_of_the_days_is_in_it(first: date, more: int, ago: int, before: int) -> None:
    last = first + timedelta(more)
    today, oldest = last + timedelta(ago + 1), first - timedelta(before)
    found = touched((first, last), today, oldest)
    assert all(each.first <= last and first <= each.last for each in found)
    yesterday = today - timedelta(1)
    for kind in ("60days", "120days", "monthly", "allmonths", "allyears"):
        of = period(kind, yesterday, oldest)
        assert (of in found) == (of.first <= last)
    assert {each.name for each in found if each.kind == "daily"} == {
        (first + timedelta(days)).strftime("%Y-%m") for days in range(more + 1)
    }
