"""What a machine that collects does every night: fetch what is missing, make its tables, look what is not whole."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.machine.state_file import StateFile
from WardenServer.plugins.common.ping.archive import checking, nodes, restoring
from WardenServer.plugins.common.ping.archive.checking import Fault
from WardenServer.plugins.common.ping.archive.collecting import Got
from WardenServer.plugins.common.ping.archive.monitors import monitors
from WardenServer.plugins.common.ping.archive.restoring import Step
from WardenServer.plugins.common.ping.archive.telling import Tell, event_id, tell
from WardenServer.plugins.common.ping.configuration import Archive

#: Most days that are fetched by themselves, days that are checked, and days that people may ask for at once.
BACK, CHECKED, ASKED = 31, 30, 366
#: Most requests that wait.
WAITING = 31


@dataclass
class Night:
    """What a night has done.

    Args:
        day: yesterday.
        hosts: how many monitoring hosts there are.
        fetched: days of hosts that were fetched, and `lines` in them.
        tables: how many were made, and `changed` how many of them are other than before.
        warnings: how many sentences there were on what was missing or left out.
        troubles: what could not be fetched.
        faults: days that are not whole.
        took: seconds.
        problem: what people should put right, else "".
    """

    day: date
    hosts: int = 0
    fetched: int = 0
    lines: int = 0
    tables: int = 0
    changed: int = 0
    warnings: int = 0
    troubles: list[Got] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    took: float = 0.0
    problem: str = ""

    def take(self, step: Step) -> None:
        """Count a step."""
        self.warnings += len(step.warnings)
        if step.made is not None:
            self.tables += step.made.files
            self.changed += step.made.changed
        if step.got is not None and step.got.trouble:
            self.troubles.append(step.got)
        elif step.got is not None and not step.got.had:
            self.fetched += 1
            self.lines += step.got.lines


@dataclass(frozen=True)
class Progress:
    """What is remembered.

    Args:
        whole: the last day up to which all hosts were fetched.
        made: the last day whose tables were made.
        told: ids of the faults that people were told of, as long as they are there.
    """

    whole: date | None = None
    made: date | None = None
    told: frozenset[str] = frozenset()


class Nightly:
    """Night after night, for one thread. What was fetched and told is remembered in the archive's folder."""

    def __init__(self, archive: Archive, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> None:
        self._archive, self._today = archive, today
        self._file = StateFile(archive.folder / "nightly.json", 1, "the days that were collected")
        self._progress = self._file.read(_understood, Progress())
        self._asked: list[tuple[date, date]] = []

    def ask(self, first: date, last: date) -> None:
        """Have these days repaired with the next run, too.

        Raises:
            SettingError: they are too many, or not over.
        """
        if last >= self._today():
            raise SettingError(f"{last} is not over; ask for days up to yesterday")
        if (last - first).days >= ASKED or len(self._asked) >= WAITING:
            raise SettingError(f"{first}..{last} is too much at once; use the command warden ping restore")
        self._asked.append((first, last))

    def run(self, stopping: threading.Event, say: Tell) -> Night:
        """One night, and what people have asked for.

        Args:
            stopping: once set, no further step is begun.
            say: told of new faults.

        Raises:
            WardenError: a step cannot be done; the text has the cure.
        """
        began, today = time.monotonic(), self._today()
        night = Night(today - timedelta(1))
        self._collect(night, today, stopping)
        asked, self._asked = self._asked, []
        for first, last in asked:
            restoring.restore(self._archive, first, last, today, False, night.take, stopping)
        if not stopping.is_set():
            self._check(night, today, say)
        night.took = time.monotonic() - began
        return night

    def _collect(self, night: Night, today: date, stopping: threading.Event) -> None:
        """The days since the last one that was whole. Of these, hosts that were away are asked again every night."""
        done, first = self._known(today), night.day
        if done.whole is not None:
            first = min(first, max(done.whole + timedelta(1), first - timedelta(BACK - 1)))
        restoring.restore(
            self._archive, first, night.day, today, False, night.take, stopping, done=done.made, is_sparing=True
        )
        if not stopping.is_set():
            whole = min((got.day for got in night.troubles), default=today) - timedelta(1)
            self._progress = Progress(whole, night.day, done.told)
            self._write(done.told)

    def _known(self, today: date) -> Progress:
        """What was done before; days that are not over, as a wrong clock has left them, count for nothing."""
        done = self._progress
        whole, made = (None if day is None or day >= today else day for day in (done.whole, done.made))
        return Progress(whole, made, done.told)

    def _check(self, night: Night, today: date, say: Tell) -> None:
        """Tell of new faults. They count as told from the next run on: if the process ends before they are kept, they
        are told again, with the same ids."""
        known = nodes.read(self._archive.nodes)
        hosts = monitors(self._archive, known)
        night.hosts = len(hosts)
        night.faults = checking.check(self._archive, hosts, today - timedelta(CHECKED), night.day, today)
        night.problem = _problem(night, known.problems)
        there = {event_id(fault) for fault in night.faults}
        before = self._progress.told & there
        tell([fault for fault in night.faults if event_id(fault) not in before], say)
        self._progress = Progress(self._progress.whole, self._progress.made, frozenset(there))
        self._write(before)

    def _write(self, told: frozenset[str]) -> None:
        days = {"whole": self._progress.whole, "made": self._progress.made}
        self._file.write({
            **{name: None if day is None else day.isoformat() for name, day in days.items()}, "told": sorted(told),
        })  # fmt: skip


def _understood(version: int, content: Any) -> Progress:
    whole, made = (date.fromisoformat(content[each]) if content[each] else None for each in ("whole", "made"))
    return Progress(whole, made, frozenset(map(str, content["told"])))


def _problem(night: Night, problems: tuple[str, ...]) -> str:
    """The first of each kind, and how many more there are."""
    if not night.hosts:
        return "no monitoring host is known; give one in [ping_archive.monitors], or as DATASERVER of a node"
    found = []
    for sentences in (list(dict.fromkeys(got.trouble for got in night.troubles)), problems):
        more = f" ({len(sentences) - 1} more such)" if len(sentences) > 1 else ""
        found += [f"{sentences[0]}{more}"] if sentences else []
    return "; ".join(found)
