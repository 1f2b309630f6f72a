"""Commands of pings: collect, check, restore."""

import dataclasses
import itertools
import json
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli import ping_shared
from WardenServer.cli.jobs_shared import plain
from WardenServer.cli.ping_progress import progress, warn
from WardenServer.cli.shared import with_settings
from WardenServer.errors import SettingError
from WardenServer.hub import ping_tables
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.settings import config

if TYPE_CHECKING:
    from WardenServer.plugins.common.ping.archive.checking import Fault
    from WardenServer.plugins.common.ping.archive.monitors import Monitor
    from WardenServer.plugins.common.ping.configuration import Archive

_again = click.option("--again", is_flag=True, help="Fetch also what is there and whole.")


@click.command()
@click.argument("days", default="yesterday")
@click.option("--host", "names", multiple=True, metavar="NAME", help="Only this monitoring host; repeatable.")
@_again
@with_settings
def collect(
    settings: config.Settings, options: dict[str, Any], days: str, names: tuple[str, ...], again: bool
) -> None:
    """Fetch raw data of DAYS (UTC) from the monitoring hosts: a day, yesterday, or A..B.

    What is there and whole is not fetched again: after an interruption the same command goes on. Exit code 1 where
    something could not be fetched; what was there is kept then.

    \b
    warden ping collect                            yesterday
    warden ping collect 2026-11-01..2026-11-05     these days
    warden ping collect --host ping.example.org    one host
    """
    archive = ping_tables.archive_of(settings)
    wanted = ping_shared.days_between(ping_shared.days_over(days))
    hosts = _chosen(_monitors(archive), names)
    from WardenServer.plugins.common.ping.archive.collecting import Got, collect

    most = len(hosts) * sum(day < ping_shared.today() for day in wanted)
    done = itertools.count(1)
    with progress("Collecting") as tell:

        def got(one: Got) -> None:
            tell(next(done) / most, (one.trouble,) if one.trouble else ())

        found = collect(archive, hosts, wanted, again, got)
    troubles, had = sum(bool(one.trouble) for one in found), sum(one.had for one in found)
    new = [one for one in found if not one.had and not one.trouble]
    lines = sum(one.lines for one in new)
    click.echo(f"{len(new)} days of hosts fetched with {lines} lines, {had} were there already, {troubles} failed.")
    sys.exit(1 if troubles else 0)


@click.command()
@click.argument("days", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per day that is not whole.")
@with_settings
def check(settings: config.Settings, options: dict[str, Any], days: str | None, as_json: bool) -> None:
    """List days of monitoring hosts that are missing or short, of DAYS (UTC), else of the month that yesterday is in.

    A day is short where it has fewer than half of the usual lines of its host. Exit code 1 where there is such a day.

    The agent ping_nightly does the same every night. This rule in the settings mails what it finds:

    \b
    [notify.rules.pings]
    events = "ping_nightly"
    to = ["mail"]
    """
    archive = ping_tables.archive_of(settings)
    today = ping_shared.today()
    yesterday = today - timedelta(days=1)
    first, last = ping_shared.days_of(days) if days else (yesterday.replace(day=1), yesterday)
    from WardenServer.plugins.common.ping.archive import checking

    faults = checking.check(archive, _monitors(archive), first, last, today)
    if as_json:
        for fault in faults:
            click.echo(json.dumps({**dataclasses.asdict(fault), "day": fault.day.isoformat()}))
    elif faults:
        _print_table(faults)
    else:
        click.echo(f"All days from {first} to {min(last, yesterday)} are whole.")
    sys.exit(1 if faults else 0)


@click.command()
@click.argument("days")
@_again
@with_settings
def restore(settings: config.Settings, options: dict[str, Any], days: str, again: bool) -> None:
    """Repair DAYS (UTC): fetch what is missing, then make their hourly tables, and every longer table that they are in.

    Another repair, such as that of the agent ping_nightly, is waited for. Exit code 1 where something could not be
    fetched.

    \b
    warden ping restore 2026-11-01..2026-11-05
    warden ping restore 2026-11-01 --again         also what is there and whole
    """
    archive = ping_tables.archive_of(settings)
    first, last = ping_shared.days_over(days)
    from WardenServer.plugins.common.ping.archive.restoring import Step, restore

    steps: list[Step] = []
    with progress("Repairing") as tell:

        def step(one: Step) -> None:
            steps.append(one)
            tell(one.part, one.warnings)

        restore(archive, first, last, ping_shared.today(), again, step, threading.Event())
    made = [one.made for one in steps if one.made is not None]
    files, changed = sum(one.files for one in made), sum(one.changed for one in made)
    click.echo(f"{files} tables made; {changed} of them are other than before.")
    sys.exit(1 if any(one.got is not None and one.got.trouble for one in steps) else 0)


def _monitors(archive: "Archive") -> "tuple[Monitor, ...]":
    """All monitoring hosts; there must be one."""
    with libraries():
        from WardenServer.plugins.common.ping.archive import nodes
        from WardenServer.plugins.common.ping.archive.monitors import monitors

    known = nodes.read(archive.nodes)
    for problem in known.problems:
        warn(problem)
    if not (found := monitors(archive, known)):
        cure = "give one in [ping_archive.monitors], or as DATASERVER in the table of nodes"
        raise SettingError(f"no monitoring host is known; {cure}")
    return found


def _chosen(hosts: "Sequence[Monitor]", names: Sequence[str]) -> "Sequence[Monitor]":
    known, wanted = {host.name for host in hosts}, {name.lower() for name in names}
    if unknown := sorted(wanted - known):
        said = f'"{plain(unknown[0])}" is no monitoring host; there are: {", ".join(sorted(known)[:10])}'
        raise click.BadParameter(said, param_hint="--host")
    return [host for host in hosts if not names or host.name in wanted]


def _print_table(faults: "Sequence[Fault]") -> None:
    from rich.table import Table
    from rich.text import Text

    from WardenServer.local import up

    shown = Table()
    for name in ("Host", "Day", "Fault"):
        shown.add_column(name, no_wrap=name == "Day", overflow="fold")
    for name in ("Lines", "Usual"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in faults:
        usual = f"{each.usual:g}" if each.usual else ""
        shown.add_row(*map(Text, (plain(each.host), str(each.day), each.why, str(each.lines), usual)))
    up.console().print(shown)
