"""Commands for jobs: files that are processed once each."""

import click


@click.group()
def jobs() -> None:
    """New files become jobs, which processors do one after the other. The table [jobs] in the settings says where.

    \b
    warden jobs work --command "process {json} {dump}"   a processor, on each machine that has work to do
    warden jobs stats                                    how the queue is, and when it will be done
    warden jobs list --state failed --since 1d           which jobs have failed
    warden jobs why ID                                   every step of one job
    warden jobs prioritize ID                            do it first
    warden jobs retry --failed --since 1h                do those again that have failed
    warden jobs import FOLDER                            files that were there before

    In a hub, agents find the files. Without one, `warden jobs monitor` does.
    """
