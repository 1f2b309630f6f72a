"""Commands for event streams without a hub."""

import logging
import os
import queue
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.hub.logs import Masked
from WardenServer.settings import config

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
    log_to_console(settings)
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


def log_to_console(settings: config.Settings) -> None:
    """Log lines go to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Masked(_FORMAT))
    log = logging.getLogger("warden")
    log.handlers, log.propagate = [handler], False
    log.setLevel(settings.log_level)
