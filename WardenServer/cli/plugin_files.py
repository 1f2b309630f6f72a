"""Commands for those who write plugin files."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.settings import config

_EVENTS = click.option(
    "--events", type=click.Path(path_type=Path), help="For processors: a file of events, see warden stream record."
)


@click.command()
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


@click.command(name="try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--runs", "-n", default=3, show_default=True, type=click.IntRange(1), help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per run.")
@_EVENTS
@with_settings
def try_file(
    settings: config.Settings, options: dict[str, Any], file: Path, runs: int, as_json: bool, events: Path | None
) -> None:
    """Run a plugin FILE a few times at its interval; needs neither Tango nor Memcached.

    Shows the documents, the attributes it would make, times and warnings. Exit code 1 when a run fails.
    """
    from WardenServer.authoring import trial
    from WardenServer.machine import descendants

    with descendants.Descendants():
        code = trial.show(settings, file, runs, as_json, events)
    sys.exit(code)


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_EVENTS
@with_settings
def check(settings: config.Settings, options: dict[str, Any], file: Path | None, events: Path | None) -> None:
    """Hold a plugin FILE against the contract; without FILE, the settings against what the agents have.

    Without FILE all agents are loaded, and the rules and targets of [notify] are looked at: fields, keys and agents
    that nobody has, and URLs that cannot be had. Exit code 0 when all is well.
    """
    from WardenServer.authoring import rules, trial
    from WardenServer.machine import descendants

    notes: list[str] = []
    with descendants.Descendants():
        if file is None:
            found, notes = rules.check(settings)
        else:
            found = trial.check(settings, file, notes, events)
    for line in [*found, *(f"Note: {note}" for note in notes)]:
        click.echo(line, err=True)
    if not found:
        click.echo(f"{file} keeps the contract." if file else "Agents, rules and targets fit each other.")
    sys.exit(1 if found else 0)


@click.command()
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
