"""One socket of a round: what goes out on it, and which ping an arriving packet answers."""

import asyncio
import socket
import time
from typing import Any, NamedTuple

from WardenServer.plugins.common.ping.probe import sockets, stamps
from WardenServer.plugins.common.ping.probe.flight import Flight
from WardenServer.plugins.common.ping.probe.packet import Echo, reply, request, without_ipv4_head

#: Most packets that are read before the event loop does something else.
_BATCH = 200
#: ns that sending may take: it takes some 20 µs, and longer only where the processor did something else. The packet may
#: then have gone long after its time was taken.
_LONGEST_SENDING = 1_000_000


class _Ping(NamedTuple):
    flight: Flight
    place: int
    sent: int


class Channel:
    """A socket for one family, used by the event loop that runs.

    A reply counts where address, identifier, sequence number and the whole payload are those of a ping that waits. The
    sequence numbers go on from set to set, so that two sets to one address never have the same.

    Args:
        kind, family: as for sockets.opened.

    Raises:
        WardenError: it cannot be opened.
    """

    def __init__(self, kind: str, family: int) -> None:
        self._family = family
        self._has_head = kind == "raw" and family == socket.AF_INET
        self._socket, self._identifier = sockets.opened(kind, family)
        self._sequence = 0
        self._waiting: dict[tuple[str, int], _Ping] = {}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self.read)

    @property
    def drops(self) -> int:
        """Packets that were not read in time, since the beginning."""
        return sockets.drops(self._socket)

    def send(self, to: tuple[Any, ...], flight: Flight, place: int) -> None:
        """Send one ping of a set to a socket address.

        Raises:
            OSError: it did not go.
        """
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet = request(self._family, Echo(self._identifier, self._sequence, flight.payload))
        sent = time.monotonic_ns()
        self._socket.sendto(packet, to)
        if time.monotonic_ns() - sent > _LONGEST_SENDING:
            flight.mark("late")
        key = (to[0], self._sequence)
        self._waiting[key] = _Ping(flight, place, sent)
        flight.keys.append(key)

    def read(self) -> None:
        """Take in what has come."""
        packets: list[sockets.Packet] = []
        try:
            while len(packets) < _BATCH and (packet := sockets.received(self._socket)):
                packets.append(packet)
        except OSError:
            pass  # the network is down; replies that do not come are lost
        read = stamps.now()
        for packet in packets:
            self._take(packet, read)

    def _take(self, packet: sockets.Packet, read: stamps.Moment) -> None:
        data = without_ipv4_head(packet.data) if self._has_head else packet.data
        echo = reply(self._family, data)
        if echo is None or echo.identifier != self._identifier:
            return
        ping = self._waiting.get((packet.address, echo.sequence))
        if ping is None or echo.payload != ping.flight.payload:
            return
        came, is_stamped = stamps.arrival(packet.stamp, read, ping.sent)
        if not is_stamped:
            ping.flight.mark("clock")
        ping.flight.arrived(ping.place, came - ping.sent)

    def forget(self, flight: Flight) -> None:
        """A set has ended: nothing of it waits any more."""
        for key in flight.keys:
            if key in self._waiting and self._waiting[key].flight is flight:
                del self._waiting[key]

    def close(self) -> None:
        """Let go of the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
