"""Commands for jobs: files that are processed once each."""

import click


@click.group()
def jobs() -> None:
    """New files become jobs, which processors do one after the other. The table [jobs] in the settings says where."""
