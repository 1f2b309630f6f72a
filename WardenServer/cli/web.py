"""The command that runs the web."""

import logging
import os
import sys
from typing import Any

import click

from WardenServer.cli.shared import with_settings
from WardenServer.errors import WardenError
from WardenServer.settings import config


@click.command()
@with_settings
def web(settings: config.Settings, options: dict[str, Any]) -> None:
    """Serve the hub's page, its interfaces for programs, and /metrics for Prometheus, until Ctrl-C.

    It reads the hub's Memcached, as all clients do, so that it can do the hub no harm. `warden up` starts it too.

    \b
    warden web                                            for this machine: http://127.0.0.1:8060/
    warden web --set web_listen=0.0.0.0:8060              for others, who log in
    curl http://127.0.0.1:8060/api/value?key=host&field=load_1
    curl http://127.0.0.1:8060/health                     200 when all is well
    curl http://127.0.0.1:8060/openapi.json               all paths

    On this machine reading needs no login. What changes something does, and so do browsers elsewhere: the first
    start makes a token and says in which file it is.
    """
    from WardenServer.local import our_servers

    if missing := our_servers.missing_for_web():
        raise WardenError(missing)
    from WardenServer.servers import client
    from WardenServer.web import late, serve

    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings, unseen = client.with_properties(settings, options)
    click.echo(unseen, nl=False, err=True)
    if unseen:
        late.watch(settings, options)
    code = serve.run(settings, click.echo)
    sys.stdout.flush()
    os._exit(code)  # a call that still waits for a device which hangs would hold up the interpreter's own end
