"""Commands that run a hub, or prepare that."""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.shared import SERVER, assignments, sentences, with_settings
from WardenServer.plugins.common.jobs.opening import libraries
from WardenServer.settings import config


@click.command()
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


@click.command(context_settings=SERVER)
@click.argument("instance")
@click.option("--config", "file", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--set", "given", multiple=True, callback=assignments, help="NAME=VALUE: one setting; repeatable.")
@click.option("--watch", is_flag=True, help="Read plugin files and settings again as soon as they change.")
@click.argument("tango_arguments", nargs=-1, type=click.UNPROCESSED)
@sentences
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


@click.command()
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


@click.command()
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


@click.command()
@click.option(
    "--minutes", "-m", default=5.0, show_default=True, type=click.FloatRange(0, min_open=True), help="How long."
)
@click.option("--seed", type=int, help="Repeat the faults of an earlier soak. [default: by chance, and printed]")
@click.option("--fault", "only", default="", metavar="TEXT", help="Only faults with this in their name.")
@click.option("--jobs", "of_jobs", is_flag=True, help="In place of a hub, of monitors and workers of jobs.")
@click.option("--pairs", default=10_000, show_default=True, type=click.IntRange(1), help="With --jobs: how many come.")
@click.option("--url", default="", help="With --jobs: of an empty database. [default: a file of SQLite]")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON object; progress goes to stderr.")
@sentences
def soak(minutes: float, seed: int | None, only: str, of_jobs: bool, pairs: int, url: str, as_json: bool) -> None:
    """Throw faults at a hub of its own, and judge how it stood them: exit code 0 when the verdict is clean, else 1.

    It runs a Tango database, Memcached and a hub in a temporary folder, on free ports; a hub of yours is not touched.
    Some twenty agents count their runs while others raise, hang, crash or flood it with data. Meanwhile, in random
    order, servers are killed and stopped, clients storm the device, and plugin files are edited, broken and removed.

    
    warden soak --minutes 0.5       a first look
    warden soak --minutes 30        what a release should stand
    warden soak --seed 7            the same faults in the same order as last time with 7
    warden soak --fault SIGSTOP     one kind of fault, again and again
    warden soak --jobs -m 10        of jobs: each pair of files is processed, none is lost

    With --jobs two monitors and three workers are killed, stopped and told to end, their database is locked, folders
    are taken away and many requests come, while files come, some of them slowly, and some change.

    Ctrl-C ends it early, with the verdict over what was run. When that is bad, the folder with the logs is kept.
    """
    code = _soak_of_jobs(minutes, pairs, seed, url, as_json) if of_jobs else _soak_of_hub(minutes, seed, only, as_json)
    sys.stdout.flush()
    os._exit(code)  # see `up`


def _soak_of_hub(minutes: float, seed: int | None, only: str, as_json: bool) -> int:
    from WardenServer.soak import run

    return run.run(minutes, seed, only, as_json)


def _soak_of_jobs(minutes: float, pairs: int, seed: int | None, url: str, as_json: bool) -> int:
    with libraries():
        from WardenServer.soak.jobs import run
    return run.run(minutes, pairs, seed, url, as_json)
