"""Commands of pings: collect, check, restore."""

import click


@click.command()
def collect() -> None:
    """Not written yet."""
    raise NotImplementedError


@click.command()
def check() -> None:
    """Not written yet."""
    raise NotImplementedError


@click.command()
def restore() -> None:
    """Not written yet."""
    raise NotImplementedError
