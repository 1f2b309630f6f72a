"""Commands that look at a hub, and tell it what to do."""

import contextlib
import dataclasses
import json
import sys
from typing import Any

import click

from WardenServer.cli.shared import begin_of, with_settings
from WardenServer.settings import config


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def status(settings: config.Settings, options: dict[str, Any], as_json: bool) -> None:
    """How the hub is: exit code 0 when it is RUNNING, else 1."""
    from WardenServer.local import up
    from WardenServer.servers import client

    hub = client.status(settings)
    if as_json:
        click.echo(json.dumps(hub.as_dict(), ensure_ascii=False))
    else:
        up.console().print(up.table(hub))
        click.echo(hub.status)
    sys.exit(0 if hub.state == "RUNNING" else 1)


def _command(name: str, text: str) -> click.Command:
    """A command of ours that is a command of the device."""

    @click.command(name, help=text)
    @with_settings
    def send(settings: config.Settings, options: dict[str, Any]) -> None:
        from WardenServer.servers import client

        answer = client.command(settings, name.capitalize())
        click.echo(answer or client.state(settings))

    return send


start = _command("start", "Let the agents run, from tick 0.")


stop = _command("stop", "Start no agents any more.")


reload = _command("reload", "Read the plugin files again, and say what came of it.")


@click.command()
@click.argument("agent")
@click.argument("request", default="null")
@with_settings
def ask(settings: config.Settings, options: dict[str, Any], agent: str, request: str) -> None:
    """Ask AGENT something, and show its answer: REQUEST and answer are JSON, such as '{"priority": 3}'.

    What it understands is up to the function `answer` of its plugin file.
    """
    from WardenServer.servers import client

    click.echo(client.command(settings, "AskAgent", [agent, request]))


@click.command()
@click.argument("key")
@with_settings
def get(settings: config.Settings, options: dict[str, Any], key: str) -> None:
    """Show the document of KEY, or its plain value, from Memcached."""
    from WardenServer.servers import client

    click.echo(client.document(settings, key))


@click.command()
@click.argument("key")
@with_settings
def watch(settings: config.Settings, options: dict[str, Any], key: str) -> None:
    """Show the document of KEY again whenever it changes, until Ctrl-C; where there is none, say so once and wait."""
    from WardenServer.servers import client

    with contextlib.suppress(KeyboardInterrupt):  # its usual end
        for document in client.changes(settings, key, lambda why: click.echo(f"warden: {why}", err=True)):
            click.echo(document)


@click.command()
@click.option("--number", "-n", default=20, show_default=True, type=click.IntRange(1), help="How many at most.")
@click.option("--since", default="", metavar="AGE", help="Only events that are not older than this, such as 2h or 3d.")
@click.option(
    "--severity", "severities", multiple=True, type=click.Choice(["info", "warning", "alarm"]),
    help="Only these; repeatable.",
)  # fmt: skip
@click.option("--agent", default="", help="Only events of this agent.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event.")
@with_settings
def events(
    settings: config.Settings,
    options: dict[str, Any],
    number: int,
    since: str,
    severities: tuple[str, ...],
    agent: str,
    as_json: bool,
) -> None:
    """Show what has happened: the newest events that agents told, the newest last.

    They are read from the hub's state folder, whether the hub runs or not.
    """
    from WardenServer.sinks.events import store

    path = store.place(settings)
    found = store.read(path, number, begin_of(since), severities, agent)
    for event in found:
        click.echo(json.dumps(dataclasses.asdict(event), ensure_ascii=False) if as_json else store.as_line(event))
    if not found and not as_json:
        click.echo(f"warden: there is no such event in {path}", err=True)


@click.command(name="config")
@click.option("--template", is_flag=True, help="A commented settings file.")
@click.option("--example", metavar="NAME", help="The settings file of a beamline: p02.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def show_config(
    settings: config.Settings, options: dict[str, Any], template: bool, example: str | None, as_json: bool
) -> None:
    """Every setting with its meaning, value and where that came from."""
    from WardenServer.servers import client
    from WardenServer.settings import settings_view

    if example is not None:
        click.echo(settings_view.example(example), nl=False)
        return
    settings, unseen = client.with_properties(settings, options)
    if template:
        click.echo(settings_view.template())
    elif as_json:
        click.echo(json.dumps(settings_view.as_dict(settings), default=str))  # TOML has dates
    else:
        settings_view.show(settings)
        click.echo(unseen, nl=False)
