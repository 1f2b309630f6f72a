"""The command that compares two runs, or a run with now."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from WardenServer.cli.runs_shared import Opened, opened
from WardenServer.cli.shared import CommandFailed, WrongUsage, with_settings
from WardenServer.errors import SettingError, WardenError
from WardenServer.plugins.common.runs.source import Side
from WardenServer.settings import config
from WardenServer.settings.masking import mask

if TYPE_CHECKING:
    from WardenServer.plugins.common.differ.change import Comparison
    from WardenServer.plugins.common.runs.source import Source

#: Newest runs among which are those with values.
_LOOK = 100


class NotCompared(CommandFailed):
    """Whatever prevented the comparison: exit code 3, since 1 says that something changed."""

    exit_code = 3


class _Compared(NamedTuple):
    """What came of it, and what was compared, as people write it."""

    comparison: "Comparison"
    old: str
    new: str

    @property
    def title(self) -> str:
        return f"Diff of run {self.old} and {'now' if self.new == 'now' else f'run {self.new}'}"


@click.command()
@click.argument("words", nargs=-1, metavar="[R1 [R2 [PARTITION]...]]")
@click.option("--live", is_flag=True, help="Compare R1 with what is set now; PARTITIONs follow R1.")
@click.option("--short", "is_short", is_flag=True, help="Of each parameter only the first lines.")
@click.option("--html", "as_html", is_flag=True, help="A page that needs no other file, with the lines side by side.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_settings
def diff(
    settings: config.Settings, options: dict[str, Any], words: tuple[str, ...], live: bool, is_short: bool,
    as_html: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show what changed from run R1 to run R2, in these PARTITIONs or in all.

    R1 and R2 are numbers, as warden runs lists them: a run as it was at its start, or with :end as it was at its end.
    Without R2 the newest run is meant; without both, the newest two.

    \b
    warden diff                         what the last run changed
    warden diff 1001 1005               between two runs
    warden diff 1001 1005 HCAL_HF       only in this partition
    warden diff 1005 1005:end           while a run was open
    warden diff --live 1001             from a run until now
    warden diff 1001 1005 --html > diff.html

    Exit code 0 when nothing changed, 1 when something did, 2 for wrong usage, such as an unknown partition, and 3 when
    they cannot be compared, such as a run that is not there.
    """
    if as_json and (as_html or is_short):
        raise click.UsageError("--json has all of it; take --html and --short out")
    with _exit_codes(), opened(settings) as given:
        compared = _with_now(settings, given, words) if live else _two_runs(given, words)
        text = _as_json(compared) if as_json else _as_text(compared, as_html, is_short)
    encoding = "utf-8" if as_html else sys.stdout.encoding  # a page says itself what it is in
    click.echo(text.encode(encoding, "backslashreplace"))
    if len(words) < (1 if live else 2):
        click.echo(compared.title, err=True)
    sys.exit(1 if compared.comparison.changes else 0)


@contextmanager
def _exit_codes() -> Iterator[None]:
    from WardenServer.plugins.common.runs.comparing import UnknownPartition

    try:
        yield
    except (SettingError, UnknownPartition) as error:
        raise WrongUsage(mask(str(error))) from None
    except WardenError as error:
        raise NotCompared(mask(str(error))) from None
    except KeyboardInterrupt:
        raise NotCompared("the comparison was ended before it was done") from None


def _two_runs(given: Opened, words: Sequence[str]) -> _Compared:
    from WardenServer.plugins.common.runs import comparing

    old, new = _sides(given.source, words[:2], 2)
    partitions = list(dict.fromkeys(words[2:])) or None
    return _Compared(comparing.compare(given.source, given.runs.rules, old, new, partitions), str(old), str(new))


def _with_now(settings: config.Settings, given: Opened, words: Sequence[str]) -> _Compared:
    from WardenServer.cli import diff_live

    [old] = _sides(given.source, words[:1], 1)
    partitions = list(dict.fromkeys(words[1:])) or None
    found = diff_live.compare(settings, given.runs, given.source, old, partitions)
    return _Compared(found, str(old), "now")


def _sides(source: "Source", words: Sequence[str], number: int) -> list[Side]:
    """As many sides: those that were named, then the newest runs, the older one first."""
    from WardenServer.plugins.common.runs import comparing

    named = [comparing.side(word) for word in words]
    missing = number - len(named)
    ready = [run.number for run in source.newest(_LOOK) if run.is_ready] if missing else []
    if len(ready) < missing:
        few = "only one run has values" if ready else "no run has values"
        raise comparing.NotComparable(f"{few} so far; compare again when there are enough")
    return [*named, *(Side(run) for run in sorted(ready[:missing]))]


def _as_json(compared: _Compared) -> str:
    from WardenServer.plugins.common.differ import short

    return json.dumps({"old": compared.old, "new": compared.new, **short.as_json(compared.comparison)})


def _as_text(compared: _Compared, as_html: bool, is_short: bool) -> str:
    from WardenServer.plugins.common.differ import page, short
    from WardenServer.plugins.common.runs.opening import libraries

    if not as_html:
        return short.text(compared.comparison, page.SHORT if is_short else None)
    with libraries():
        return page.page(compared.comparison, compared.title, not is_short)
