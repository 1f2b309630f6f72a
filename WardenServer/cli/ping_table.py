"""Commands of pings: table."""

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.errors import WardenError
from WardenServer.hub.ping_tables import archive_of
from WardenServer.plugins.common.ping.looking import pingtable
from WardenServer.plugins.common.ping.looking.pingtable import BY, TICKS, Asked, Missing, View
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.looking.classes import Class

_COLOURS = {"excellent": "green", "good": "green", "acceptable": "cyan", "poor": "yellow", "very poor": "magenta",
            "bad": "red"}  # fmt: skip


def _day(context: click.Context, parameter: click.Parameter, said: datetime | None) -> date | None:
    return None if said is None else said.replace(tzinfo=UTC).date()


@click.command(epilog=f"METRIC is one of: {', '.join(METRICS)}.")
@click.argument("metric", default="packet_loss")
@click.option("--size", default=100, show_default=True, type=click.IntRange(1, 65_535), help="Bytes of a ping.")
@click.option("--by", default="site", show_default=True, type=click.Choice(BY), help="Pairs of sites, or of nodes.")
@click.option(
    "--tick", default="hourly", show_default=True, type=click.Choice(list(TICKS)), help="What a point stands for."
)
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help="One within the period. [default: the newest]"
)
@click.option("--from", "source", default="", metavar="REGEX", help="Only pairs with such a source.")
@click.option("--to", "target", default="", metavar="REGEX", help="Only pairs with such a target.")
@click.option("--only", default="", metavar="REGEX", help="Only pairs of which one is so.")
@click.option("--without", "--ex", default="", metavar="REGEX", help="Only pairs of which none is so.")
@click.option("--tsv", "form", flag_value="tsv", help="Columns with tabs between, as pingtable writes them.")
@click.option("--json", "form", flag_value="json", help="One JSON object.")
@with_settings
def table(settings: config.Settings, options: dict[str, Any], form: str | None, **asked: Any) -> None:
    """Look at a table that `warden ping analyze` has made: METRIC (packet_loss where none is named) of all pairs, and
    below it what all pairs together say. Each value has the sign of its class. Exit code 1 where there is no such table
    or pair.

    \b
    warden ping table                                   loss of the newest day by hour
    warden ping table average_rtt --tick daily          of the month by day
    warden ping table MOS --by node --to '[.]cern[.]ch$'
    warden ping table --tsv > loss.tsv                  for a spreadsheet
    """
    try:
        found = pingtable.view(archive_of(settings), Asked(**asked))
    except Missing as error:
        raise WardenError(str(error)) from None  # nothing was wrong with the command
    if not found.rows:
        raise WardenError("there is no such pair; take less of --from, --to, --only and --without")
    click.echo(_written(found, form), nl=False)


def _written(view: View, form: str | None) -> str:
    if form == "json":
        return json.dumps(pingtable.as_plain(view), ensure_ascii=False) + "\n"
    return pingtable.as_tsv(view) if form == "tsv" else pingtable.as_text(view, _paint)


def _paint(text: str, kind: "Class") -> str:
    """In colour; click takes it out where nobody would see it."""
    return click.style(text, fg=_COLOURS[kind.name])
