"""The command `warden`, and `BeamlineWarden INSTANCE`, the device server as Starter starts it."""

import click

from WardenServer import __version__
from WardenServer.cli import (
    compare,
    diff,
    history,
    jobs,
    jobs_changes,
    jobs_monitor,
    jobs_views,
    jobs_work,
    looking,
    notify,
    ping,
    ping_analyze,
    ping_collect,
    ping_probe,
    ping_table,
    plugin_files,
    recordings,
    running,
    runs,
    stream,
    web,
)
from WardenServer.cli.running import beamline_warden
from WardenServer.cli.shared import CONTEXT


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", message="WardenServer %(version)s")
def main() -> None:
    """The monitoring hub of a beamline.

    Plain Python files become agents. What they return is published in Memcached as JSON documents, and in Tango as
    attributes.

    \b
    Begin with:    warden up            everything on this machine, in the foreground
    Look:          warden status        how the hub and its agents are
                   warden get host      one document
    Write:         warden new NAME      a plugin of your own, from a template
                   warden try FILE      run it here and see what comes out
    """


main.add_command(notify.notify)
main.add_command(stream.stream)
stream.stream.add_command(recordings.record)
stream.stream.add_command(recordings.replay)
main.add_command(history.history)
main.add_command(jobs.jobs)
jobs.jobs.add_command(jobs_work.work)
jobs.jobs.add_command(jobs_monitor.monitor)
for _view in (jobs_views.list_jobs, jobs_views.show, jobs_views.why, jobs_views.stats):
    jobs.jobs.add_command(_view)
for _change in (jobs_changes.prioritize, jobs_changes.retry, jobs_changes.import_files):
    jobs.jobs.add_command(_change)
main.add_command(ping.ping)
for _of_pings in (ping_collect.collect, ping_collect.check, ping_collect.restore):
    ping.ping.add_command(_of_pings)
for _of_pings in (ping_probe.probe, ping_analyze.analyze, ping_table.table):
    ping.ping.add_command(_of_pings)
main.add_command(history.why)
for _of_runs in (diff.diff, runs.list_runs, runs.run):
    main.add_command(_of_runs)
for _room in (running, looking, plugin_files, web, compare):
    for _command in vars(_room).values():
        if isinstance(_command, click.Command):
            main.add_command(_command)

__all__ = ["beamline_warden", "main"]

if __name__ == "__main__":
    main()
