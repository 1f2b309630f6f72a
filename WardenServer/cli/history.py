"""Commands on the past: what there was, why there was nothing, and the care of the history."""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from WardenServer.cli.shared import begin_of, with_settings
from WardenServer.errors import WardenError
from WardenServer.settings import config
from WardenServer.settings.units import megabytes


@click.group()
def history() -> None:
    """What was: all values that agents returned.

    \b
    warden history list                           which fields there are, also those of agents that are gone
    warden history show Petra.BeamCurrent         the last hour
    warden history show Petra.BeamCurrent --since 30d --points 500 --csv
    warden history check                          read all of it
    warden history backup /backup/history         copy it while the hub runs
    """


@history.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per field.")
@with_settings
def fields(settings: config.Settings, options: dict[str, Any], as_json: bool) -> None:
    """List all fields that there are values of, with the agent, and the days from the first value to the last."""
    reader = _open(settings)
    for known in reader.known():
        if as_json:
            click.echo(json.dumps(known._asdict(), ensure_ascii=False))
        else:
            span = f"{_day(known.first)} to {_day(known.last)}"
            click.echo(f"{known.key}.{known.field}  from {known.agent}, {span}")
    reader.close()


@history.command()
@click.argument("field")
@click.option("--since", default="1h", show_default=True, metavar="AGE", help="From so long ago on, such as 2h or 30d.")
@click.option("--points", default=0, type=click.IntRange(0, 100_000), help="About so many points; 0: every value.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header line; times in Unix seconds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def show(
    settings: config.Settings, options: dict[str, Any], field: str, since: str, points: int, as_csv: bool, as_json: bool
) -> None:
    """Show the values of FIELD, as KEY.FIELD: each, or the mean, lowest and highest of spans of time."""
    reader = _open(settings)
    key, name = reader.named(field)
    now = time.time()
    found = reader.range(key, name, begin_of(since), now, points)
    reader.close()
    columns = {"time": found.time, **found.columns}
    rows = zip(*(column.tolist() if hasattr(column, "tolist") else column for column in columns.values()), strict=True)
    if as_json:
        plain = {name: [_plain(value) for value in column] for name, column in columns.items()}
        about = {"key": key, "field": name, "level": found.level, "before": found.before}
        gaps = [gap._asdict() for gap in found.gaps]
        click.echo(json.dumps({**about, **plain, "gaps": gaps}, ensure_ascii=False, default=str))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        _print(list(rows), list(columns), found)


def _print(rows: list[tuple[Any, ...]], names: list[str], found: Any) -> None:
    if found.before is not None:
        click.echo(f"{_clock(found.before[0])}  {found.before[1]}  (the last one before)")
    for stamp, *values in rows:
        texts = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
        said = "  ".join(texts) if names[1] == "value" else ", ".join(map("{} {}".format, names[1:], texts))
        click.echo(f"{_clock(stamp)}  {said}")
    for gap in found.gaps:
        click.echo(f"no value from {_clock(gap.begin)} to {_clock(gap.end) if gap.end else 'now'}: {gap.reason}")


@history.command()
@with_settings
def check(settings: config.Settings, options: dict[str, Any]) -> None:
    """Read all of the history: exit code 1 where a part of it is damaged."""
    from WardenServer.sinks.history import care

    reader, bad = _open(settings), 0
    for finding in care.check(reader.store):
        bad += bool(finding.trouble)
        said = finding.trouble or f"good, {finding.values} values"
        click.echo(f"{finding.part}: {megabytes(finding.size)}, {said}")
    reader.close()
    if bad:
        click.echo(f"warden: {bad} parts are damaged, the others are not; move the damaged files away", err=True)
    sys.exit(1 if bad else 0)


@history.command()
@click.argument("target", type=click.Path(path_type=Path))
@with_settings
def backup(settings: config.Settings, options: dict[str, Any], target: Path) -> None:
    """Copy the history into the folder TARGET while the hub runs; only what has changed since the last time."""
    from WardenServer.sinks.history import care

    reader, count = _open(settings), 0
    for part in care.backup(reader.store, target):
        click.echo(f"{part} ...", err=True)
        count += 1
    reader.close()
    click.echo(f"{count} parts were copied into {target}.")


@history.command()
@click.argument("fields", nargs=-1, required=True)
@click.option("--parquet", "target", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--since", default="1d", show_default=True, metavar="AGE", help="From so long ago on.")
@with_settings
def export(
    settings: config.Settings, options: dict[str, Any], fields: tuple[str, ...], target: Path, since: str
) -> None:
    """Write every value of FIELDS, each as KEY.FIELD, into a Parquet file.

    Its columns are time (UTC), key, field, number and text.
    """
    from WardenServer.sinks.history import parquet

    reader = _open(settings)
    names = [reader.named(field) for field in fields]
    count = parquet.export(reader, names, begin_of(since), time.time(), target)
    reader.close()
    click.echo(f"{count} values are in {target}.")


@click.command()
@click.argument("field")
@click.option("--at", metavar="TIME", help='Then, not now: such as 2h (ago), 18:00, or "2026-11-30 08:00"; local time.')
@with_settings
def why(settings: config.Settings, options: dict[str, Any], field: str, at: str | None) -> None:
    """Say why FIELD, as KEY.FIELD, has no value, since when, and what to do about it."""
    from WardenServer.settings.units import past
    from WardenServer.sinks.history import why

    reader = _open(settings)
    try:
        when = past(at, time.time()) if at else None
    except ValueError as error:
        raise click.BadParameter(f'"{at}": write {error}', param_hint="--at") from None
    seen = why.look(settings)
    key, name = why.named(seen, reader, field)
    said = why.now(seen, reader, key, name) if when is None else why.then(settings, reader, key, name, when)
    click.echo(str(said))
    reader.close()


def _open(settings: config.Settings) -> Any:
    """The history; says in a sentence where there is none."""
    try:
        from WardenServer.sinks.history.ask import History
    except ImportError as error:
        from WardenServer.sinks.history.store import CURE

        raise WardenError(f"the history needs the library {error.name}; {CURE.format('history')}") from None
    return History(settings)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _day(stamp: float) -> str:
    return time.strftime("%F", time.gmtime(stamp))


def _clock(stamp: float) -> str:
    return time.strftime("%F %T", time.localtime(stamp))
