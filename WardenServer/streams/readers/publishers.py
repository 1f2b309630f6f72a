"""A ZeroMQ socket that is subscribed to publishers, and who of them is connected."""

import logging
import re
import time
from collections.abc import Iterable
from typing import Any

from WardenServer.errors import WardenError

log = logging.getLogger("warden.stream")

#: Seconds between looks at what the socket's monitor says.
LOOK = 0.25
#: Milliseconds: the longest pause between attempts to connect; how often a publisher is asked for a sign of life, and
#: how long that may take.
RECONNECT, HEARTBEAT, SILENCE = 1000, 2000, 6000
_ADDRESS = re.compile(r"tcp://(?:[^\s/:\[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})|ipc://\S+")


def known_addresses(value: Any) -> list[str]:
    """Addresses of publishers, from one or a list; raises ValueError with what to write instead."""
    addresses = [value] if isinstance(value, str) else value
    if not isinstance(addresses, list) or not addresses:
        raise ValueError('"tcp://host:port", or a list of them')
    for address in addresses:
        said = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
        if said is None or int(said[1] or 1) not in range(1, 65536):
            raise ValueError(f'"tcp://host:port" in place of {address!r:.60}')
        if addresses.count(address) > 1:
            raise ValueError(f"{address} once")
    return list(addresses)


class Publishers:
    """The socket. ZeroMQ connects by itself, and again to those that were away.

    `notes` says who is not connected: a publisher is when the socket's monitor has told of its handshake.
    """

    def __init__(self, limit: int, topic: str) -> None:
        """Make a socket that is connected to nobody.

        Args:
            limit: most messages that wait for each publisher; 0 where there is no limit.
            topic: what the first frame of a message begins with.

        Raises:
            WardenError: there is no library, or no socket.
        """
        try:
            import zmq
        except ImportError:
            cure = "pip install 'wardenserver[zeromq]'"
            raise WardenError(f'reader = "zeromq" needs the library pyzmq: {cure}') from None
        self._zmq = zmq
        self._context = zmq.Context()
        try:
            self.socket: Any = self._context.socket(zmq.SUB)
            events = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
            self._monitor: Any = self.socket.get_monitor_socket(events)
        except zmq.ZMQError as error:
            self.close()
            raise WardenError(f"ZeroMQ gives no socket ({error}); raise the limit of open files (ulimit -n)") from None
        self.socket.rcvhwm = limit
        self.socket.linger = 0
        self.socket.reconnect_ivl_max = RECONNECT
        self.socket.heartbeat_ivl, self.socket.heartbeat_timeout = HEARTBEAT, SILENCE
        self.socket.subscribe(topic.encode())
        self._connected: dict[str, bool] = {}
        self._look_at = 0.0

    @property
    def notes(self) -> list[str]:
        """One sentence for each that is not connected."""
        away = [address for address, connected in self._connected.items() if not connected]
        return [f"{address} is not connected; start the publisher, or correct `addresses`" for address in away]

    def read_from(self, addresses: Iterable[str]) -> None:
        """Connect to these, and to no others any more; those that stay notice nothing.

        Raises:
            WardenError: ZeroMQ does not take an address.
        """
        wanted = dict.fromkeys(addresses)
        for address in wanted:
            if address not in self._connected:
                self._connect(address)
        for address in [each for each in self._connected if each not in wanted]:
            self.socket.disconnect(address)
            del self._connected[address]

    def _connect(self, address: str) -> None:
        self.socket.ipv6 = "[" in address  # with it a name may be taken for an IPv6 address where nobody listens
        try:
            self.socket.connect(address)
        except self._zmq.ZMQError as error:
            raise WardenError(f"{address} cannot be connected to ({error}); correct `addresses`") from None
        self._connected[address] = False

    def look(self) -> bool:
        """Take note of who has come and gone, a few times a second; whether it has looked."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK
        while self._monitor.poll(0):
            self._take_note()
        return True

    def _take_note(self) -> None:
        from zmq.utils.monitor import recv_monitor_message

        said = recv_monitor_message(self._monitor)
        address = said["endpoint"].decode(errors="replace")
        connected = said["event"] == self._zmq.EVENT_HANDSHAKE_SUCCEEDED
        if self._connected.get(address, connected) != connected:
            self._connected[address] = connected
            log.info("%s is %s", address, "connected" if connected else "not connected any more")

    def close(self) -> None:
        """Let go of the socket."""
        self._context.destroy(linger=0)
