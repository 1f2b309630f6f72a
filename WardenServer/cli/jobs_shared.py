"""What the commands for jobs share: the database, options that say which jobs, ids as a terminal can show them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from WardenServer.plugins.common.jobs.opening import libraries
from WardenServer.settings import config
from WardenServer.settings.units import duration


def plain(text: str) -> str:
    """A text on one line that a terminal shows as it is: control characters and such are escaped."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


@contextmanager
def opened(settings: config.Settings) -> Iterator[tuple[Any, Any]]:
    """What [jobs] says, and the database.

    Raises:
        WardenError: there is no [jobs], or a library is missing; the text has the cure.
    """
    from WardenServer.jobs.configured import jobs_of

    with libraries():
        from WardenServer.plugins.common.jobs.database import Database
    jobs = jobs_of(settings)
    database = Database(jobs.url)
    try:
        yield jobs, database
    finally:
        database.close()


def _age(context: click.Context, parameter: click.Parameter, text: str) -> float | None:
    """Seconds, as --since says it; None where nothing was said."""
    try:
        return duration(text) if text else None
    except ValueError as error:
        raise click.BadParameter(f'"{text}": write {error}') from None


def narrowing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which jobs: `since` in seconds, `match`."""
    since = click.option(
        "--since", default="", metavar="AGE", callback=_age,
        help="Only those that were queued, begun or ended so long ago at most, such as 1h.",
    )  # fmt: skip
    match = click.option("--match", default="", metavar="TEXT", help="Only those with this in id or message.")
    return since(match(function))
