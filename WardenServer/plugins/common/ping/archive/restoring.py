"""Repair a time: collect it, make its hourly tables, then every longer table that it is in."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Step:
    """A step that is done: what it was, such as "collect" or "hourly 2026-11-25"; how far all is, 0 to 1; warnings."""

    text: str
    part: float
    warnings: tuple[str, ...] = ()


def restore(
    archive: Archive,
    first: date,
    last: date,
    today: date,
    again: bool,
    step: Callable[[Step], None],
    stopping: threading.Event,
) -> None:
    """Repair these days. Two at once would disturb each other: the second waits for the first.

    Args:
        archive: where.
        first: the first day.
        last: the last; today and the future are left out.
        today: of now, in UTC.
        again: whether to fetch also what is there and whole.
        step: told of each step as it is done.
        stopping: once set, no further step is begun.
    """
    raise NotImplementedError
