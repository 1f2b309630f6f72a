"""Repair a time: collect it, make its hourly tables, then every longer table that it is in."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from WardenServer.plugins.common.ping.archive import collecting, nodes
from WardenServer.plugins.common.ping.archive.collecting import Got
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.locking import held
from WardenServer.plugins.common.ping.archive.monitors import monitors
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports.analyze import Made
from WardenServer.plugins.common.ping.reports.periods import days_between

#: How far all is once everything is collected, and once all hourly tables are made.
COLLECTED, HOURLY = 0.5, 0.9


@dataclass(frozen=True)
class Step:
    """A step that is done: what it was, such as "collect HOST 2026-11-25" or "hourly 2026-11-25"; how far all is, 0 to
    1; warnings; and what came of it, one of the two."""

    text: str
    part: float
    warnings: tuple[str, ...] = ()
    got: Got | None = None
    made: Made | None = None


def restore(
    archive: Archive,
    first: date,
    last: date,
    today: date,
    again: bool,
    step: Callable[[Step], None],
    stopping: threading.Event,
    done: date | None = None,
    is_sparing: bool = False,
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
        done: of the days up to this one, tables are only made where something new came for them; None: of all.
        is_sparing: whether allmonths and allyears are only made where they have a day of an earlier month than today's.

    Raises:
        WardenError: a step cannot be done; the text has the cure.
    """
    days = days_between(first, min(last, today - timedelta(1)))
    with libraries(), held(archive.folder, stopping) as is_ours:
        if not is_ours or not days:
            return
        news = _collect(archive, days, again, step, stopping)
        wanted = [day for day in days if done is None or day > done or day in news]
        for each in _tables(archive, wanted, today, is_sparing, stopping):
            step(each)


def _collect(
    archive: Archive, days: Sequence[date], again: bool, step: Callable[[Step], None], stopping: threading.Event
) -> set[date]:
    """The days for which something new came."""
    hosts = monitors(archive, nodes.read(archive.nodes))
    most, count = len(hosts) * len(days), 0

    def tell(got: Got) -> None:
        nonlocal count
        count += 1
        warnings = (got.trouble,) if got.trouble else ()
        step(Step(f"collect {got.monitor.name} {got.day}", COLLECTED * count / most, warnings, got=got))

    all_got = collecting.collect_held(archive, hosts, days, again, tell, stopping)
    return {got.day for got in all_got if got.lines and not got.had and not got.trouble}


def _tables(
    archive: Archive, days: Sequence[date], today: date, is_sparing: bool, stopping: threading.Event
) -> Iterator[Step]:
    """Hourly tables of these days, then all longer ones, until `stopping` is set."""
    from WardenServer.plugins.common.ping.reports import analyze, kept, periods

    if stopping.is_set():
        return
    for number, (text, made) in enumerate(analyze.in_order(archive, days, ()), 1):
        yield Step(text, COLLECTED + (HOURLY - COLLECTED) * number / len(days), made.warnings, made=made)
        if stopping.is_set():
            return
    if not days:
        return
    touched = periods.touched((days[0], days[-1]), today, kept.oldest(Folders(archive.folder)))
    is_all = not is_sparing or days[0] < today.replace(day=1)
    wanted = [each for each in touched if is_all or each.kind not in ("allmonths", "allyears")]
    for number, (text, made) in enumerate(analyze.in_order(archive, (), wanted), 1):
        yield Step(text, HOURLY + (1 - HOURLY) * number / len(wanted), made.warnings, made=made)
        if stopping.is_set():
            return
