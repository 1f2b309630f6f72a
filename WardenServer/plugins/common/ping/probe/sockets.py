"""Sockets for ICMP on Linux: "raw" (needs CAP_NET_RAW) and "unprivileged" (for groups that the kernel lets). What comes
has the kernel's time stamp, so that it matters little when we read it."""

import errno
import secrets
import socket
import struct
from pathlib import Path
from typing import NamedTuple

from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.probe.packet import REPLY

#: Bytes of replies that may wait to be read. A kernel that gives less (net.core.rmem_max) holds those of two seconds at
#: 200 packets a second; what it throws away it counts: see `drops`.
RECEIVE_BUFFER = 1 << 20

#: Constants of Linux that Python's socket does not have: time stamps in ns, a socket's memory, filters by ICMP type.
_SO_TIMESTAMPNS, _SO_MEMINFO = 35, 55
_SOL_RAW, _ICMP_FILTER, _ICMPV6_FILTER = 255, 1, 1
_TIMESPEC = struct.Struct("@ll")
_MEMINFO, _DROPS = struct.Struct("@9I"), 8
_LARGEST, _NOTES = 1 << 16, socket.CMSG_SPACE(_TIMESPEC.size)

_PROTOCOL: dict[int, int] = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_VERSION: dict[int, str] = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_CURE = {
    "raw": "run as root, or give the program CAP_NET_RAW (AmbientCapabilities in its systemd unit)",
    "unprivileged": 'run sysctl -w net.ipv4.ping_group_range="0 2147483647", which lets every group ping',
}
_CURE_OF_IPV6 = "switch it on (sysctl net.ipv6.conf.all.disable_ipv6=0), or ping the IPv4 addresses of hosts"


class Packet(NamedTuple):
    """What has come: an ICMP packet, from where, and when in ns since 1970 by the kernel's clock (None: it said
    nothing)."""

    data: bytes
    address: str
    stamp: int | None


def opened(kind: str, family: int) -> tuple[socket.socket, int]:
    """A socket that lets echo replies through only, and the identifier of all that is sent on it: random, or the
    kernel's own choice where it insists on that.

    Args:
        kind: "raw" or "unprivileged".
        family: AF_INET or AF_INET6.

    Raises:
        WardenError: the machine does not allow it, or has no such family; the text has the cure.
    """
    try:
        made = socket.socket(family, _type(kind) | socket.SOCK_NONBLOCK, _PROTOCOL[family])
    except OSError as error:
        raise _refused(kind, family, error) from None
    try:
        return made, _prepare(made)
    except OSError as error:
        made.close()
        raise _refused(kind, family, error) from None


def allowed(kind: str, family: int) -> str:
    """Nothing where such a socket can be opened and used, else a sentence why not, with the cure."""
    try:
        opened(kind, family)[0].close()
    except WardenError as error:
        return str(error)
    if family == socket.AF_INET6 and not _has_ipv6():
        return f"no interface of this machine has an IPv6 address; {_CURE_OF_IPV6}"
    return ""


def received(from_: socket.socket) -> Packet | None:
    """The next packet that waits, None where none does. A raw socket for IPv4 gives its IP header, too.

    Raises:
        OSError: the network has failed.
    """
    try:
        data, notes, _, address = from_.recvmsg(_LARGEST, _NOTES)
    except BlockingIOError:
        return None
    return Packet(data, address[0], _stamp(notes))


def drops(of: socket.socket) -> int:
    """How many packets the kernel has thrown away since the socket is open, for they were not read in time. (The
    option SO_RXQ_OVFL says it only with the next packet, which may never come.)"""
    return int(_MEMINFO.unpack(of.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))[_DROPS])


def _type(kind: str) -> int:
    return socket.SOCK_RAW if kind == "raw" else socket.SOCK_DGRAM


def _prepare(made: socket.socket) -> int:
    """Set all options; the identifier."""
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if made.type == socket.SOCK_DGRAM:
        made.bind(("", 0))
        return int(made.getsockname()[1])
    if made.family == socket.AF_INET:
        made.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("@I", 0xFFFFFFFF & ~(1 << REPLY[socket.AF_INET])))
    else:
        made.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, _all_types_but(REPLY[socket.AF_INET6]))
    return secrets.randbelow(1 << 16)


def _all_types_but(kind: int) -> bytes:
    """One bit for each of 256 types, set where it is kept back, in words of 32 bits."""
    kept_back = [0xFFFFFFFF] * 8
    kept_back[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack("@8I", *kept_back)


def _stamp(notes: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None


def _has_ipv6() -> bool:
    try:
        return bool(Path("/proc/net/if_inet6").read_text())
    except OSError:
        return False


def _refused(kind: str, family: int, error: OSError) -> WardenError:
    cure = "free files or memory of this machine"
    if error.errno in (errno.EPERM, errno.EACCES):
        cure = _CURE[kind]
    elif error.errno in (errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.EADDRNOTAVAIL):
        cure = _CURE_OF_IPV6
    return WardenError(f"a socket for {kind} ICMP over {_VERSION[family]} cannot be opened ({error.strerror}); {cure}")
