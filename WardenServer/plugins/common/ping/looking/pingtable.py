"""The view of the tables that PingER's pingtable.pl gives: rows of pairs, chosen and ordered, with a summary."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking import summary, text
from WardenServer.plugins.common.ping.looking.choosing import chosen
from WardenServer.plugins.common.ping.looking.summary import SUMMARY as SUMMARY
from WardenServer.plugins.common.ping.looking.text import Paint
from WardenServer.plugins.common.ping.reports import periods, table
from WardenServer.plugins.common.ping.reports.metrics import METRICS

#: The ticks of a view, and the kinds of table (reports/periods.py) that they show.
TICKS = {
    "hourly": "hourly", "daily": "daily", "last60days": "60days", "last120days": "120days", "monthly": "monthly",
    "allmonthly": "allmonths", "allyearly": "allyears",
}  # fmt: skip
BY = ("site", "node")
#: Kinds of table that there are many of, and what their names say of the period.
_DATED = {"hourly": r"\d{4}-\d\d-\d\d", "daily": r"\d{4}-\d\d"}


class Missing(SettingError):
    """There is no such table, or nothing of such a pair; what was asked for makes sense, though."""


@dataclass(frozen=True)
class Asked:
    """What is wanted. `source` and `target` (pingtable: from, to), `only` and `without` (ex) are regular expressions
    (without: none of source and target may match; only: one of them must), "" for all. `day` is one within the
    period; None for the newest."""

    metric: str
    size: int = 100
    by: str = "site"
    tick: str = "hourly"
    day: date | None = None
    source: str = ""
    target: str = ""
    only: str = ""
    without: str = ""


@dataclass(frozen=True)
class Row:
    """One pair."""

    source: str
    target: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class View:
    """What was found; `asked` has the day that it is of. `summary` has for each of SUMMARY one value a point, over the
    pairs that have one."""

    asked: Asked
    unit: str
    points: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: dict[str, tuple[float | None, ...]]


def view(archive: Archive, asked: Asked) -> View:
    """Read a table and choose.

    Raises:
        SettingError: something asked for means nothing.
        Missing: there is no such table; the text says how it is made.
        Unreachable: the table cannot be read, or a library is missing.
    """
    check(asked.metric, asked.by, asked.tick)
    day = asked.day or latest(archive, asked.metric, asked.size, asked.by, asked.tick)
    if day is None:
        what = f"{asked.tick} table of {asked.metric} for {asked.size} bytes by {asked.by}"
        raise Missing(f"there is no {what}; make it with: warden ping analyze {TICKS[asked.tick]}")
    asked = replace(asked, day=day)
    found = _read(archive, asked)
    pairs = sorted(found.rows)
    wanted = chosen(pairs, asked.source, asked.target, asked.only, asked.without)
    rows = tuple(Row(*pair, tuple(found.rows[pair])) for pair, is_in in zip(pairs, wanted, strict=True) if is_in)
    summed = summary.of([row.values for row in rows], len(found.points))
    return View(asked, METRICS[asked.metric].unit, found.points, rows, summed)


def check(metric: str, by: str, tick: str = "hourly") -> None:
    """Whether there can be such tables; raises SettingError."""
    for name, said, known in (("metric", metric, METRICS), ("by", by, BY), ("tick", tick, TICKS)):
        if said not in known:
            raise SettingError(f"{name} is {said[:40]!r}; write one of: {', '.join(known)}")


def latest(archive: Archive, metric: str, size: int, by: str, tick: str) -> date | None:
    """A day within the newest period that has a table; None where there is none. Tables that there is only one of, such
    as that of the last 60 days, end the day before they are made."""
    kind, folders = TICKS[tick], Folders(archive.folder)
    if kind not in _DATED:
        return _day_before_made(folders.report(metric, size, by, periods.period(kind, date.max).name))
    plain = folders.report(metric, size, by, "")
    begin, end = plain.name.partition(".")[::2]
    name = re.compile(rf"{re.escape(begin)}-({_DATED[kind]})\.{re.escape(end)}", re.ASCII)
    found = [name.fullmatch(path.name) for path in plain.parent.glob(f"{begin}-*")]
    return max((day for each in found if each and (day := _day(each[1]))), default=None)


def pairs(archive: Archive, by: str) -> Sequence[tuple[str, str]]:
    """All pairs of the newest tables, for forms: of the first tick and metric that has any, in all sizes.

    Raises:
        Missing: one of these tables has just gone.
        Unreachable: one of them cannot be read.
    """
    for tick in TICKS:
        for metric in METRICS:
            days = {size: latest(archive, metric, size, by, tick) for size in archive.sizes}
            tables = [_read(archive, Asked(metric, size, by, tick, day)) for size, day in days.items() if day]
            if tables:
                return sorted({pair for found in tables for pair in found.rows})
    return ()


def as_text(view: View, paint: Paint = lambda text, _: text) -> str:
    """For a terminal: each value with the sign of its class, then what the signs mean. `paint` may add colours."""
    asked = view.asked
    unit = f" ({view.unit})" if view.unit else ""
    title = f"{asked.metric}{unit}, {asked.size} bytes, by {asked.by}, {asked.tick}, {asked.day}"
    rows = [(row.source, row.target, row.values) for row in view.rows]
    below = [(name, "", values) for name, values in view.summary.items()]
    table = text.lines(asked.metric, view.points, rows, below, paint)
    legend = text.legend(asked.metric, paint)
    return "".join(f"{line}\n" for line in (title, "", *table, *(("", legend) if legend else ())))


def as_tsv(view: View) -> str:
    """pingtable's TSV: the group columns, "?", the points, Monitoring-Node, Remote-Node; a dot where there is no value;
    the rows of the summary at the end. A pair is a group of its own."""
    header = ("Monitoring-Group", "Remote-Group", "?", *view.points, "Monitoring-Node", "Remote-Node")
    rows = [(*_pair(row), "?", *text.cells("", row.values), *_pair(row)) for row in view.rows]
    below = [(name, "", "", *text.cells(name, values), "", "") for name, values in view.summary.items()]
    return "".join("\t".join(cells) + "\n" for cells in (header, *rows, *below))


def as_plain(view: View) -> dict[str, object]:
    """For JSON."""
    asked = view.asked
    about = {"metric": asked.metric, "unit": view.unit, "size": asked.size, "by": asked.by, "tick": asked.tick,
             "day": None if asked.day is None else asked.day.isoformat()}  # fmt: skip
    rows = [{"source": row.source, "target": row.target, "values": list(row.values)} for row in view.rows]
    summed = {name: list(values) for name, values in view.summary.items()}
    return {**about, "points": list(view.points), "rows": rows, "summary": summed}


def _read(archive: Archive, asked: Asked) -> table.Table:
    name = periods.period(TICKS[asked.tick], asked.day or date.max).name
    try:
        return table.read(Folders(archive.folder).report(asked.metric, asked.size, asked.by, name))
    except SettingError as error:
        raise Missing(str(error)) from None


def _pair(row: Row) -> tuple[str, str]:
    return row.source, row.target


def _day(name: str) -> date | None:
    """The day that YYYY-MM-DD names, or the first of the month that YYYY-MM names."""
    try:
        return date.fromisoformat(name if len(name) > 7 else f"{name}-01")
    except ValueError:
        return None


def _day_before_made(path: Path) -> date | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date() - timedelta(days=1)
    except OSError:
        return None
