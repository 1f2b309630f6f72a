"""What the commands for pings share: days as people write them."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import click

from WardenServer.plugins.common.ping.reports import periods


def today() -> date:
    """The day it is in UTC."""
    return datetime.now(UTC).date()


def days_of(text: str) -> tuple[date, date]:
    """The days that a text names: YYYY-MM-DD, "yesterday", or A..B with both ends.

    Raises:
        click.BadParameter: it names none, or the last is before the first.
    """
    begin, dots, end = text.strip().partition("..")
    first = _day(begin)
    last = _day(end) if dots else first
    if last < first:
        raise click.BadParameter(f'"{text}": the last day is before the first; write the earlier one first')
    return first, last


def days_over(text: str) -> tuple[date, date]:
    """The days that a text names, as `days_of`; raises also where none of them is over."""
    first, last = days_of(text)
    if first >= today():
        raise click.BadParameter(f'"{text}": a day is collected when it is over (UTC); write days before {today()}')
    return first, last


def days_between(days: tuple[date, date]) -> Sequence[date]:
    """All days from the first to the last."""
    return periods.days_between(*days)


def _day(text: str) -> date:
    if text.strip().lower() == "yesterday":
        return today() - timedelta(days=1)
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
            raise ValueError
        return date.fromisoformat(text.strip())
    except ValueError:
        wanted = "write a day such as 2026-11-25, yesterday, or several such as 2026-11-01..2026-11-05"
        raise click.BadParameter(f'"{text:.60}": {wanted}') from None
