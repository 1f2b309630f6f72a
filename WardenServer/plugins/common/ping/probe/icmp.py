"""Pings as ICMP echo on sockets of our own, for any number of hosts at once on one event loop."""

import asyncio
import errno
import socket
from typing import Any

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe.channel import Channel
from WardenServer.plugins.common.ping.probe.flight import Flight
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.sample import Measured

#: A queue on the way out is full: worth another try, after so many seconds.
_FULL, _PAUSE = (errno.ENOBUFS, errno.EAGAIN), 0.01
#: Seconds that a ping may go after its time whatever the spacing is: timers wake up to some ms late.
_LATE = 0.005


class Icmp:
    """The method "raw" or "unprivileged", for one round on the event loop that runs.

    It has one socket for each family, opened when first needed, with an identifier that is new with each round.

    Args:
        name: the method, which sockets.allowed knows as the kind.
        pace: how fast packets may go.
    """

    def __init__(self, name: str, pace: Pace) -> None:
        self.name = name
        self._pace = pace
        self._channels: dict[int, Channel] = {}
        self._tasks: set[asyncio.Task[Any] | None] = set()
        self._is_closed = False

    async def ping(self, address: str, pings: Pings, wait: float, patience: float) -> Measured:
        """See Method. Of a ping that came back more than once each reply is kept, until all pings have one.

        Raises:
            SettingError: this is no address.
            WardenError: this machine does not allow the method for this family.
            CancelledError: the method is closed: half a set would look like loss.
        """
        if self._is_closed:
            raise asyncio.CancelledError
        family, to = _understood(address)
        channel, flight, task = self._channel(family), Flight(pings), asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._fly(channel, to, flight, wait, patience)
        finally:
            self._tasks.discard(task)
            channel.forget(flight)
        return flight.measured()

    def close(self) -> None:
        """Let go of all sockets. Sets that wait, and those begun later, raise CancelledError."""
        self._is_closed = True
        for task in self._tasks:
            if task is not None:
                task.cancel()
        for channel in self._channels.values():
            channel.close()

    def _channel(self, family: int) -> Channel:
        if family not in self._channels:
            self._channels[family] = Channel(self.name, family)
        return self._channels[family]

    async def _fly(self, channel: Channel, to: tuple[Any, ...], flight: Flight, wait: float, patience: float) -> None:
        drops = channel.drops
        await self._send_all(channel, to, flight, wait)
        await asyncio.wait({flight.complete}, timeout=patience)
        channel.read()  # what came in time, but was not read yet
        if channel.drops > drops:
            flight.mark("late")

    async def _send_all(self, channel: Channel, to: tuple[Any, ...], flight: Flight, wait: float) -> None:
        await self._pace.turn()
        begin = asyncio.get_running_loop().time()
        flight.begin()
        await _send(channel, to, flight, 0)
        for place in range(1, flight.number):
            if await _slept_until(begin + place * wait) > max(wait / 2, _LATE):
                flight.mark("late")
            await self._pace.turn()
            await _send(channel, to, flight, place)


async def _send(channel: Channel, to: tuple[Any, ...], flight: Flight, place: int) -> None:
    """Send one ping. One that cannot go, as there is no route or a firewall is in the way, is lost."""
    try:
        channel.send(to, flight, place)
    except OSError as error:
        if error.errno in _FULL:
            await asyncio.sleep(_PAUSE)
            _send_again(channel, to, flight, place)


def _send_again(channel: Channel, to: tuple[Any, ...], flight: Flight, place: int) -> None:
    try:
        channel.send(to, flight, place)
    except OSError:
        pass  # lost


async def _slept_until(time: float) -> float:
    """Sleep until a time of the event loop; how late it has become. A time that is over costs nothing."""
    now = asyncio.get_running_loop().time
    if (rest := time - now()) <= 0:
        return 0.0
    await asyncio.sleep(rest)
    return now() - time


def _understood(address: str) -> tuple[int, tuple[Any, ...]]:
    """Family and socket address; a name is never looked up.

    Raises:
        SettingError: this is no address, or its interface is none of this machine's.
    """
    try:
        found = socket.getaddrinfo(address, None, type=socket.SOCK_RAW, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        raise SettingError(f"{address!r:.100} is no IPv4 or IPv6 address; correct the line of its host") from None
    return found[0][0], found[0][4]
