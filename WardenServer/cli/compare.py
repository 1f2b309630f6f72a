"""The command that holds another server's Memcached against ours."""

import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.settings import config
from WardenServer.settings.units import duration


def _seconds(context: click.Context, parameter: click.Parameter, given: str) -> float:
    try:
        return duration(given)
    except ValueError as error:
        raise click.BadParameter(f'"{given}": write {error}') from None


@click.command()
@click.option("--against", required=True, metavar="HOST:PORT", help="The Memcached that the other server writes.")
@click.option("--for", "seconds", default="1d", show_default=True, callback=_seconds, help="How long, such as 2h.")
@click.option("--keys", default="", metavar="KEY,KEY", help="Which keys. [default: those of the example p02]")
@click.option("--their-prefix", default="", help="What the other server puts before every key.")
@click.option("--tolerance", default=1.0, show_default=True, type=click.FloatRange(0, 100), help="Of numbers, in %.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write the report to a page, too.")
@click.option("--anew", is_flag=True, help="Forget what was compared before.")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object; progress goes to stderr.")
@with_settings
def compare(
    settings: config.Settings, options: dict[str, Any], against: str, seconds: float, keys: str, their_prefix: str,
    tolerance: float, page: Path | None, anew: bool, as_json: bool,
) -> None:  # fmt: skip
    """Hold what another server writes to Memcached against what this hub writes, key by key.

    For the days when both run: exit code 0 when every key that the other server has is here, with the same fields,
    types and flags, and with the same values within the tolerance; else 1. Nothing is written to either server.

    Let this hub write to a Memcached of its own, or under another prefix. Ctrl-C shows the report so far; the next call
    goes on from there.

    \b
    warden compare --against haspp02raspi02:55211 --for 1d --html report.html
    """
    from rich.console import Console

    from WardenServer.compare import run
    from WardenServer.machine import whole_file

    wanted = [key for key in keys.split(",") if key] or run.keys_of_example("p02", settings.state_folder / "compare")
    comparison = run.Comparison(settings, against, their_prefix, wanted, tolerance / 100, anew)
    told = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(comparison):
        for took in comparison.run(seconds, lambda why: click.echo(f"warden: {why}", err=True)):
            if time.monotonic() - told > 60:
                told = time.monotonic()
                click.echo(f"{took / 60:.0f} of {seconds / 60:.0f} minutes; {comparison.report.headline}", err=True)
    comparison.save()
    report = comparison.report
    if page is not None:
        try:
            whole_file.write(page.absolute(), report.as_html())
        except OSError as error:
            click.echo(f"warden: {page} cannot be written ({error.strerror})", err=True)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        report.show(Console(highlight=False))
    sys.exit(0 if report.is_good else 1)
