"""Periods of time as people write them."""

from zoneinfo import ZoneInfo

import pytest

from WardenServer.web.paths import Refused
from WardenServer.web.period import moment, period

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_800_000_000.0


def test_words_reach_up_to_now() -> None:
    assert period("hour", NOW, BERLIN) == (NOW - 3600, NOW)
    assert period("week", NOW, BERLIN) == (NOW - 7 * 86400, NOW)
    assert period("all", NOW, BERLIN) == (0.0, NOW)


def test_two_times_either_of_which_may_be_left_out() -> None:
    assert period("100..200", NOW, BERLIN) == (100.0, 200.0)
    assert period("..200.5", NOW, BERLIN) == (0.0, 200.5)
    assert period("100..", NOW, BERLIN) == (100.0, NOW)


@pytest.mark.parametrize(
    "text",
    ["2026-07-01T12:00", "2026-07-01 12:00", "2026-07-01T10:00Z", "2026-07-01T12:00 02:00", "2026-07-01T12:00+02:00"],
)
def test_iso_is_of_the_site_where_it_names_no_zone(text: str) -> None:
    assert moment(text, BERLIN) == 1782900000.0


@pytest.mark.parametrize(
    "text",
    ["", "decade", "HOUR", "200..100", "x..5", "5..x", "nan..", "..inf", "1e15..2e15", "-1e15..",
     "2026-13-01..", "9999-12-31T23:59..", "1..2..3"],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(Refused, match=r"write|out of reach") as refused:
        period(text, NOW, BERLIN)
    assert refused.value.status == 400


def test_a_period_in_the_future_is_one() -> None:
    assert period(f"{NOW + 5}..{NOW + 9}", NOW, BERLIN) == (NOW + 5, NOW + 9)
