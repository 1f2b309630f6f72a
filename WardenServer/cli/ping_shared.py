"""What the commands for pings share: days as people write them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime


def today() -> date:
    """The day it is in UTC."""
    return datetime.now(UTC).date()


def days_of(text: str) -> tuple[date, date]:
    """The days that a text names: YYYY-MM-DD, "yesterday", or A..B with both ends.

    Raises:
        click.BadParameter: it names none, or the last is before the first.
    """
    raise NotImplementedError


def days_between(days: tuple[date, date]) -> Sequence[date]:
    """All days from the first to the last."""
    raise NotImplementedError


