"""Days as people write them."""

from datetime import UTC, date, datetime, timedelta

import click
import pytest

from WardenServer.cli import ping_shared
from WardenServer.cli.ping_shared import days_between, days_of, days_over

TODAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping_shared, "today", lambda: TODAY)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("yesterday", date(2026, 2, 28), date(2026, 2, 28)),
        ("2026-12-30..2027-01-02", date(2026, 12, 30), date(2027, 1, 2)),
        (" 2026-02-01 .. Yesterday ", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-01-01..2026-01-01", date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_days(text: str, first: date, last: date) -> None:
    assert days_of(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["", "..", "today", "2026", "2026-13-01", "2026-02-29", "20260101", "2026-W01-1", "2026-1-1", "२०२६-०१-०२",
     "2026-01-01..", "..2026-01-01", "2026-01-01...2026-01-02", "2026-01-01..02", "0000-01-01"],
)  # fmt: skip
def test_no_days(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write a day such as 2026-11-25"):
        days_of(text)


def test_the_last_day_before_the_first() -> None:
    with pytest.raises(click.BadParameter, match="write the earlier one first"):
        days_of("2026-01-02..2026-01-01")


def test_all_days_between() -> None:
    assert days_between((date(2024, 2, 28), date(2024, 3, 1))) == [
        date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1),
    ]  # fmt: skip
    assert days_between((TODAY, TODAY)) == [TODAY]


def test_today_is_that_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert abs(ping_shared.today() - datetime.now(UTC).date()) <= timedelta(days=1)


def test_days_that_are_over() -> None:
    assert days_over("2026-02-28..2026-03-05") == (date(2026, 2, 28), date(2026, 3, 5))
    with pytest.raises(click.BadParameter, match="a day is collected when it is over"):
        days_over("2026-03-01")
