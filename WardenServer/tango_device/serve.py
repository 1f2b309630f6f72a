"""Runs the device server: an ordinary Tango server that Starter and Astor can start and stop."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import tango
import tango.server

from WardenServer.errors import WardenError
from WardenServer.hub import process
from WardenServer.servers import event_socket, tango_database, tango_reading
from WardenServer.servers.tango_text import latin1
from WardenServer.settings import config
from WardenServer.tango_device import device
from WardenServer.watchdog import agents_at_work

log = logging.getLogger("warden.serve")

#: The server's and the class's name.
NAME = "BeamlineWarden"
#: Seconds that Tango is given to begin the end of the hub, and the process until its own, once it is told to end.
BEGINNING, ENDING = 1.0, 2.7


class _TangoHandler(logging.Handler):
    """Hands log lines on to Tango logging: its console with -v, its files and its log consumer devices."""

    def emit(self, record: logging.LogRecord) -> None:
        if _is_ending():  # the device may be gone any moment, and its logger with it
            return
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
    process.prepare()
    without = any(
        argument.lower() in ("-nodb", "--nodb") or argument.startswith(("-file", "--file")) for argument in arguments
    )
    endpoint: list[str] = []
    if not without:
        host = tango_database.tango_host(settings)
        os.environ["TANGO_HOST"] = host
        tango_database.check_registered(host, settings)
        device.TANGO_HOST = tango_reading.TANGO_HOST = host
        endpoint = _endpoint(settings, host, arguments)
    server = f"{NAME}/{settings.instance}"
    device.ADMIN = event_socket.admin_without_database(server, arguments) if without else f"dserver/{server}"
    device.OPTIONS.update(options, instance=settings.instance)
    console = not any(argument.startswith("-v") for argument in arguments)
    device.DESCENDANTS = process.begin(settings, console, _TangoHandler())
    threading.Thread(target=_end_in_time, args=(settings,), name="end", daemon=True).start()
    try:
        tango.server.run((device.BeamlineWarden,), [NAME, settings.instance, *endpoint, *arguments], raises=True)
    except tango.DevFailed as error:
        raise WardenError(f"the device server cannot start: {error.args[0].desc.strip()}") from None
    return 0


def _end_in_time(settings: config.Settings) -> None:
    """Wait for the end of the server, and make sure that it comes: Tango first tells the database, and waits for one
    that hangs."""
    while not _is_ending():
        time.sleep(0.2)
    until = time.monotonic() + ENDING
    time.sleep(BEGINNING)
    for hub in device.HUBS:
        hub.close()
    time.sleep(max(0.0, until - time.monotonic()))
    log.warning("the Tango database does not answer: the server ends, and the database still shows it as running")
    agents_at_work.place(settings).unlink(missing_ok=True)  # an end that was asked for leaves nothing
    time.sleep(0.1)  # for the log
    os._exit(0)


def _is_ending() -> bool:
    try:
        return bool(tango.Util.instance(False).is_svr_shutting_down())
    except tango.DevFailed:  # it has not begun
        return False


def _endpoint(settings: config.Settings, host: str, arguments: Sequence[str]) -> list[str]:
    """Where to listen: on loopback where the database is there too, unless told otherwise."""
    if any("ORBendPoint" in argument or argument in ("--host", "--port", "-host", "-port") for argument in arguments):
        return []
    local = host.split(":")[0] in ("127.0.0.1", "localhost", "::1")
    listen = settings.listen or ("127.0.0.1" if local else "")
    return ["-ORBendPoint", f"giop:tcp:{listen}:0"] if listen else []
