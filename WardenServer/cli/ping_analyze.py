"""Commands of pings: analyze."""

import click


@click.command()
def analyze() -> None:
    """Not written yet."""
    raise NotImplementedError
