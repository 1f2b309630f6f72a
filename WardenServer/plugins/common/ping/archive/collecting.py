"""Fetch raw data, PingER's getdata: a day of each monitoring host, several hosts side by side."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Got:
    """What became of one day of one host: how many lines it has now; `trouble` is a sentence where it could not be
    fetched, and what was there before is kept then; `had` is whether it was there already and whole."""

    monitor: Monitor
    day: date
    lines: int = 0
    trouble: str = ""
    had: bool = False


def collect(
    archive: Archive,
    monitors: Sequence[Monitor],
    days: Sequence[date],
    again: bool = False,
    got: Callable[[Got], None] = lambda got: None,
    stopping: threading.Event | None = None,
) -> list[Got]:
    """Fetch these days of these hosts. A day that is whole already is not fetched again, unless `again` is said: so a
    collection that was ended goes on where it was. Answers are streamed to disk.

    Args:
        archive: where to, and the limits.
        monitors: which hosts.
        days: which days, in UTC; today and the future are left out.
        again: whether to fetch also what is there.
        got: told of each day of each host as it is done, in the caller's thread.
        stopping: once set, no more is begun.
    """
    raise NotImplementedError
