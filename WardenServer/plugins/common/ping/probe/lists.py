"""Which hosts there are, and where: our own and those of the list of beacons, with the addresses of this round."""

from collections.abc import Mapping, Sequence

from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Host, of_one_name
from WardenServer.plugins.common.ping.probe.addresses import Addresses
from WardenServer.plugins.common.ping.probe.beacons import Beacons
from WardenServer.plugins.common.ping.probe.beside import beside
from WardenServer.plugins.common.ping.probe.board import Board
from WardenServer.plugins.common.ping.probe.resolving import Found, Resolver
from WardenServer.plugins.common.ping.probe.round import Target

#: Sentences on lines of a list that are shown at most.
_MOST = 3


class Lists:
    """The hosts, for one event loop. What came and went, and new addresses, are told to the board.

    Args:
        ping: our own hosts, and where the list of others is.
        board: takes what people are told.
        resolver: asks for names.
    """

    def __init__(self, ping: Ping, board: Board, resolver: Resolver | None = None) -> None:
        self._ping, self._board = ping, board
        self._resolver = resolver or Resolver()
        self._addresses = Addresses(ping.folder)
        self._beacons = Beacons(ping.beacons, ping.refresh, ping.folder, ping.default)
        self._left_out: tuple[str, ...] = ()

    @property
    def hosts(self) -> Sequence[Host]:
        """All of them, our own first; of two with one name the first."""
        return of_one_name((*self._ping.hosts, *(self._beacons.hosts if self._ping.beacons else ())))

    @property
    def problems(self) -> Sequence[str]:
        """What people should put right in the list of beacons."""
        return [text for text in (self._beacons.problem, *self._left_out[:_MOST]) if text]

    async def refresh(self) -> None:
        """Fetch the list of beacons where that is due."""
        if not self._beacons.is_due:
            return
        change = await beside(self._beacons.fetch)
        if not self._beacons.problem:
            self._left_out = change.left_out
        if change.text:
            self._board.tell(change.text)

    async def targets(self) -> Sequence[Target]:
        """The hosts with their addresses of now; takes up to resolving.WHOLE seconds."""
        hosts = self.hosts
        gateways = {host.name: host.gateway or self._ping.gateway for host in hosts}
        found = await self._resolver.resolve({*gateways, *filter(None, gateways.values())})
        settled = self._addresses.settle(hosts, found)
        for sentence in settled.news:
            self._board.tell(sentence)
        return [_target(host, settled.addresses, gateways[host.name], found) for host in hosts]

    def stop(self) -> None:
        """End a download that goes on; any thread may."""
        self._beacons.stop()


def _target(host: Host, addresses: Mapping[str, str], gateway: str, found: Mapping[str, Found]) -> Target:
    address = addresses.get(host.name, "")
    if not address:
        return Target(host, reason=found[host.name].trouble or f"it has no address of {host.protocol}")
    on_the_way = found.get(gateway, Found())
    same = on_the_way.first("IPv6" if ":" in address else "IPv4")
    return Target(host, address, same or on_the_way.first(""))
