"""Which days are missing or short, PingER's checkdata.

A day is missing where its file is absent, empty, unreadable or says only "No data"; it is short where it has fewer
lines than half the median of that host's last 14 good days. Today and the future are not looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.configuration import Archive


@dataclass(frozen=True)
class Fault:
    """A day of a host that is not whole: `lines` it has, of about `usual`; `why` is "missing" or "short"."""

    host: str
    day: date
    why: str
    text: str
    lines: int = 0
    usual: float = 0.0


def check(archive: Archive, monitors: Sequence[Monitor], first: date, last: date, today: date) -> list[Fault]:
    """All faults of these hosts from the first day to the last, by host and day."""
    raise NotImplementedError
