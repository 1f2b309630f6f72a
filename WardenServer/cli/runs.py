"""Commands for runs: the list of them, and `warden run`, which opens and closes them and says what they mean."""

import dataclasses
import getpass
import json
import os
import time
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.jobs_shared import plain
from WardenServer.cli.runs_shared import opened
from WardenServer.cli.shared import with_settings
from WardenServer.errors import WardenError
from WardenServer.plugins.common.runs.source import LARGEST, Run
from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.source import Source

_NUMBER = click.IntRange(1, LARGEST)
#: Most parameters that are looked at for the one that is meant.
_LOOK = 1000


@click.command(name="runs")
@click.option("--number", "-n", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
@click.option("--match", default="", metavar="TEXT", help="Only those with this in number or note.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per run.")
@with_settings
def list_runs(settings: config.Settings, options: dict[str, Any], number: int, match: str, as_json: bool) -> None:
    """List runs, the newest first.

    \b
    warden runs -n 5             the newest five
    warden runs --match 2061     those with this in their number
    warden diff 1001 1005        what changed between two of them
    """
    with opened(settings) as (_, store, source):
        from WardenServer.plugins.common.runs import golden

        found = source.newest(number, search=match)
        best = golden.golden(store, source.name)
    if as_json:
        for run in found:
            click.echo(json.dumps({**dataclasses.asdict(run), "golden": run.number == best}))
    elif found:
        _print_table(found, best)
    else:
        click.echo("warden: there is no such run", err=True)


@click.group()
def run() -> None:
    """Open and close runs of this hub, and say what is to be known of runs. The table [runs] in the settings says more.

    \b
    warden run start             open the next run
    warden run stop              close the one that is open
    warden run golden 1001       measure others by this one
    warden run acknowledge 1005 HCAL_HF:ZeroSuppression "as asked in the meeting"
    warden runs                  which runs there are
    warden diff                  what changed between the newest two
    """


@run.command()
@click.argument("number", required=False, type=_NUMBER)
@with_settings
def start(settings: config.Settings, options: dict[str, Any], number: int | None) -> None:
    """Open the run NUMBER, or the next one, and print its number."""
    from WardenServer.servers import client

    click.echo(client.command(settings, "StartRun", number or 0))


@run.command()
@click.argument("number", required=False, type=_NUMBER)
@with_settings
def stop(settings: config.Settings, options: dict[str, Any], number: int | None) -> None:
    """Close the run that is open, and print its number. With NUMBER, only if it is that one."""
    from WardenServer.servers import client

    click.echo(client.command(settings, "StopRun", number or 0))


@run.command()
@click.argument("number", required=False, type=_NUMBER)
@click.option("--none", is_flag=True, help="No run is golden any more.")
@with_settings
def golden(settings: config.Settings, options: dict[str, Any], number: int | None, none: bool) -> None:
    """Declare the run NUMBER golden: others are measured by it. Without NUMBER, print which one is.

    Exit code 1 where it is asked for and none is.
    """
    if none and number is not None:
        raise click.UsageError("name a run, or say --none")
    with opened(settings) as (_, store, source):
        from WardenServer.plugins.common.runs import golden

        if number is None and not none:
            click.echo(_known(golden.golden(store, source.name)))
            return
        if number is not None:
            _need(source, number)
        golden.declare(store, source.name, number)
    click.echo("No run is golden any more." if none else f"Run {number} is the golden run.")


@run.command()
@click.argument("number", metavar="RUN", type=_NUMBER)
@click.argument("parameter", metavar="PARTITION:PARAMETER")
@click.argument("reason")
@with_settings
def acknowledge(settings: config.Settings, options: dict[str, Any], number: int, parameter: str, reason: str) -> None:
    """Say why a parameter changed in RUN, for the others who look. A later REASON takes the place of an earlier one.

    \b
    warden run acknowledge 1005 HCAL_HF:ZeroSuppression "as asked in the meeting"
    warden run acknowledge 1005 p02/motor/eh1.01:Position "moved for the new sample"
    """
    if not reason.strip():
        raise click.BadParameter("it is empty; say why the parameter changed", param_hint="REASON")
    with opened(settings) as (_, store, source):
        from WardenServer.plugins.common.runs import acknowledging

        _need(source, number)
        partition, name = _parameter(source, parameter)
        said = acknowledging.Acknowledgement(partition, name, number, reason.strip(), _user(), time.time())
        acknowledging.acknowledge(store, source.name, said)
    click.echo(f"{plain(partition)}:{plain(name)} in run {number}: you know of it.")


def _known(number: int | None) -> int:
    if number is None:
        raise WardenError("no run is golden; declare one with: warden run golden NUMBER")
    return number


def _need(source: "Source", number: int) -> None:
    if source.run(number) is None:
        raise WardenError(f"there is no run {number}; warden runs lists those that there are")


def _parameter(source: "Source", text: str) -> tuple[str, str]:
    """The partition and the parameter that are meant: either may have a colon in its name, so the source is asked."""
    found = source.parameters(text, _LOOK)
    exact = next((each for each in found if ":".join(each) == text), None)
    if exact is None:
        near = ", ".join(plain(":".join(each)) for each in found[:3])
        cure = f"there are: {near}" if near else "write PARTITION:PARAMETER as warden diff shows them, in its letters"
        raise WardenError(f'there is no parameter "{plain(text)}"; {cure}')
    return exact


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # nobody has told this machine of this user
        return str(os.getuid())


def _print_table(found: list[Run], golden: int | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from WardenServer.local import up

    shown = Table()
    for name in ("Number", "Opened", "Closed"):
        shown.add_column(name, no_wrap=True)
    for name in ("By", "Golden", "Note"):
        shown.add_column(name, overflow="fold")
    for each in found:
        mark = "golden" if each.number == golden else ""
        texts = (str(each.number), _clock(each.opened), _clock(each.closed), plain(each.by), mark, plain(each.note))
        shown.add_row(*map(Text, texts))
    up.console().print(shown)


def _clock(stamp: float | None) -> str:
    return "" if stamp is None else time.strftime("%F %T", time.localtime(stamp))
