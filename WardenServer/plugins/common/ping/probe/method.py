"""A way to measure. The best that this machine allows is taken: see methods.py."""

from typing import Protocol

from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe.sample import Measured


class Method(Protocol):
    """One way, for one round: its identifier is new with each."""

    #: One of configuration.METHODS.
    name: str

    async def ping(self, address: str, pings: Pings, wait: float, patience: float) -> Measured:
        """Send one set to an address, IPv4 or IPv6, and wait for the replies: until all are there, or `patience`
        seconds after the last ping. A reply that takes longer than `wait` counts. A socket that refuses to send, such
        as for want of a route, costs that ping only.

        Args:
            address: where to.
            pings: how many, and bytes of data.
            wait: seconds between two pings.
            patience: seconds.
        """

    def close(self) -> None:
        """Let go of all sockets and programs."""
