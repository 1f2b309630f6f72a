"""Commands for event streams without a hub."""

import logging
import os
import queue
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.shared import WrongUsage, with_settings
from WardenServer.errors import WardenError
from WardenServer.hub.logs import Masked
from WardenServer.settings import config
from WardenServer.settings.masking import mask

if TYPE_CHECKING:
    from WardenServer.authoring.replay import Found

#: Most differences that are printed.
SHOWN = 100

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


@click.group()
def stream() -> None:
    """Event streams without a hub: run a configuration module of snoop, record events, and compare code on them."""


@stream.command()
@click.argument("module", default="config.py", type=click.Path(path_type=Path))
@click.option("--daemon", "-d", is_flag=True, help="Leave the terminal once all is loaded.")
@click.option("--once", is_flag=True, help="End at the end of the input, with the last samples written.")
@click.option("--pid-file", type=click.Path(path_type=Path), help="[default with -d: beside the module, .pid]")
@click.option(
    "--log", "log_file", type=click.Path(path_type=Path),
    help="Where output and log lines go with -d. [default: beside the module, .log]",
)  # fmt: skip
@with_settings
def run(
    settings: config.Settings,
    options: dict[str, Any],
    module: Path,
    daemon: bool,
    once: bool,
    pid_file: Path | None,
    log_file: Path | None,
) -> None:
    """Run MODULE, a configuration module of snoop, by default ./config.py.

    It says sample_period, processor_paths, processor_kwargs, reader and writer. Samples go to the writer, and to
    Memcached where the settings name it.

    \b
    SIGUSR1                   loads MODULE and the processors again; on any error the old ones go on
    SIGTERM, SIGHUP, Ctrl-C   end it: what was read is processed, and the last samples are written
    """
    from WardenServer.machine.detach import PidFile, detach

    module = module.absolute()
    ready = detach() if daemon else None  # from here on, in another process
    _log_to_console(settings)
    place = pid_file or (module.with_suffix(".pid") if daemon else None)
    held = PidFile(place) if place is not None else None
    try:
        begun = partial(ready, log_file or module.with_suffix(".log")) if ready is not None else None
        _run(settings, module, once, begun)
    finally:
        if held is not None:
            held.close()
    sys.stdout.flush()
    os._exit(0)  # whatever threads the processors have


def _run(settings: config.Settings, module: Path, once: bool, ready: Callable[[str], None] | None) -> None:
    from WardenServer.streams.run import Program, take_signals

    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    program = Program(module, settings, once)
    take_signals(signals.put)
    program.open()
    pid = os.getpid()
    said = f"{module} runs with pid {pid}. End it: kill {pid}; load its code again: kill -USR1 {pid}"
    try:
        if ready is not None:
            ready(said)
        logging.getLogger("warden.stream").info("%s", said)
        program.run(signals)
    finally:
        program.close()


def _log_to_console(settings: config.Settings) -> None:
    """Log lines go to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Masked(_FORMAT))
    log = logging.getLogger("warden")
    log.handlers, log.propagate = [handler], False
    log.setLevel(settings.log_level)


@stream.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--against", "old", required=True, type=click.Path(path_type=Path), help="The old code.", metavar="OLD.py")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW.py")
@click.option("--every", default=1000, show_default=True, type=click.IntRange(1), help="Events between two samples.")
@click.option("--tolerance", default=1e-9, show_default=True, type=click.FloatRange(0, 1), help="Of numbers, relative.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; progress goes to stderr.")
@with_settings
def replay(
    settings: config.Settings, options: dict[str, Any], file: Path, old: Path, new: Path, every: int, tolerance: float,
    as_json: bool,
) -> None:  # fmt: skip
    """Run the processors of two files over recorded events, and show where their samples differ.

    FILE was written by `warden stream record`. Processors with the same name are compared, and where each file has one,
    those two; their settings are those of [agents.NAME]. Exit code 0 when all samples are the same, 1 when some differ,
    2 when nothing can be compared.
    """
    from WardenServer.authoring import replay as replaying
    from WardenServer.authoring.trial import distrust

    for warning in [*distrust(settings, old), *distrust(settings, new)]:
        click.echo(f"Warning: {warning}", err=True)
    try:
        found = replaying.Replay(settings, old, new, tolerance).run(file, every, _tell)
    except WardenError as error:
        raise WrongUsage(mask(str(error))) from None
    if as_json:
        click.echo(replaying.as_json(found))
    else:
        for number, events, name, difference in found.shown[:SHOWN]:
            click.echo(f"sample {number} (event {events}), {name}.{difference}")
        if len(found.shown) > SHOWN:
            click.echo(f"... and {len(found.shown) - SHOWN + found.more} more; --json shows them")
        click.echo(replaying.as_text(found))
    sys.stdout.flush()
    sys.exit(0 if found.same == found.samples else 1)


def _tell(found: "Found") -> None:
    click.echo(f"{found.events} events, {found.samples - found.same} of {found.samples} samples differ", err=True)
