"""Commands that change what waits: prioritize, retry, import."""

import dataclasses
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.jobs_shared import narrowing, opened, plain
from WardenServer.cli.shared import with_settings
from WardenServer.errors import SettingError
from WardenServer.settings import config

#: Ids that are named where many are alike.
_NAMED = 10
_STATES = {
    "waiting": "waits in the queue and goes to its front", "running": "is running already",
    "done": "is done already", "failed": "has failed; have it done again with: warden jobs retry",
    "": "is not in the queue; its files are looked for",
}  # fmt: skip


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: the state of each ID, null where it has none.")
@with_settings
def prioritize(settings: config.Settings, options: dict[str, Any], ids: tuple[str, ...], as_json: bool) -> None:
    """Ask for jobs to be done first. ID may be - for lines of the standard input.

    The monitor takes the requests at its next look. What is not in the queue is looked for, also in the deferred
    storage.
    """
    wanted, wrong = _ids(ids), None
    with opened(settings) as (_, database):
        from WardenServer.plugins.common.jobs import looking, requests

        states = looking.states(database, wanted)
        try:
            requests.ask(database, wanted)
        except SettingError as error:  # of some ids; the others are asked for
            wrong = error
    if as_json:
        click.echo(json.dumps({id: states.get(id) for id in wanted}))
    else:
        _say_groups({id: _STATES[states.get(id, "")] for id in wanted}, sys.stdout)
    if wrong is not None:
        raise wrong


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--failed", is_flag=True, help="All that have failed.")
@narrowing
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def retry(
    settings: config.Settings,
    options: dict[str, Any],
    ids: tuple[str, ...],
    failed: bool,
    since: float | None,
    match: str,
    as_json: bool,
) -> None:
    """Put jobs that have ended back into the queue: those with these IDs, or with --failed all that have failed.

    Exit code 1 where one of them cannot be done again, such as one whose files are gone.
    """
    if bool(ids) == failed or (ids and (since is not None or match)):
        raise click.UsageError("name IDs, or say --failed, with --since and --match where not all are meant")
    with opened(settings) as (jobs, database):
        from WardenServer.plugins.common.jobs import again, looking

        trouble, reason = again.trouble_of(jobs), "somebody has asked for it: warden jobs retry"
        if failed:
            done = again.failed(database, looking.Wanted(match=match, since=since), trouble, reason)
        else:
            done = again.these(database, _ids(ids), trouble, reason)
    if as_json:
        click.echo(json.dumps({"retried": done.ids, "refused": done.refused}))
    else:
        click.echo(f"{len(done.ids)} {'job waits' if len(done.ids) == 1 else 'jobs wait'} again.")
        _say_groups({id: f"is left as it is: {why}" for id, why in done.refused.items()}, sys.stderr)
    sys.exit(1 if done.refused else 0)


@click.command(name="import")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FOLDER...")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def import_files(
    settings: config.Settings, options: dict[str, Any], folders: tuple[Path, ...], dry_run: bool, as_json: bool
) -> None:
    """Make jobs of the files below FOLDERs, which must be in the storage.

    With layout = "radix" files from elsewhere are copied into the storage. What the queue has already is left as it is:
    after an interruption the same command goes on. What ought not to be a job is named, with the reason.
    """
    with opened(settings) as (jobs, database):
        from WardenServer.jobs.importing import Importer

        with _progress() as tell:
            done = Importer(database, jobs, dry_run, tell).add(folders)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
        return
    verb = "would be" if dry_run else "are"
    click.echo(f"{done.queued} jobs {verb} new, {done.known} were known, {len(done.skipped)} are left out.")
    _say_groups({path: f"is left out: {why}" for path, why in done.skipped.items()}, sys.stderr)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal; it is told how many are done, of how many."""
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("Importing"), progress.BarColumn(), progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"), progress.TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, rate="")

        def tell(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:.0f}/s" if speed else "")

        yield tell


def _ids(said: Sequence[str]) -> list[str]:
    """The ids that were said, each once; - stands for lines of the standard input."""
    lines = (line.removesuffix("\n") for line in (sys.stdin if "-" in said else ()))
    return list(dict.fromkeys(filter(None, (*(each for each in said if each != "-"), *lines))))


def _say_groups(sentences: dict[str, str], file: Any) -> None:
    """Say each sentence, with the ids that it is about; of many only some are named."""
    different = dict.fromkeys(sentences.values())
    for sentence in itertools.islice(different, _NAMED):
        ids = [id for id, said in sentences.items() if said == sentence]
        for id in ids[:_NAMED]:
            click.echo(f"{plain(id)} {plain(sentence)}", file=file)
        if len(ids) > _NAMED:
            click.echo(f"... {plain(sentence)} ({len(ids) - _NAMED} more)", file=file)
    if len(different) > _NAMED:
        click.echo(f"... and others for {len(different) - _NAMED} more reasons; --json has them all", file=file)
