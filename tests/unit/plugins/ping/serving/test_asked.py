import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.serving.asked import FIELDS, Page, asked
from WardenServer.plugins.common.ping.serving.window import Window

#: What collectors of PingER send for a whole day.
COLLECTOR = (
    "in_form=1&begin_hour=00&begin_min=00&begin_sec=00&begin_day=06&begin_month=08&begin_year=2007&begin_offset=&"
    "begin_point=y&end_hour=23&end_min=59&end_sec=59&end_day=06&end_month=08&end_year=2007&end_offset=&end_point=y"
)
DAY = dict(parse_qsl(COLLECTOR, keep_blank_values=True))


def unix(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


def test_a_whole_day_as_collectors_ask_for_it() -> None:
    assert asked(DAY) == Window(unix(2007, 8, 6), unix(2007, 8, 6, 23, 59, 59), True, True)


def test_unix_seconds() -> None:
    assert asked({"in_form": "1", "begin": "1301011226", "end": "1301011300.5"}) == Window(1301011226, 1301011300.5)


def test_unix_seconds_win_over_parts_of_that_side() -> None:
    assert asked({**DAY, "begin": "0"}) == Window(0, unix(2007, 8, 6, 23, 59, 59), True, True)


def test_a_time_that_is_not_given_is_the_whole_day() -> None:
    short = {name: value for name, value in DAY.items() if not name.endswith(("hour", "min", "sec", "offset"))}
    assert asked(short) == asked(DAY)
    assert asked({**DAY, "begin_hour": "", "end_sec": ""}) == asked(DAY)


@pytest.mark.parametrize(
    ("offset", "ahead"),
    [("2", 7200), ("02", 7200), ("+2", 7200), (" 2", 7200), ("-5", -18_000), ("+0530", 19_800), ("-05:30", -19_800),
     ("0", 0), ("14", 50_400)],
)  # fmt: skip
def test_an_offset_is_how_far_that_time_is_ahead_of_utc(offset: str, ahead: int) -> None:
    found = asked({**DAY, "begin_offset": offset})
    assert isinstance(found, Window)
    assert found.begin == unix(2007, 8, 6) - ahead


def test_the_end_has_an_offset_of_its_own() -> None:
    found = asked({**DAY, "end_offset": "-1"})
    assert found == Window(unix(2007, 8, 6), unix(2007, 8, 7, 0, 59, 59), True, True)


@pytest.mark.parametrize(("said", "expected"), [("y", True), ("n", False), ("", False)])
def test_points_are_left_out_unless_wanted(said: str, expected: bool) -> None:
    found = asked({**DAY, "begin_point": said, "end_point": said})
    assert isinstance(found, Window)
    assert (found.with_begin, found.with_end) == (expected, expected)


@pytest.mark.parametrize(
    ("query", "page"),
    [({}, Page.FORM), ({"in_form": ""}, Page.FORM), ({"in_form": "0"}, Page.FORM), ({"help": "1"}, Page.HELP),
     ({**DAY, "help": "1"}, Page.HELP), ({"begin": "1", "end": "2"}, Page.FORM)],
)  # fmt: skip
def test_without_in_form_there_is_a_page(query: dict[str, str], page: Page) -> None:
    assert asked(query) is page


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("begin_month", "13"), ("begin_month", "0"), ("begin_month", "Aug"), ("end_day", "32"), ("end_hour", "24"),
        ("end_min", "60"), ("end_sec", "60"), ("begin_year", "1969"), ("begin_year", "99999999"), ("begin_year", "-1"),
        ("begin_day", "\u0661"), ("begin_day", "6\n"), ("begin_day", "6.5"), ("begin_offset", "15"),
        ("begin_offset", "CET"),
        ("begin_offset", "+0260"), ("begin_point", "yes"), ("begin", "nan"), ("begin", "-1"), ("begin", "1e9"),
        ("end", "999999999999"), ("end", "soon"), ("in_form", "2"), ("help", "yes"), ("begin", "1_0"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("in_form", ["1", ""])
def test_what_means_nothing_is_refused_with_its_name(name: str, value: str, in_form: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} is .*; write "):
        asked({**DAY, "in_form": in_form, name: value})


def test_a_day_that_the_month_has_not() -> None:
    with pytest.raises(SettingError, match=r"^end_day is 31, but 2007-06 has fewer days"):
        asked({**DAY, "end_month": "6", "end_day": "31"})
    with pytest.raises(SettingError, match="begin_day is 29"):
        asked({**DAY, "begin_month": "2", "begin_day": "29"})
    assert asked({**DAY, "begin_month": "2", "begin_day": "29", "begin_year": "2004"})


@pytest.mark.parametrize("name", ["begin_year", "begin_month", "begin_day", "end_year", "end_month", "end_day"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=f"^{name} is missing; add it, or give {name.partition('_')[0]} in Unix"):
        asked({**DAY, name: ""})


def test_a_begin_after_the_end_is_refused() -> None:
    with pytest.raises(SettingError, match="give the earlier time as begin"):
        asked({"in_form": "1", "begin": "2", "end": "1"})
    assert asked({"in_form": "1", "begin": "2", "end": "2"}) == Window(2, 2)


@given(st.dictionaries(st.sampled_from([field.name for field in FIELDS]), st.text(max_size=6)))
def test_whatever_is_sent_there_is_a_meaning_or_a_sentence(query: dict[str, str]) -> None:
    try:
        found = asked(query)
    except SettingError as error:
        assert re.match(r"(begin|end|in_form|help)", str(error))
    else:
        assert isinstance(found, Page | Window)
