"""The command `warden`, and `BeamlineWarden INSTANCE`, the device server as Starter starts it."""

import contextlib
import dataclasses
import functools
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from WardenServer import __version__
from WardenServer.errors import SettingError, WardenError
from WardenServer.settings import config
from WardenServer.settings.masking import mask
from WardenServer.settings.units import duration

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class CommandFailed(click.ClickException):
    """An error with its cure, in one sentence: exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the sentence alone."""
        click.echo(f"warden: {self.message}", err=True, file=file)


class WrongUsage(CommandFailed):
    """The command line or a setting is wrong: exit code 2."""

    exit_code = 2


def _sentences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our errors into one sentence and an exit code."""

    @functools.wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except SettingError as error:
            raise WrongUsage(mask(str(error))) from None
        except WardenError as error:
            raise CommandFailed(mask(str(error))) from None

    return guarded


def _assignments(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """NAME=VALUE pairs."""
    pairs = [item.partition("=") for item in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.BadParameter(f'"{wrong[0]}": write NAME=VALUE, such as tick=0.2')
    return {name.strip(): value for name, _, value in pairs}


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `settings` from --config, --instance and --set, and `options`, what was said by them."""

    @click.option("--config", "-c", "config_file", type=click.Path(path_type=Path), help="Settings file (TOML).")
    @click.option("--instance", "-i", help="Name of the hub. [default: local]")
    @click.option(
        "--set", "-s", "given", multiple=True, callback=_assignments, help="NAME=VALUE: one setting; repeatable."
    )
    @functools.wraps(function)
    @_sentences
    def loaded(*args: Any, config_file: Path | None, instance: str | None, given: dict[str, str], **rest: Any) -> Any:
        options = {"instance": instance, **given}
        options = {name: value for name, value in options.items() if value is not None}
        if config_file is not None:
            os.environ["WARDEN_CONFIG"] = str(config_file.absolute())  # for the device, and the server that `up` starts
        return function(*args, settings=config.load(options=options), options=options, **rest)

    return loaded


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", message="WardenServer %(version)s")
def main() -> None:
    """The monitoring hub of a beamline.

    Plain Python files become agents. What they return is published in Memcached as JSON documents, and in Tango as
    attributes.

    \b
    Begin with:    warden up            everything on this machine, in the foreground
    Look:          warden status        how the hub and its agents are
                   warden get host      one document
    Write:         warden new NAME      a plugin of your own, from a template
                   warden try FILE      run it here and see what comes out
    """


@main.command()
@click.option("--watch", is_flag=True, help="Read plugin files and settings again as soon as they change.")
@with_settings
def up(settings: config.Settings, options: dict[str, Any], watch: bool) -> None:
    """Run everything on this machine: Tango database, Memcached and hub, as far as they are not configured elsewhere.

    Stays in the foreground and shows the agents; Ctrl-C ends all that it started.
    """
    from WardenServer.local import up as launcher

    code = launcher.run(settings, {**options, "watch": "yes"} if watch else options)
    with contextlib.suppress(OSError):  # no room for it
        sys.stdout.flush()
    os._exit(code)  # a call that still waits for a server which hung would hold up the interpreter's own end


# Long options only: Tango's own arguments have one dash, and click would take -dlist for -d -l -i -s t.
SERVER = {"help_option_names": ["--help"], "ignore_unknown_options": True, "allow_extra_args": True}


@main.command(context_settings=SERVER)
@click.argument("instance")
@click.option("--config", "file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--set", "given", multiple=True, callback=_assignments, help="NAME=VALUE: one setting; repeatable.")
@click.option("--watch", is_flag=True, help="Read plugin files and settings again as soon as they change.")
@click.argument("tango_arguments", nargs=-1, type=click.UNPROCESSED)
@_sentences
def serve(
    instance: str, file: Path | None, given: dict[str, str], watch: bool, tango_arguments: tuple[str, ...]
) -> None:
    """Run only the device server of INSTANCE, as Starter does; also as `BeamlineWarden INSTANCE`.

    Tango's own arguments may follow: -v4, -nodb, -dlist warden/hub/local, -ORBendPoint ...
    """
    from WardenServer.tango_device import serve as server

    if file is not None:
        os.environ["WARDEN_CONFIG"] = str(file.absolute())
    given = {**given, "watch": "yes"} if watch else given
    settings = config.load(options={**given, "instance": instance})
    sys.exit(server.run(settings, given, tango_arguments))


