"""How long a round may take at worst: no host answers, and each ping waits for its turn as long as it may."""

import heapq
from collections.abc import Sequence

from WardenServer.plugins.common.ping.configuration import Ping
from WardenServer.plugins.common.ping.hosts import Host

#: Seconds in which the priming ping may be answered, and what else a host may cost: a program's start, a busy machine.
PRIMING, SPARE = 2.0, 3.0
#: Seconds in which all names must be resolved before a round.
RESOLVING = 30.0


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
    return RESOLVING + max(ends)


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
