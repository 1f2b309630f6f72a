"""Options and converters, as configuration files of Socorro use them."""

import sys
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from WardenServer.jobs.socorro.options import (
    Option,
    booleanConverter,
    classConverter,
    dateTimeConverter,
    ioConverter,
    timeDeltaConverter,
)

PART = some.integers(0, 10**6)


@settings(deadline=None)
@given(days=PART, hours=PART, minutes=PART, seconds=PART)
def test_a_duration_is_counted_from_the_right(days: int, hours: int, minutes: int, seconds: int) -> None:
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert timeDeltaConverter(f"{days}:{hours}:{minutes}:{seconds}") == whole
    assert timeDeltaConverter(f"{hours:03}:{minutes:02}:{seconds:02}") == whole - timedelta(days=days)
    assert timeDeltaConverter(f"{minutes}:{seconds}") == timedelta(minutes=minutes, seconds=seconds)
    assert timeDeltaConverter(f"{seconds}") == timedelta(seconds=seconds)


@settings(deadline=None)
@given(more=some.lists(some.text(some.characters(exclude_characters=":"), max_size=4), min_size=1, max_size=3))
def test_what_is_left_of_the_days_is_not_looked_at(more: list[str]) -> None:
    assert timeDeltaConverter(":".join([*more, "1:2:3:4"])) == timedelta(1, 4, 0, 0, 3, 2)


@settings(deadline=None)
@given(
    parts=some.lists(PART.map(str), min_size=1, max_size=4),
    place=some.integers(0, 3),
    wrong=some.one_of(some.just(""), some.text(max_size=5).filter(lambda t: ":" not in t and not t.strip().isdigit())),
)
def test_a_part_that_is_no_whole_number_is_refused(parts: list[str], place: int, wrong: str) -> None:
    parts[place % len(parts)] = wrong
    with pytest.raises(ValueError, match="is no whole number"):
        timeDeltaConverter(":".join(parts))


@pytest.mark.parametrize("text", ["1.5", "-1", "1:-1", "1_0", "\u0661", "nan", "1:", ":1", "::", ""])
def test_odd_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no whole number"):
        timeDeltaConverter(text)


@pytest.mark.parametrize("text", ["9" * 12 + ":0:0:0", "9" * 5000])
def test_a_duration_that_python_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"more than a thousand million days|digits"):
        timeDeltaConverter(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("24:00:00", 86400), ("1:00:00:00", 86400), ("123:11:16", 443476), ("1:30", 90), (" 7 ", 7)]
)
def test_a_duration_is_read_whole(text: str, seconds: int) -> None:
    assert timeDeltaConverter(text).total_seconds() == seconds


@settings(deadline=None)
@given(text=some.text())
def test_only_few_words_are_true(text: str) -> None:
    assert booleanConverter(text) == (text.lower() in {"true", "t", "1"})
    assert booleanConverter("TrUe") and booleanConverter("T") and booleanConverter("1")


@settings(deadline=None)
@given(moment=some.datetimes().map(lambda moment: moment.replace(microsecond=0)))
def test_times(moment: datetime) -> None:
    assert dateTimeConverter(moment.isoformat(sep=" ")) == moment
    assert dateTimeConverter(moment.date().isoformat()) == datetime.combine(moment, datetime.min.time())


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="a time is YYYY-MM-DD"):
        dateTimeConverter("yesterday")


def test_streams_and_classes() -> None:
    assert ioConverter("STDOUT") is sys.stdout
    assert ioConverter("stderr") is sys.stderr
    assert ioConverter("/a/file") == "/a/file"
    assert classConverter("os.path") == "os.path"


@pytest.mark.parametrize("converter", [timeDeltaConverter, booleanConverter, dateTimeConverter, ioConverter])
@pytest.mark.parametrize("value", [None, 3, True, timedelta(1), datetime(2009, 12, 9)])
def test_what_is_no_text_stays(converter: object, value: object) -> None:
    assert callable(converter)
    assert converter(value) is value


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (Option(default=3), "5", 5),
        (Option(default=0.5), "5", 5.0),
        (Option(default=True), "false", False),
        (Option(default="x"), "5", "5"),
        (Option(), "5", "5"),
        (Option(default="3", fromStringConverter=int), "5", 5),
    ],
)
def test_a_text_becomes_what_the_default_is_or_the_converter_makes_of_it(
    option: Option, text: str, value: object
) -> None:
    found = option.read(text)
    assert (found, type(found)) == (value, type(value))
