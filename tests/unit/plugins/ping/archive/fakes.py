"""Stand-ins for the tables, the table of nodes and fetching."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import pytest

from WardenServer.plugins.common.ping.archive import collecting, nodes
from WardenServer.plugins.common.ping.archive.collecting import Got
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports import analyze, kept, periods
from WardenServer.plugins.common.ping.reports.analyze import Made, Wanted
from WardenServer.plugins.common.ping.reports.periods import Period

LONGER = ("daily", "60days", "120days", "monthly", "allmonths", "allyears")


@dataclass
class Fakes:
    """What is done by others, in order; `away` are hosts that cannot be fetched, `empty` those that say
    that they have no data, `fetched` what is there already."""

    done: list[str] = field(default_factory=list)
    asked: list[tuple[str, date]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)
    fetched: set[tuple[str, date]] = field(default_factory=set)
    nodes: Nodes = field(default_factory=lambda: Nodes(is_open=True))
    oldest: date | None = None
    touched: tuple[tuple[date, date], date, date | None] | None = None
    broken: Exception | None = None
    warnings: tuple[str, ...] = ()

    def collect(
        self, archive: Archive, monitors: Sequence[Monitor], days: Iterable[date], again: bool,
        got: Callable[[Got], None], stopping: threading.Event,
    ) -> list[Got]:  # fmt: skip
        """In place of `collect_held`."""
        found = [self._got(host, day, again) for host in monitors for day in days if not stopping.is_set()]
        for each in found:
            got(each)
        return found

    def _got(self, host: Monitor, day: date, again: bool) -> Got:
        if (host.name, day) in self.fetched and not again:
            return Got(host, day, 10, had=True)
        self.asked.append((host.name, day))
        if host.name in self.away:
            return Got(host, day, trouble=f"{host.name} is away")
        if host.name in self.empty:
            return Got(host, day)
        self.fetched.add((host.name, day))
        return Got(host, day, 10)

    def hourly(self, archive: Archive, day: date, wanted: Wanted) -> Made:
        self.done.append(f"hourly {day}")
        if self.broken is not None:
            raise self.broken
        return Made(32, 4, self.warnings)

    def rollup(self, archive: Archive, period: Period, wanted: Wanted) -> Made:
        self.done.append(period.kind)
        return Made(64, 8)

    def touch(self, days: tuple[date, date], today: date, oldest: date | None) -> tuple[Period, ...]:
        self.touched = days, today, oldest
        return tuple(Period(kind, "name", *days, ()) for kind in LONGER)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    made = Fakes()
    monkeypatch.setattr(collecting, "collect_held", made.collect)
    monkeypatch.setattr(nodes, "read", lambda path: made.nodes)
    monkeypatch.setattr(kept, "oldest", lambda folders: made.oldest)
    monkeypatch.setattr(periods, "touched", made.touch)
    monkeypatch.setattr(analyze, "hourly", made.hourly)
    monkeypatch.setattr(analyze, "rollup", made.rollup)
    return made


