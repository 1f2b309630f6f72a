"""Has Tango make the socket of its events before an attribute is added to a running server.

In the first 600 s after a machine's boot, cppTango 10.3 takes "nobody has ever subscribed" (0, on the clock that counts
from boot) for "somebody has subscribed lately": it sends an event for every attribute that is added, and the server
crashes where no client has had it make the socket. To ask the server's own admin device how one would subscribe makes
it, and subscribes nobody. Called by the device, on any thread.
"""

import re
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import tango

#: Seconds from boot on in which the socket is needed: cppTango's EVENT_RESUBSCRIBE_PERIOD.
YOUNG = 600.0

_admin: Any = None  # kept: the destructor of a proxy without database can crash a process that has used one


def admin_without_database(server: str, arguments: Sequence[str]) -> str:
    """The admin device of a server that runs without a database, from Tango's arguments; "" where no port is said."""
    given = " ".join(arguments)
    endpoint = re.search(r"-ORBendPoint\s+giop:tcp:(\S*):(\d+)", given)
    options = {name.lstrip("-"): value for name, value in pairwise(arguments) if name.startswith("-")}
    host, port = endpoint.groups() if endpoint else (options.get("host"), options.get("port"))
    return f"tango://{host or '127.0.0.1'}:{port}/dserver/{server}#dbase=no" if port else ""


def make(admin: str, device: str) -> str:
    """Make the socket, once. Returns why an attribute must not be added yet; "" when it may.

    Args:
        admin: the admin device of this server, as a client finds it; "" where that is not known.
        device: the name of a device of this server.
    """
    global _admin
    if _admin is not None:
        return ""
    try:
        found = tango.DeviceProxy(admin)
        found.command_inout("ZmqEventSubscriptionChange", [device, "State", "info", "change", "6"])
        _admin = found
    except tango.DevFailed as error:
        if time.monotonic() < YOUNG:
            said = error.args[0].desc.strip().splitlines()[0]
            return f"this machine has just booted, and Tango's events are not ready ({said})"
    return ""
