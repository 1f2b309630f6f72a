"""Commands of pings: analyze."""

import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli import ping_shared
from WardenServer.cli.ping_progress import progress
from WardenServer.cli.shared import with_settings
from WardenServer.hub import ping_tables
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.reports.analyze import Made
    from WardenServer.plugins.common.ping.reports.periods import Period

    Steps = dict[str, Made]

_KINDS = ("hourly", "daily", "monthly", "allmonths", "allyears", "all")
_LAST_DAYS = ("60days", "120days")


@click.command()
@click.argument("kind", type=click.Choice(_KINDS))
@click.option("--date", "dates", multiple=True, metavar="DATE", help="What to make, see above; repeatable.")
@click.option("--by", multiple=True, type=click.Choice(("site", "node")), help="Only tables by this; repeatable.")
@click.option("--size", "sizes", multiple=True, type=int, metavar="N", help="Only for pings of N bytes; repeatable.")
@click.option(
    "--metric", "metrics", multiple=True, type=click.Choice(tuple(METRICS), case_sensitive=False), metavar="METRIC",
    help="Only this metric, such as packet_loss or MOS; repeatable.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def analyze(
    settings: config.Settings, options: dict[str, Any], kind: str, dates: tuple[str, ...], by: tuple[str, ...],
    sizes: tuple[int, ...], metrics: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Make tables of the raw data that were collected. All days are in UTC.

    \b
    hourly      a day by hour; DATE is a day, yesterday, or A..B [default: yesterday]
    daily       by day; DATE is a month YYYY-MM, 60days or 120days [default: the month that yesterday is in]
    monthly     the last 24 months by month
    allmonths   all months that there are
    allyears    all years that there are
    all         hourly of DATE, as above, then every longer table that these days are in

    Each table is made for each metric, for pings of each size, by site and by node. A point of a longer table is the
    mean of the hourly values in it. What was made before is made anew; the same data make the same bytes. Data that do
    not exist are a warning and dots.

    \b
    warden ping analyze hourly                              yesterday
    warden ping analyze hourly --date 2026-11-01..2026-11-05
    warden ping analyze daily --date 2026-10 --date 60days
    warden ping analyze daily --by site --size 100 --metric packet_loss
    warden ping analyze all                                 what the hub makes every night

    Exit code 0 also with warnings, 1 where tables cannot be made, 2 for wrong usage.
    """
    archive = ping_tables.archive_of(settings)
    from WardenServer.plugins.common.ping.archive.folders import Folders
    from WardenServer.plugins.common.ping.reports import analyze, kept

    yesterday = ping_shared.today() - timedelta(1)
    if dates and kind not in ("hourly", "daily", "all"):
        raise click.UsageError(f"{kind} has no --date: it is made up to yesterday; leave it out")
    ranges = [] if kind == "daily" else [ping_shared.days_of(text) for text in dates or ("yesterday",)]
    days = _days(ranges) if kind in ("hourly", "all") else []
    oldest = kept.oldest(Folders(archive.folder))
    periods = _periods(kind, dates, ranges, yesterday, oldest)
    with _said(as_json) as steps, progress("Making tables") as tell:
        for what, made in analyze.in_order(archive, days, periods, analyze.Wanted(metrics, sizes, by)):
            steps[what] = made
            tell(len(steps) / (len(days) + len(periods)), made.warnings)


def _days(ranges: Sequence[tuple[date, date]]) -> list[date]:
    """Each day of them once, the oldest first."""
    return sorted({day for days in ranges for day in ping_shared.days_between(days)})


def _periods(
    kind: str, dates: Sequence[str], ranges: Sequence[tuple[date, date]], yesterday: date, oldest: date | None
) -> "list[Period]":
    """The longer tables that are meant, in the order in which they are made."""
    from WardenServer.plugins.common.ping.reports.periods import KINDS, period, touched

    if kind == "hourly":
        return []
    if kind == "daily":
        found = [_daily(text, yesterday) for text in dates or (yesterday.isoformat()[:7],)]
    elif kind == "all":
        start = min((*(first for first, _ in ranges), *filter(None, [oldest])))
        found = [each for days in ranges for each in touched(days, yesterday + timedelta(1), start)]
    else:
        found = [period(kind, yesterday, oldest)]
    each = {(one.kind, one.name): one for one in found}
    return sorted(each.values(), key=lambda one: (KINDS.index(one.kind), one.name))


def _daily(text: str, yesterday: date) -> "Period":
    """One table by day, as --date says it."""
    from WardenServer.plugins.common.ping.reports.periods import period

    if text in _LAST_DAYS:
        return period(text, yesterday)
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
            raise ValueError
        return period("daily", date.fromisoformat(f"{text}-01"))
    except ValueError:
        said = f'"{text:.60}": write a month such as 2026-11, 60days or 120days'
        raise click.BadParameter(said, param_hint="--date") from None


@contextmanager
def _said(as_json: bool) -> "Iterator[Steps]":
    """What was made, to be filled by its steps; it is said at the end, also where a later step fails."""
    steps: Steps = {}
    try:
        yield steps
    finally:
        files, changed = sum(made.files for made in steps.values()), sum(made.changed for made in steps.values())
        if as_json:
            each = [{"what": what, **dataclasses.asdict(made)} for what, made in steps.items()]
            click.echo(json.dumps({"files": files, "changed": changed, "steps": each}))
        else:
            for what, made in steps.items():
                click.echo(f"{what}: {made.files} tables, {made.changed} of them other than before")
