"""How long a round may take at worst: no host answers, and each ping waits for its turn as long as it may."""

import heapq
from collections.abc import Iterator, Sequence

from WardenServer.plugins.common.ping import own
from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.names import is_address
from WardenServer.plugins.common.ping.probe import download, resolving

#: Seconds in which the priming ping may be answered, and what else a host may cost: a program's start, a busy machine.
PRIMING, SPARE = 2.0, 3.0


def spacing(ping: Ping, hosts: Sequence[Host]) -> float:
    """Seconds within which each of those pinged at a time has its turn for one packet, at the highest rate."""
    has_gateways = bool(ping.gateway) or any(host.gateway for host in hosts)
    return ping.at_once * (2 if has_gateways else 1) / ping.rate


def of_host(host: Host, ping: Ping, turn: float) -> float:
    """The most seconds that one host may take, where each packet waits up to `turn` seconds."""
    sets = ((pings.number - 1) * max(host.wait, turn) + turn + ping.patience for pings in host.pings)
    return turn + PRIMING + sum(sets) + SPARE


def of_round(ping: Ping, hosts: Sequence[Host]) -> float:
    """The most seconds that a round may take: the hosts in their order, `at_once` at a time."""
    turn = spacing(ping, hosts)
    ends = [0.0] * min(ping.at_once, max(1, len(hosts)))
    for host in hosts:
        heapq.heapreplace(ends, ends[0] + of_host(host, ping, turn))
    return before(ping, hosts) + max(ends)


def before(ping: Ping, hosts: Sequence[Host]) -> float:
    """The most seconds before the first ping: the list of beacons is fetched, and names are resolved, our own too."""
    fetching = download.LIMIT if ping.beacons else 0.0
    own_name = 0.0 if ping.name and ping.address else 2 * own.LIMIT
    has_names = not all(map(is_address, _names(ping, hosts)))
    return fetching + own_name + (resolving.WHOLE if has_names else 0.0)


def _names(ping: Ping, hosts: Sequence[Host]) -> Iterator[str]:
    for host in hosts:
        yield from (name for name in (host.name, host.gateway or ping.gateway) if name)


def too_long(ping: Ping, hosts: Sequence[Host]) -> str:
    """A sentence with the cure where a round may not fit into its period, else ""."""
    longest = of_round(ping, hosts) + (ping.phase or 0.0)
    if longest <= ping.every:
        return ""
    of_it = f", begun {ping.phase:g} s after its slot," if ping.phase else ""
    return (
        f"a round of {len(hosts)} hosts{of_it} may take {longest:.0f} s where none answers, and every in [ping] is"
        f" {ping.every:.0f} s, so that rounds may be left out; raise every or at_once, or lower patience or the number"
        " of hosts"
    )
