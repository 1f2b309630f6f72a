"""Commands of pings: table."""

import click


@click.command()
def table() -> None:
    """Not written yet."""
    raise NotImplementedError
