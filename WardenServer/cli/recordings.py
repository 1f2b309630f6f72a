"""Commands that keep the events of a stream, and compare code on them."""

import queue
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from WardenServer.cli.shared import WrongUsage, with_settings
from WardenServer.cli.stream import log_to_console
from WardenServer.errors import WardenError
from WardenServer.settings import config
from WardenServer.settings.masking import mask
from WardenServer.settings.units import duration

if TYPE_CHECKING:
    from WardenServer.authoring.replay import Found
    from WardenServer.streams.feed import Feed
    from WardenServer.streams.record import Recording

#: Seconds between two reports of how far a recording is, and between looks whether it has ended.
PROGRESS, LOOK = 1.0, 0.1
#: Most differences that are printed.
SHOWN = 100


def _seconds(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
    try:
        return duration(given) if given is not None else None
    except ValueError as error:
        raise click.BadParameter(f'"{given}": write {error}') from None


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--stream", "name", help="A stream of the settings. [default: the only one]")
@click.option("--module", type=click.Path(path_type=Path), help="In its place: a configuration module of snoop.")
@click.option("--events", type=click.IntRange(1), help="End after so many.")
@click.option("--for", "seconds", callback=_seconds, help="End after so long, such as 60s.")
@click.option("--force", is_flag=True, help="Write over a FILE that is there.")
@with_settings
def record(
    settings: config.Settings, options: dict[str, Any], file: Path, name: str | None, module: Path | None,
    events: int | None, seconds: float | None, force: bool,
) -> None:  # fmt: skip
    """Write the events of a stream to FILE, as JSON lines; compressed where its name ends in .gz.

    `warden stream replay` reads such files, and the reader json_lines where they are not compressed. Ends at the end of
    the input, by --events, --for, or Ctrl-C. Nothing is taken away from a hub that reads the same stream: of a Redis
    stream it reads by a group of its own, which is removed at the end. An event of bytes is {"raw": BASE64}.
    """
    from WardenServer.streams import record as recording

    log_to_console(settings)
    if module is not None and name is not None:
        raise WrongUsage("--stream and --module are both given; say one of them")
    with ExitStack() as ends:
        if module is not None:
            reader, names = recording.reader_in(settings, module)
            ends.callback(names.close)
        else:
            reader, group = recording.reader_of(settings, name)
            ends.callback(recording.release, group)
        made = recording.Recording(file, events, force)
        ends.callback(made.close)
        feed = recording.feed_of(name or "record", reader, made)
        ends.callback(feed.join, recording.END)
        ends.callback(feed.close)
        _wait_for(feed, made, seconds)
    click.echo(f"{file}: {made}", err=True)


def _wait_for(feed: "Feed", made: "Recording", seconds: float | None) -> None:
    """Wait for what ends a recording, and tell how far it is."""
    from WardenServer.streams.run import take_signals

    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    take_signals(signals.put)
    begun = told = time.monotonic()
    before, said = 0, list[str]()
    while not (made.done or feed.ended):
        now = time.monotonic()
        if now - told >= PROGRESS:
            click.echo(f"{made}, {(made.events - before) / (now - told):.3g} events per second", err=True)
            told, before = now, made.events
            said = _say_new(feed.notes, said)
        left = LOOK if seconds is None else min(LOOK, begun + seconds - now)
        if left <= 0:
            return
        with suppress(queue.Empty):
            signals.get(timeout=left)
            return


def _say_new(notes: list[str], said: list[str]) -> list[str]:
    for note in notes:
        if note not in said:
            click.echo(note, err=True)
    return notes


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--against", "old", required=True, metavar="OLD.py", type=click.Path(path_type=Path), help="Old code.")
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
