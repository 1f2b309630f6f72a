"""Commands of pings: probe."""

import click


@click.command()
def probe() -> None:
    """Not written yet."""
    raise NotImplementedError
