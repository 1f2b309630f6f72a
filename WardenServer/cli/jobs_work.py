"""The command `warden jobs work`: a processor."""

import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.cli.stream import log_to_console
from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs.opening import libraries
from WardenServer.settings import config
from WardenServer.settings.units import duration

#: Most characters of a name: it becomes that of a folder, and something is added to it.
_LONGEST = 200


def _seconds(context: click.Context, parameter: click.Parameter, given: str) -> float:
    try:
        return duration(given)
    except ValueError as error:
        raise click.BadParameter(f'"{given}": write {error}') from None


def _name(context: click.Context, parameter: click.Parameter, given: str | None) -> str:
    name = given or f"{socket.gethostname()}_{os.getpid()}"
    if "/" in name or name.startswith(".") or not name.isprintable() or len(name) > _LONGEST:
        raise click.BadParameter(f"write up to {_LONGEST} letters and digits, no / and no . at the beginning")
    return name


@click.command()
@click.option("--command", "line", metavar="COMMAND", help="What does a job: a program and its arguments.")
@click.option("--python", "target", metavar="MODULE:FUNCTION", help="What does a job: called with the paths (Path).")
@click.option(
    "--at-once", "-n", type=click.IntRange(1, 1000), default=lambda: len(os.sched_getaffinity(0)),
    show_default="number of cores", help="Jobs at a time.",
)  # fmt: skip
@click.option("--limit", default="1h", show_default=True, callback=_seconds, help="Time limit of one job.")
@click.option("--name", callback=_name, help="Of this processor; 4 digits are added. [default: HOST_PID]")
@click.option("--once", is_flag=True, help="End when no job is left, of whichever processor.")
@click.option(
    "--grace", default="10s", show_default=True, callback=_seconds, help="Time that jobs get to end after a signal."
)
@with_settings
def work(
    settings: config.Settings,
    options: dict[str, Any],
    line: str | None,
    target: str | None,
    at_once: int,
    limit: float,
    name: str,
    once: bool,
    grace: float,
) -> None:
    """Do jobs: a processor, as many of which may run as you like, on each machine that sees the files and the database.

    \b
    warden jobs work --command "process {json} {dump} --out /results/{id}"
    warden jobs work --command "sh -c 'gzip -k \\"$1\\" && echo packed' - {cbf}" -n 8
    warden jobs work --python beamline.scans:process --limit "30 minutes"

    COMMAND is taken apart as a shell does it, but no shell runs it; {json} is the path of the file with the suffix
    .json, and so on for each suffix in [jobs]. There are also {id}, {pathname} (the path without suffix) and, as a word
    of its own, {files} (all paths); {{ and }} are braces. It has done its job if it ends with exit code 0.

    FUNCTION gets the paths in the order of the suffixes. It is imported, from the current folder or from where Python
    looks, and runs in processes of its own; what it returns, if text, is the message of the job. An exception makes the
    job fail.

    What a job prints is in a file below `folder` of [jobs] while it runs, and its end becomes the message of the job. A
    job is done again if its worker vanishes, so it should not mind being done twice.

    \b
    SIGTERM, SIGHUP, Ctrl-C   begin nothing more, give jobs --grace to end, end them and hand them back;
                              the second time: at once
    """
    with libraries():
        from WardenServer.jobs.configured import jobs_of
        from WardenServer.jobs.work import run
        from WardenServer.jobs.work.runner import Options
    log_to_console(settings)
    jobs = jobs_of(settings)
    make = _maker(line, target, jobs.suffixes, at_once)
    run.run(jobs, make, Options(name, limit, once), grace)
    sys.stdout.flush()
    os._exit(0)  # the last threads have nothing to do any more


def _maker(line: str | None, target: str | None, suffixes: Sequence[str], count: int) -> Callable[[], Sequence[Any]]:
    from WardenServer.jobs.work.command import Command
    from WardenServer.jobs.work.function import Function
    from WardenServer.jobs.work.program import Program

    if line is not None and target is None:
        command = Command(line, suffixes)
        return lambda: [Program(command) for _ in range(count)]
    if target is not None and line is None:
        return lambda: Function.several(target, count)
    raise SettingError('say what does a job: either --command "process {files}" or --python package.module:function')
