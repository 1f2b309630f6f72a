"""Commands that look at jobs: list, show, why, stats."""

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from WardenServer.cli.jobs_shared import narrowing, opened, plain
from WardenServer.cli.shared import with_settings
from WardenServer.errors import WardenError
from WardenServer.settings import config

_STATES = ("waiting", "running", "done", "failed")
#: Most letters of a message in a list.
_SHORT = 200


@click.command(name="list")
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--owner", default="", metavar="NAME", help="Only those of this processor.")
@narrowing
@click.option("--number", "-n", default=50, show_default=True, type=click.IntRange(1), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per job.")
@with_settings
def list_jobs(
    settings: config.Settings,
    options: dict[str, Any],
    state: str | None,
    owner: str,
    since: float | None,
    match: str,
    number: int,
    as_json: bool,
) -> None:
    """List jobs, the newest first."""
    with opened(settings) as (_, database):
        from WardenServer.plugins.common.jobs import looking

        wanted = looking.Wanted(looking.State(state) if state else None, owner, match, since)
        found = looking.newest(database, wanted, number)
    if as_json:
        for job in found:
            click.echo(_json(dataclasses.asdict(job)))
    elif found:
        _print_table(found)
    else:
        click.echo("warden: there is no such job", err=True)


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with the steps.")
@with_settings
def show(settings: config.Settings, options: dict[str, Any], id: str, as_json: bool) -> None:
    """Show the job with this ID."""
    with opened(settings) as (_, database):
        from WardenServer.plugins.common.jobs import looking

        job = looking.one(database, id)
        if job is None:
            raise WardenError(f'the queue has no job "{plain(id)}"; warden jobs why ID says what is known of it')
        told = looking.told(database, id)
    said = dataclasses.asdict(job)
    if as_json:
        click.echo(_json({**said, "steps": [dataclasses.asdict(each) for each in told]}))
        return
    for name, value in said.items():
        text = _clock(value) if name in ("found", "queued", "started", "completed") else value
        click.echo(f"{name:10} {plain(str('' if text is None else text))}".rstrip())
    for each in told:
        click.echo(f"{_clock(each.at)}  {plain('  '.join(filter(None, (each.step, each.processor, each.reason))))}")


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def why(settings: config.Settings, options: dict[str, Any], id: str, as_json: bool) -> None:
    """Say what has happened to the job with this ID, how it is now, and what to do about it.

    Exit code 1 where nothing was ever heard of the ID.
    """
    with opened(settings) as (jobs, database):
        from WardenServer.plugins.common.jobs import why

        account = why.why(database, jobs, id)
    if as_json:
        click.echo(_json(dataclasses.asdict(account)))
    else:
        for at, sentence in account.steps:
            click.echo(f"{_clock(at)}  {plain(sentence)}")
        for sentence in account.now:
            click.echo(plain(sentence))
    sys.exit(0 if account.is_known else 1)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def stats(settings: config.Settings, options: dict[str, Any], as_json: bool) -> None:
    """Show how the queue is: what waits and runs, how fast it goes, when it will be done, and the processors."""
    with opened(settings) as (jobs, database):
        from WardenServer.plugins.common.jobs import status, workers

        now = status.server_status(database, jobs)
        listed = workers.workers(database, jobs.check_in)
    if as_json:
        click.echo(_json({**dataclasses.asdict(now), "workers": [dataclasses.asdict(each) for each in listed]}))
        return
    for name, text in _stats(now):
        click.echo(f"{name:22} {text}")
    for each in listed:
        seen = "never" if each.seen is None else _clock(each.seen)
        click.echo(f"{plain(each.name)}  {each.state}, {each.waiting} waiting, {each.running} running, seen {seen}")


def _stats(now: Any) -> Iterator[tuple[str, str]]:
    yield "waiting", str(now.waiting)
    yield "running", str(now.running)
    yield "ended in the last hour", f"{now.done}, {now.failed} of them failed, {now.late} too late"
    yield "processors", f"{now.processors} alive, {now.dead} dead"
    yield "rate", f"{now.rate:.4g} per hour"
    yield "all done", _finish(now)
    if now.latency is not None:
        most = f"95 of 100 within {now.latency_p95:.3g} s, all within {now.latency_max:.3g} s"
        yield "pair to result", f"{now.latency:.3g} s, {most}"
    yield "start to end", f"{now.process_time:.3g} s"
    yield "queued to end", f"{now.wait_time:.3g} s"
    yield "last one ended", "" if now.recently_completed is None else _clock(now.recently_completed)
    yield "eldest was queued", "" if now.oldest_queued is None else _clock(now.oldest_queued)


def _finish(now: Any) -> str:
    if now.waiting + now.running == 0:
        return "yes"
    return "nobody knows: none has ended in the last hour" if now.finish is None else _clock(now.finish)


def _print_table(found: list[Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    from WardenServer.local import up

    shown = Table()
    for name in ("Queued", "State"):
        shown.add_column(name, no_wrap=True)
    for name in ("Id", "Processor", "Message"):
        shown.add_column(name, overflow="fold")
    for job in found:
        texts = ("" if job.queued is None else _clock(job.queued), job.state, plain(job.id), job.owner or "")
        shown.add_row(*(Text(each) for each in (*texts, plain(job.message[-_SHORT:].strip()))))
    up.console().print(shown)


def _json(value: Any) -> str:
    return json.dumps(value)  # in ASCII: what is no text in UTF-8 stays readable


def _clock(stamp: float | None) -> str:
    return "" if stamp is None else time.strftime("%F %T", time.localtime(stamp))
