"""Commands on alarms, and on who is told of them."""

import dataclasses
import json
import sys
import time
from typing import Any

import click

from WardenServer.cli.shared import begin_of, with_settings
from WardenServer.errors import Unreachable, WardenError
from WardenServer.results.event import ALARM, QUIET
from WardenServer.settings import config
from WardenServer.settings.units import moment


@click.group()
def notify() -> None:
    """Alarms, and who is told of them: rules and targets are in [notify] of the settings file.

    \b
    warden notify list                                which alarms there are now
    warden notify test                                send a message to every target
    warden notify mute beam --until 2h --why "shift"  tell nobody of a rule for a while
    warden notify acknowledge beam                    no more reminders of this alarm
    warden notify rehearse beam --since 30d           how often it would have raised an alarm
    """


@notify.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def show(settings: config.Settings, options: dict[str, Any], as_json: bool) -> None:
    """Show all that the rules say now: exit code 1 when there is an alarm."""
    from WardenServer.hub.alarms import table
    from WardenServer.servers import client

    if not settings.notify.rules:
        click.echo("{}" if as_json else "There are no rules; write a table [notify.rules.NAME] into the settings file.")
        return
    alarms = table.read(client.document(settings, settings.alarms_key))
    click.echo(json.dumps(alarms, ensure_ascii=False) if as_json else table.lines(alarms))
    sys.exit(1 if any(alarm["state"] == "alarm" for alarm in alarms.values()) else 0)


@notify.command()
@click.argument("target", required=False)
@with_settings
def test(settings: config.Settings, options: dict[str, Any], target: str | None) -> None:
    """Send a message to TARGET, or to each, from here: exit code 1 when one does not take it."""
    from WardenServer.sinks.notify import trial

    failed = False
    for name, why in trial.send_to(settings, target):
        said = why if why.startswith("[") else f"{name}: {why or 'has taken a message'}"  # some name it themselves
        click.echo(said, err=bool(why))
        failed = failed or bool(why)
    sys.exit(1 if failed else 0)


@notify.command()
@click.argument("rule")
@click.option("--until", required=True, metavar="TIME", help='Such as 2h, 18:00, or "2026-11-30 08:00"; local time.')
@click.option("--why", required=True, metavar="TEXT", help="For the others who look.")
@with_settings
def mute(settings: config.Settings, options: dict[str, Any], rule: str, until: str, why: str) -> None:
    """Tell nobody of RULE until a time; * means all rules.

    It ends by itself. A fault that is still there then is told then. The end of an alarm that was told is told, too.
    """
    try:
        end = moment(until, time.time())
    except ValueError as error:
        raise click.BadParameter(f'"{until}": write {error}', param_hint="--until") from None
    _say(settings, "Mute", {"rule": rule, "until": end, "why": why})
    click.echo(f"{rule} is muted until {time.strftime('%F %T', time.localtime(end))}.")


@notify.command()
@click.argument("rule")
@with_settings
def unmute(settings: config.Settings, options: dict[str, Any], rule: str) -> None:
    """Tell people of RULE again."""
    _say(settings, "Unmute", {"rule": rule})
    click.echo(f"{rule} is no longer muted.")


@notify.command()
@click.argument("rule")
@with_settings
def acknowledge(settings: config.Settings, options: dict[str, Any], rule: str) -> None:
    """Send no more reminders about the alarms of RULE, or about one of them as `warden notify list` names it."""
    _say(settings, "Acknowledge", {"rule": rule})
    click.echo(f"{rule}: you know of it.")


@notify.command()
@click.argument("rule")
@click.option("--since", default="30d", show_default=True, metavar="AGE", help="On the history from so long ago on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event.")
@with_settings
def rehearse(settings: config.Settings, options: dict[str, Any], rule: str, since: str, as_json: bool) -> None:
    """Say how often RULE would have raised an alarm on the history. Nobody is told of it."""
    from WardenServer.hub.alarms import rehearse
    from WardenServer.sinks.events.store import as_line
    from WardenServer.sinks.history.ask import History

    if rule not in settings.notify.rules:
        known = ", ".join(settings.notify.rules) or "none"
        raise WardenError(f'there is no rule "{rule}"; there are: {known}')
    reader = History(settings)
    found = rehearse.rehearse(settings.notify.rules[rule], reader, begin_of(since), time.time())
    reader.close()
    for event in found.events:
        click.echo(json.dumps(dataclasses.asdict(event), ensure_ascii=False) if as_json else as_line(event))
    alarms, quiet = (sum(event.id.startswith(kind) for event in found.events) for kind in (ALARM, QUIET))
    begin = time.strftime("%F %T", time.localtime(found.begin))
    more = f", and {quiet} while it flapped," if quiet else ""
    click.echo(f"{rule}: {alarms} alarms{more} in {found.values} values since {begin}.", err=as_json)
    if found.note:
        click.echo(f"warden: {found.note}", err=True)


@notify.command()
@click.argument("hub", required=False)
@click.option("--after", default="30 s", show_default=True, metavar="AGE", help="How old its document may be.")
@with_settings
def watch(settings: config.Settings, options: dict[str, Any], hub: str | None, after: str) -> None:
    """Look whether HUB, an instance, lives. Tell the targets once when it does not, and once when it does again.

    For cron on another machine, with the same settings file: exit code 0 when it lives, else 1.
    """
    from WardenServer.sinks.notify import trial

    said = trial.look_after(dataclasses.replace(settings, instance=hub or settings.instance), after)
    click.echo(said.text)
    for failure in said.failures:
        click.echo(f"warden: {failure}", err=True)
    sys.exit(0 if said.lives and not said.failures else 1)


def _say(settings: config.Settings, command: str, said: dict[str, Any]) -> None:
    """By the device; where no device answers, by the file that the hub looks at."""
    from WardenServer.hub.alarms import mutes, table
    from WardenServer.servers import client

    try:
        client.command(settings, command, json.dumps(said))
    except (Unreachable, WardenError) as error:
        if isinstance(error, client.RefusedByHub) or not mutes.place(settings).parent.is_dir():
            raise
        table.say(settings, command, said)
