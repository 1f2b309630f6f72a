"""Runs the device server: an ordinary Tango server that Starter and Astor can start and stop."""

import logging
import os
from collections.abc import Sequence
from typing import Any

import tango
import tango.server

from WardenServer import config, device, embedded, logs
from WardenServer.errors import WardenError
from WardenServer.tango_values import latin1

#: The server's and the class's name.
NAME = "BeamlineWarden"


class _TangoHandler(logging.Handler):
    """Hands log lines on to Tango logging: its console with -v, its files and its log consumer devices."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            logger = tango.Util.instance(False).get_device_list_by_class(NAME)[0].get_logger()
            write = {"DEBUG": logger.debug, "INFO": logger.info, "WARNING": logger.warn}.get(
                record.levelname, logger.error
            )
            write(latin1(record.getMessage()))
        except (tango.DevFailed, IndexError):
            pass  # before the device is there, and after: the other targets have the line


def run(settings: config.Settings, options: dict[str, Any], arguments: Sequence[str]) -> int:
    """Serve one instance until it is ended; the exit code.

    Args:
        settings: as they are without the database's properties.
        options: what the command line said of settings.
        arguments: Tango's own, such as -v4 or -nodb.

    Raises:
        WardenError: the server cannot start.
    """
    without = any(
        argument.lower() in ("-nodb", "--nodb") or argument.startswith(("-file", "--file")) for argument in arguments
    )
    endpoint: list[str] = []
    if not without:
        host = embedded.tango_host(settings)
        os.environ["TANGO_HOST"] = host
        embedded.check_registered(host, settings)
        device.TANGO_HOST = host
        endpoint = _endpoint(settings, host, arguments)
    logs.begin(settings, not any(argument.startswith("-v") for argument in arguments), _TangoHandler())
    device.OPTIONS.update(options, instance=settings.instance)
    try:
        tango.server.run((device.BeamlineWarden,), [NAME, settings.instance, *endpoint, *arguments], raises=True)
    except tango.DevFailed as error:
        raise WardenError(f"the device server cannot start: {error.args[0].desc.strip()}") from None
    return 0


def _endpoint(settings: config.Settings, host: str, arguments: Sequence[str]) -> list[str]:
    """Where to listen: on loopback where the database is there too, unless told otherwise."""
    if any("ORBendPoint" in argument or argument in ("--host", "--port", "-host", "-port") for argument in arguments):
        return []
    local = host.split(":")[0] in ("127.0.0.1", "localhost", "::1")
    listen = settings.listen or ("127.0.0.1" if local else "")
    return ["-ORBendPoint", f"giop:tcp:{listen}:0"] if listen else []
