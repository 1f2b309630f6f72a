"""What this machine is called in raw data, and from which address it sends."""

import ipaddress
import socket
from contextlib import suppress

from WardenServer.plugins.common.ping.limited import limited
from WardenServer.plugins.common.ping.names import host_name

#: Seconds that DNS has for our own name.
LIMIT = 5.0
#: Any port: nothing is sent to it.
_DISCARD = 9


def full_name() -> str:
    """The full name of this machine, as far as it is known within the limit; else the short one."""
    short = socket.gethostname()
    full = short if "." in short else limited(lambda: _canonical(short), LIMIT, short)
    for name in (full, short):
        with suppress(ValueError):
            return host_name(name)
    return "localhost"


def own_address(name: str, target: str) -> str:
    """The address of this machine: what its name leads to unless that is loopback; else the one that it sends from to
    the address `target`; 127.0.0.1 where it sends nothing there.

    Args:
        name: as DNS knows it.
        target: an address, such as that of the first host.
    """
    nothing: list[str] = []
    for address in limited(lambda: _addresses(name), LIMIT, nothing):
        if not ipaddress.ip_address(address).is_loopback:
            return address
    return _sender(target)


def _canonical(name: str) -> str:
    found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM, flags=socket.AI_CANONNAME)
    return next((entry[3] for entry in found if "." in entry[3]), name)


def _addresses(name: str) -> list[str]:
    """IPv4 first; those of a link are of no use to others."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)]
    return sorted((each for each in found if not ipaddress.ip_address(each).is_link_local), key=lambda one: ":" in one)


def _sender(target: str) -> str:
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((target, _DISCARD))
        return str(probe.getsockname()[0]).partition("%")[0]
    return "127.0.0.1"
