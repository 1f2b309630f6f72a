"""The view of the tables that PingER's pingtable.pl gives: rows of pairs, chosen and ordered, with a summary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from WardenServer.plugins.common.ping.configuration import Archive

#: The ticks of a view, and the kinds of table (reports/periods.py) that they show.
TICKS = {
    "hourly": "hourly", "daily": "daily", "last60days": "60days", "last120days": "120days", "monthly": "monthly",
    "allmonthly": "allmonths", "allyearly": "allyears",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is wanted. `source` and `target` (pingtable: from, to), `only` and `without` (ex) are regular expressions
    (without: none of source and target may match; only: one of them must), "" for all. `day` is one within the
    period."""

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
    """What was found. `summary` has for each of SUMMARY one value a point, over the pairs that have one."""

    asked: Asked
    unit: str
    points: tuple[str, ...]
    rows: tuple[Row, ...]
    summary: dict[str, tuple[float | None, ...]]


#: The rows of the summary, in their order; percentiles are numpy's linear ones, the deviation that of the population.
SUMMARY = ("min", "25%", "mean", "median", "75%", "90%", "95%", "max", "iqr", "std", "pairs")


def view(archive: Archive, asked: Asked) -> View:
    """Read a table and choose.

    Raises:
        SettingError: something asked for means nothing, or there is no such table (the text says how it is made).
        Unreachable: the table cannot be read.
    """
    raise NotImplementedError


def latest(archive: Archive, metric: str, size: int, by: str, tick: str) -> date | None:
    """A day within the newest period that has a table; None where there is none."""
    raise NotImplementedError


def as_text(view: View) -> str:
    """For a terminal."""
    raise NotImplementedError


def as_tsv(view: View) -> str:
    """pingtable's TSV: the group columns, "?", the points, Monitoring-Node, Remote-Node; a dot where there is no value;
    the rows of the summary at the end."""
    raise NotImplementedError


def as_plain(view: View) -> dict[str, object]:
    """For JSON."""
    raise NotImplementedError


def pairs(archive: Archive, by: str) -> Sequence[tuple[str, str]]:
    """All pairs of the newest tables, for forms."""
    raise NotImplementedError
