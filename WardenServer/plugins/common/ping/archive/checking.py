"""Which days are missing or short, PingER's checkdata.

A day is missing where its file is absent, empty, unreadable or says only "No data"; it is short where it has fewer
lines than half the median of that host's last 14 good days, which are neither. Today and the future are not looked at.

Good days count for 60 days: a host that has had fewer lines for longer than that has its new usual number then.
"""

import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from WardenServer.plugins.common.ping.archive import day_file
from WardenServer.plugins.common.ping.archive.day_file import Seen
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.monitors import Monitor, name_trouble
from WardenServer.plugins.common.ping.configuration import Archive

#: Good days that a day is measured by, and how many days one of them counts.
GOOD, LIFE = 14, 60


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
    days = range(first.toordinal(), min(last.toordinal() + 1, today.toordinal()))
    return [fault for monitor in monitors for fault in _of_host(Folders(archive.folder), monitor.name, days)]


class _Good(NamedTuple):
    """A good day, as its ordinal number, and how many lines it has."""

    day: int
    lines: int


def _of_host(folders: Folders, host: str, days: range) -> Iterator[Fault]:
    good: deque[_Good] = deque(maxlen=GOOD)
    for number in range(max(1, days.start - LIFE), days.stop):
        while good and good[0].day < number - LIFE:
            good.popleft()
        day = date.fromordinal(number)
        seen = _look(folders, host, day)
        usual = statistics.median(each.lines for each in good) if good else 0.0
        fault = _fault(host, day, seen, usual)
        if fault is None:
            good.append(_Good(number, seen.lines))
        elif number in days:
            yield fault


def _look(folders: Folders, host: str, day: date) -> Seen:
    return Seen(why=trouble) if (trouble := name_trouble(host)) else day_file.look(folders.raw(host, day))


def _fault(host: str, day: date, seen: Seen, usual: float) -> Fault | None:
    cure = f"fetch it with: warden ping restore {day}"
    if seen.why:
        text = f"{host} has no data of {day}: {seen.why}; {cure}"
        return Fault(host, day, "missing", text, usual=usual)
    if seen.lines < usual / 2:
        text = f"{host} has {seen.lines} lines of {day}, and {usual:g} on a usual day; {cure} --again"
        return Fault(host, day, "short", text, seen.lines, usual)
    return None
