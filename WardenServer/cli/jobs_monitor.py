"""`warden jobs monitor`: the monitor of jobs without a hub, by the settings or by a configuration file of Socorro."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.shared import WrongUsage, sentences, with_settings
from WardenServer.errors import WardenError
from WardenServer.plugins.common.jobs.opening import libraries
from WardenServer.settings import config
from WardenServer.settings.masking import mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from WardenServer.jobs.socorro.options import Option
    from WardenServer.jobs.socorro.values import Value
    from WardenServer.plugins.common.jobs.configuration import Jobs

#: Socorro's options, among them -? and what the file adds, are not click's.
_AS_GIVEN: dict[str, Any] = {"help_option_names": [], "ignore_unknown_options": True}
_USAGE = """Usage: warden jobs monitor [--config FILE] [--instance NAME] [--set NAME=VALUE] [--NAME=VALUE ...]
       warden jobs monitor monitorconfig.py [--NAME=VALUE ...]
"""


@click.command(context_settings=_AS_GIVEN, options_metavar="", short_help="Queue new files until a signal comes.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[FILE] [--NAME=VALUE]...")
@sentences
def monitor(words: tuple[str, ...]) -> None:
    """Queue new files for the processors, serve requests, and tidy up after jobs, in the foreground, without a hub.

    FILE is an executable configuration file of Socorro's monitor, monitorconfig.py. Without one, the table [jobs] of
    the settings says where files are. Options are those of Socorro; --help lists them. SIGTERM, SIGHUP and Ctrl-C end
    it in order.
    """
    with libraries():
        import sqlalchemy  # noqa: F401  # used further down: what is missing is said here
    if words and not words[0].startswith("-"):
        _with_file(Path(words[0]), words[1:])
    else:
        _with_table.main(list(words), "warden jobs monitor", standalone_mode=False)


@click.command(context_settings=_AS_GIVEN)
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@with_settings
def _with_table(settings: config.Settings, options: dict[str, Any], words: tuple[str, ...]) -> None:
    from WardenServer.jobs.configured import jobs_of
    from WardenServer.jobs.socorro import defaults, values

    known = {**defaults.delays(), **defaults.logging()}
    if values.wants_help(known, words):
        click.echo(_help(known))
        return
    _run(jobs_of(settings), values.gather(known, words), [])


def _with_file(file: Path, words: "Sequence[str]") -> None:
    from WardenServer.jobs.socorro import defaults, meaning, values
    from WardenServer.jobs.socorro.file import load

    settings = config.load()
    folder = settings.shared_folder("jobs")
    try:
        options, notes = load(file, settings, defaults.monitor(folder))
        if values.wants_help(options, words):
            click.echo(_help(options))
            return
        said = values.gather(options, words)
        jobs = meaning.jobs_of(said, folder)
    except WardenError as error:
        raise WrongUsage(mask(str(error))) from None
    _run(jobs, said, notes)


def _help(options: "Mapping[str, Option]") -> str:
    from WardenServer.jobs.socorro import values

    return f"{_USAGE}\n{inspect.cleandoc(monitor.help or '')}\n\n{values.as_help(options)}"


def _run(jobs: "Jobs", said: "Mapping[str, Value]", notes: "Sequence[str]") -> None:
    from WardenServer.jobs import monitor as program
    from WardenServer.jobs import monitor_log
    from WardenServer.jobs.socorro import meaning, values

    delays, lines = meaning.delays_of(said), meaning.lines_of(said)
    signals = program.take_signals()
    with monitor_log.opened(lines) as log:
        log.info("current configuration\n%s", values.as_lines(said))
        log.info("database %s; %s", jobs.url, jobs)
        for note in notes:
            log.warning("%s", note)
        program.run(jobs, delays, log, signals)
