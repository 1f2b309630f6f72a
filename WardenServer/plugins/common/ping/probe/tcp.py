"""Connections in place of pings, where no ping may be made at all: a host that accepts or refuses one is there.

Linux sends the first packet of a connection again after a second. A connection for which it did that says nothing of
the time a packet takes, and that packet was lost: it counts as no reply.
"""

import asyncio
import errno
import socket
import struct
import time
from typing import Any

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply
from WardenServer.plugins.common.ping.probe.stamp import Stamp

#: Seconds that a connection may begin after its time whatever the spacing is: timers wake up to some ms late.
LATE = 0.005
#: Errors that are ours, and say nothing of the host: no descriptors, no memory.
_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAFNOSUPPORT)
#: Where tcpi_total_retrans is in Linux's struct tcp_info (linux/tcp.h), and how much of it is read.
_AGAIN, _INFO = 100, 104
#: The connection is ended by a reset: nothing of it remains at either end.
_RESET = struct.pack("ii", 1, 0)


class Connections:
    """Connections to a port, as a Method. Sizes count for nothing: a connection's first packets carry no data."""

    name = "tcp"

    def __init__(self, port: int, pace: Pace) -> None:
        self._port, self._pace = port, pace

    async def ping(self, address: str, pings: Pings, wait: float, patience: float) -> Measured:
        """One set. See Method.

        Raises:
            Unreachable: this machine has no more descriptors or memory.
        """
        loop, stamp = asyncio.get_running_loop(), Stamp()
        family, *_, target = socket.getaddrinfo(address, self._port, flags=socket.AI_NUMERICHOST)[0]
        until = stamp.begun + (pings.number - 1) * wait + patience
        replies: list[Reply] = []
        is_late = False
        try:
            async with asyncio.TaskGroup() as group:
                for sequence in range(pings.number):
                    due = stamp.begun + sequence * wait
                    if (rest := due - loop.time()) > 0:
                        await asyncio.sleep(rest)
                        is_late |= loop.time() - due > max(LATE, wait / 2)
                    await self._pace.turn()
                    group.create_task(_connect(family, target, until, sequence, replies))
        except* OSError as errors:
            raise Unreachable(f"{address} cannot be measured ({errors.exceptions[0]}); lower at_once") from None
        marks = ("tcp", *(["late"] if is_late else []), *stamp.marks())
        return Measured(stamp.time, pings.number, tuple(replies), marks)

    def close(self) -> None:
        """Nothing is open between two sets."""


async def _connect(family: int, target: Any, until: float, sequence: int, replies: list[Reply]) -> None:
    """One connection; it is given up at `until` on the loop's clock."""
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        begun = time.perf_counter()
        try:
            async with asyncio.timeout_at(until):
                await asyncio.get_running_loop().sock_connect(connection, target)
        except ConnectionRefusedError:
            pass
        except OSError as error:
            if error.errno in _OURS:
                raise
            return
        taken = 1000 * (time.perf_counter() - begun)
        if not _was_sent_again(connection):
            replies.append(Reply(sequence, taken))


def why_not(family: int) -> str:
    """Why no connections of a family of addresses can be made here, "" where they can."""
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError as error:
        return f"this machine makes no connections of {socket.AddressFamily(family).name} ({error.strerror})"
    return ""


def _was_sent_again(connection: socket.socket) -> bool:
    if not hasattr(socket, "TCP_INFO"):
        return False
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO)
    return len(info) == _INFO and struct.unpack_from("I", info, _AGAIN)[0] > 0
