"""Times of the calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from WardenServer.loading import calendar
from WardenServer.loading.calendar import At

TIMES = some.floats(0, 4e9)
ATS = some.builds(At, some.integers(0, 23), some.integers(0, 59), some.none() | some.integers(1, 28))


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "now", "then"),
    [
        ("01:32", "2026-11-25T01:31:59", "2026-11-25T01:32"), ("01:32", "2026-11-25T01:32:00", "2026-11-26T01:32"),
        ("1 03:00", "2026-12-31T23:00", "2027-01-01T03:00"), ("1 03:00", "2027-01-01T03:00", "2027-02-01T03:00"),
        ("28 0:00", "2027-01-30T00:00", "2027-02-28T00:00"), ("23:59", "2028-02-28T23:59:30", "2028-02-29T23:59"),
    ],
)  # fmt: skip
def test_the_next_time(text: str, now: str, then: str) -> None:
    assert calendar.read(text).after(unix(now)) == unix(then)


@given(ATS, TIMES)
def test_it_is_the_first_one_after_and_comes_back_from_text(at: At, now: float) -> None:
    found = at.after(now)
    assert now < found <= now + at.longest
    then = datetime.fromtimestamp(found, UTC)
    assert (then.hour, then.minute, then.second) == (at.hour, at.minute, 0)
    assert at.day in (None, then.day)
    day_before, month_before = then - timedelta(days=1), then.replace(day=1) - timedelta(days=1)
    before = day_before if at.day is None else month_before.replace(day=at.day)
    assert before.timestamp() <= now
    assert calendar.read(str(at)) == at


@pytest.mark.parametrize("said", ["", "24:00", "1:60", "29 03:00", "0 03:00", "noon", "1:2", "-1:30", 3, None, 1.5, []])
def test_what_is_no_time(said: object) -> None:
    with pytest.raises(ValueError, match="a time in UTC such as"):
        calendar.read(said)
