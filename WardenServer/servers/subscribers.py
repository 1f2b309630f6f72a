"""Sees that no client that hangs can stop the hub through an event.

The Tango library does not copy an event of LARGE elements or more: its push waits until the connections of all
subscribers have taken the data, with the device held and, through PyTango, all Python threads of the process stopped. A
client that takes nothing would stop the tick for ever. So no large event goes out while data for some client wait; one
that takes nothing for PATIENCE is cut off, with its heartbeats, so that it connects anew when it comes to life; and the
operating system does the same a little later, should our threads be stopped. Called by the thread that pushes; does
something on Linux only.
"""

import fcntl
import logging
import os
import socket
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import psutil

log = logging.getLogger("warden.attributes")

#: Elements from which on the library does not copy an event.
LARGE = 2048
#: Seconds for which a client may take nothing of what waits for it.
PATIENCE = 3.0

Address = tuple[str, int]


class Connection(NamedTuple):
    """A TCP socket of the process; a listening one has no client."""

    descriptor: int
    port: int
    client: Address | None


class Subscribers:
    """The connections that clients have made to this process."""

    def __init__(self) -> None:
        self._connections: list[Connection] = []
        self._stuck: dict[Connection, tuple[int, float]] = {}  # bytes that wait, and since when as many

    def look(self) -> None:
        """Take note of the connections there are, give them and those to come a limit, and cut off who hangs."""
        if sys.platform != "linux":
            return
        try:
            sockets = list(_sockets())
        except OSError:  # no descriptor is left to look with; the next look may have one
            return
        ports = {found.port for found in sockets if found.client is None}
        ours = [found for found in sockets if found.port in ports]
        for found in ours:
            _limit(found.descriptor)
        self._connections = [found for found in ours if found.client]
        for hanging in self._hanging(time.monotonic()):
            self._cut_off(hanging)

    def behind(self) -> bool:
        """Whether data wait for a client to take them."""
        return any(_waiting(found.descriptor) for found in self._connections)

    def _hanging(self, now: float) -> list[Connection]:
        stuck = {}
        for found in self._connections:
            waiting = _waiting(found.descriptor)
            before, since = self._stuck.get(found, (0, now))
            if waiting:
                stuck[found] = waiting, since if waiting == before else now
        self._stuck = stuck
        return [found for found, (_, since) in stuck.items() if now > since + PATIENCE]

    def _cut_off(self, hanging: Connection) -> None:
        assert hanging.client is not None
        addresses = _addresses_of(hanging.client)
        log.warning("the client at %s:%d takes no events and is cut off", *hanging.client)
        for found in self._connections:
            if found.client in addresses or (not addresses and found.client and found.client[0] == hanging.client[0]):
                with suppress(OSError), _borrowed(found.descriptor) as connection:
                    connection.shutdown(socket.SHUT_RDWR)


def _addresses_of(client: Address) -> set[Address]:
    """All addresses of the process that has this one; empty where it runs elsewhere, or is not ours to know."""
    try:
        places = [(place.pid, place.laddr) for place in psutil.net_connections("tcp") if place.pid and place.laddr]
    except psutil.Error:
        return set()
    owner = next((pid for pid, (host, port) in places if (host, port) == client), None)
    return {(host, port) for pid, (host, port) in places if pid == owner}


def _sockets() -> Iterator[Connection]:
    """All TCP sockets of the process. Raises: OSError, there is no descriptor left."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        with suppress(OSError), _borrowed(int(name)) as found:
            if found.family in (socket.AF_INET, socket.AF_INET6) and found.type == socket.SOCK_STREAM:
                listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                client = None if listens else found.getpeername()[:2]
                yield Connection(int(name), found.getsockname()[1], client)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """The socket of a library, which is left open. Raises: OSError, it is none, or closed just now."""
    found = socket.socket(fileno=descriptor)
    try:
        yield found
    finally:
        found.detach()


def _limit(descriptor: int) -> None:
    """Let the system end this connection, or those that will be accepted here, when nothing moves for too long."""
    with suppress(OSError), _borrowed(descriptor) as found:
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(2000 * PATIENCE))


def _waiting(descriptor: int) -> int:
    """Bytes that a client has not taken."""
    with suppress(OSError):  # closed since
        return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0])
    return 0
