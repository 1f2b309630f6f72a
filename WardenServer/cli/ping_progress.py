"""How commands of pings say how far they are: a bar on standard error, where that is a terminal, and warnings."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from WardenServer.cli.jobs_shared import plain
from WardenServer.settings.masking import mask

#: Tells how far a command is, 0 to 1, and what it warns of.
Tell = Callable[[float, Sequence[str]], None]


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """A bar, for as long as a command is at it. Each warning is said once."""
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    columns = (progress.TextColumn(what), progress.BarColumn(), progress.TaskProgressColumn(),
               progress.TimeElapsedColumn())  # fmt: skip
    console, said = Console(stderr=True), set[str]()
    with progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)

        def tell(part: float, warnings: Sequence[str]) -> None:
            bar.update(task, completed=part)
            for warning in warnings:
                if warning not in said:
                    said.add(warning)
                    console.print(Text(_sentence(warning)), soft_wrap=True)  # above the bar

        yield tell


def warn(sentence: str) -> None:
    """Say a sentence on standard error."""
    click.echo(_sentence(sentence), err=True)


def _sentence(text: str) -> str:
    return f"warden: {plain(mask(text))}"