@main.command()
@click.option("--watch", is_flag=True, help="Read plugin files and settings again as soon as they change.")
@with_settings
def daemon(settings: config.Settings, options: dict[str, Any], watch: bool) -> None:
    """Run the hub without Tango, in the foreground, until it is ended: agents and Memcached only.

    SIGTERM and Ctrl-C end it; SIGUSR1 is a reload. Nothing else is started: Memcached must run.
    """
    from WardenServer.hub import daemon as server

    options = {**options, "watch": "yes"} if watch else options
    sys.exit(server.run(lambda: config.load(options=options)))


def beamline_warden() -> None:
    """The console script `BeamlineWarden`: `warden serve`."""
    serve(prog_name="BeamlineWarden")


@main.command()
@click.option("--dsconfig", is_flag=True, help="Only print what json2tango of dsconfig would put there.")
@click.option(
    "--starter", type=click.IntRange(0, 9), metavar="LEVEL",
    help="Have the Starter of this host start it too, at this start-up level (0: only on demand).",
)  # fmt: skip
@with_settings
def register(settings: config.Settings, options: dict[str, Any], dsconfig: bool, starter: int | None) -> None:
    """Make the hub known to the Tango database: server, class, device and alias.

    Settings given with --set become properties of the device.
    """
    from WardenServer.servers import tango_database

    properties = config.as_properties(options)
    if dsconfig:
        click.echo(json.dumps(tango_database.dsconfig(settings, properties), indent=4))
        return
    database = tango_database.find_database(settings)
    tango_database.register(database, settings, properties)
    click.echo(f"BeamlineWarden/{settings.instance} with device {settings.device} is in the Tango database.")
    if starter is not None:
        device = tango_database.hand_to_starter(database, settings, starter, str(Path(sys.executable).parent))
        click.echo(f"{device} will start it; tell it so with its command Init, or start the Starter again.")


@main.command()
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


def _command(name: str, text: str) -> None:
    """A command of ours that is a command of the device."""

    @main.command(name, help=text)
    @with_settings
    def send(settings: config.Settings, options: dict[str, Any]) -> None:
        from WardenServer.servers import client

        answer = client.command(settings, name.capitalize())
        click.echo(answer or client.state(settings))


_command("start", "Let the agents run, from tick 0.")
_command("stop", "Start no agents any more.")
_command("reload", "Read the plugin files again, and say what came of it.")


@main.command()
@click.argument("agent")
@click.argument("request", default="null")
@with_settings
def ask(settings: config.Settings, options: dict[str, Any], agent: str, request: str) -> None:
    """Ask AGENT something, and show its answer: REQUEST and answer are JSON, such as '{"priority": 3}'.

    What it understands is up to the function `answer` of its plugin file.
    """
    from WardenServer.servers import client

    click.echo(client.command(settings, "AskAgent", [agent, request]))


@main.command()
@click.argument("key")
@with_settings
def get(settings: config.Settings, options: dict[str, Any], key: str) -> None:
    """Show the document of KEY, or its plain value, from Memcached."""
    from WardenServer.servers import client

    click.echo(client.document(settings, key))


@main.command()
@click.argument("key")
@with_settings
def watch(settings: config.Settings, options: dict[str, Any], key: str) -> None:
    """Show the document of KEY again whenever it changes, until Ctrl-C; where there is none, say so once and wait."""
    from WardenServer.servers import client

    with contextlib.suppress(KeyboardInterrupt):  # its usual end
        for document in client.changes(settings, key, lambda why: click.echo(f"warden: {why}", err=True)):
            click.echo(document)


@main.command()
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
    found = store.read(path, number, _begin(since), severities, agent)
    for event in found:
        click.echo(json.dumps(dataclasses.asdict(event), ensure_ascii=False) if as_json else store.as_line(event))
    if not found and not as_json:
        click.echo(f"warden: there is no such event in {path}", err=True)


def _begin(age: str) -> float:
    """The time so long ago, in Unix seconds; 0 where nothing was said."""
    try:
        return time.time() - duration(age) if age else 0.0
    except ValueError as error:
        raise click.BadParameter(f'"{age}": write {error}', param_hint="--since") from None


@main.command()
@click.argument("name", required=False)
@click.option("--from", "template", default="minimal", show_default=True, help="Template to copy.")
@click.option("--list", "names", is_flag=True, help="Show the templates.")
@with_settings
def new(settings: config.Settings, options: dict[str, Any], name: str | None, template: str, names: bool) -> None:
    """Make NAME.py in your plugin folder, ready to edit, from a template."""
    from WardenServer.authoring import templates

    if names or name is None:
        for known, line in templates.known().items():
            click.echo(f"{known:10} {line}")
        return
    path = templates.make(name, template, settings.plugin_folders[0])
    click.echo(f"{path}\nNext: edit it, then  warden try {path}  and  warden reload")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Where to. [default: your plugin folder]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def port(
    settings: config.Settings, options: dict[str, Any], file: Path, output: Path | None, as_json: bool
) -> None:
    """Make Python 3 of an old plugin FILE in Python 2, such as those of P02.2's first BeamlineWarden.

    Writes the new file, and shows what was changed. Lines that only mean something else in Python 3 are left as they
    are, and listed: look at each of them.
    """
    from WardenServer.authoring import port as porting
    from WardenServer.authoring import templates

    made = porting.port(file)
    path = templates.write(made.text, output or settings.plugin_folders[0] / file.name)
    if as_json:
        click.echo(json.dumps({"file": str(path), "changes": made.changes, "look": made.look}, ensure_ascii=False))
        return
    for line in made.changes:
        click.echo(line)
    for number, said in made.look:
        click.echo(f"Look at {path}:{number}: {said}.")
    click.echo(f"{path} is Python 3; {len(made.look)} lines to look at.\nNext: warden check {path}")


@main.command(name="try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--runs", "-n", default=3, show_default=True, type=click.IntRange(1), help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per run.")
@with_settings
def try_file(settings: config.Settings, options: dict[str, Any], file: Path, runs: int, as_json: bool) -> None:
    """Run a plugin FILE a few times at its interval; needs neither Tango nor Memcached.

    Shows the documents, the attributes it would make, times and warnings. Exit code 1 when a run fails.
    """
    from WardenServer.authoring import trial
    from WardenServer.machine import descendants

    with descendants.Descendants():
        code = trial.show(settings, file, runs, as_json)
    sys.exit(code)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_settings
def check(settings: config.Settings, options: dict[str, Any], file: Path) -> None:
    """Hold a plugin FILE against the contract; exit code 0 when it keeps it."""
    from WardenServer.authoring import trial
    from WardenServer.machine import descendants

    notes: list[str] = []
    with descendants.Descendants():
        found = trial.check(settings, file, notes)
    for line in [*found, *(f"Note: {note}" for note in notes)]:
        click.echo(line, err=True)
    if not found:
        click.echo(f"{file} keeps the contract.")
    sys.exit(1 if found else 0)


@main.command()
@click.option(
    "--minutes", "-m", default=5.0, show_default=True, type=click.FloatRange(0, min_open=True), help="How long."
)
@click.option("--seed", type=int, help="Repeat the faults of an earlier soak. [default: by chance, and printed]")
@click.option("--fault", "only", default="", metavar="TEXT", help="Only faults with this in their name.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON object; progress goes to stderr.")
@_sentences
def soak(minutes: float, seed: int | None, only: str, as_json: bool) -> None:
    """Throw faults at a hub of its own, and judge how it stood them: exit code 0 when the verdict is clean, else 1.

    It runs a Tango database, Memcached and a hub in a temporary folder, on free ports; a hub of yours is not touched.
    Some twenty agents count their runs while others raise, hang, crash or flood it with data. Meanwhile, in random
    order, servers are killed and stopped, clients storm the device, and plugin files are edited, broken and removed.

    
    warden soak --minutes 0.5       a first look
    warden soak --minutes 30        what a release should stand
    warden soak --seed 7            the same faults in the same order as last time with 7
    warden soak --fault SIGSTOP     one kind of fault, again and again

    Ctrl-C ends it early, with the verdict over what was run. When that is bad, the folder with the logs is kept.
    """
    from WardenServer.soak import run

    code = run.run(minutes, seed, only, as_json)
    sys.stdout.flush()
    os._exit(code)  # see `up`


@main.command(name="config")
@click.option("--template", is_flag=True, help="A commented settings file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def show_config(settings: config.Settings, options: dict[str, Any], template: bool, as_json: bool) -> None:
    """Every setting with its meaning, value and where that came from."""
    from WardenServer.servers import client
    from WardenServer.settings import settings_view

    settings, unseen = client.with_properties(settings, options)
    if template:
        click.echo(settings_view.template())
    elif as_json:
        click.echo(json.dumps(settings_view.as_dict(settings), default=str))  # TOML has dates
    else:
        settings_view.show(settings)
        click.echo(unseen, nl=False)


if __name__ == "__main__":
    main()
