"""ICMP echo (RFC 792; RFC 4443 for IPv6): the request that is sent, and the reply among all that comes."""

import socket
import struct
from typing import NamedTuple

#: Type, code, checksum, identifier, sequence number.
_HEAD = struct.Struct("!BBHHH")
_REQUEST: dict[int, int] = {socket.AF_INET: 8, socket.AF_INET6: 128}
#: The type of a reply by family.
REPLY: dict[int, int] = {socket.AF_INET: 0, socket.AF_INET6: 129}
#: The least bytes of an IPv4 header, which a raw socket shows.
_IPV4_HEAD = 20


class Echo(NamedTuple):
    """What a reply must give back."""

    identifier: int
    sequence: int
    payload: bytes


def request(family: int, echo: Echo) -> bytes:
    """A packet that asks for its echo. The checksum of IPv6 is left to the kernel, which knows the addresses in it."""
    kind = _REQUEST[family]
    packet = _HEAD.pack(kind, 0, 0, echo.identifier, echo.sequence) + echo.payload
    if family == socket.AF_INET6:
        return packet
    return packet[:2] + checksum(packet).to_bytes(2, "big") + packet[4:]


def reply(family: int, packet: bytes) -> Echo | None:
    """What an echo reply, without an IP header, gives back; None for all other packets and for damaged ones. The
    kernel has looked at the checksum of IPv6."""
    if len(packet) < _HEAD.size:
        return None
    kind, code, _, identifier, sequence = _HEAD.unpack_from(packet)
    if kind != REPLY[family] or code:
        return None
    if family == socket.AF_INET and checksum(packet):
        return None
    return Echo(identifier, sequence, packet[_HEAD.size :])


def without_ipv4_head(packet: bytes) -> bytes:
    """What an IPv4 packet holds; nothing where it is too short for its own header."""
    length = (packet[0] & 0x0F) * 4 if packet else 0
    return packet[length:] if length >= _IPV4_HEAD else b""


def checksum(packet: bytes) -> int:
    """The Internet checksum (RFC 1071); 0 for a packet that holds its own and is whole.

    The sum of 16-bit words with the carries added again is the remainder of the one large number by 65535.
    """
    even = packet + b"\0" if len(packet) % 2 else packet
    return -int.from_bytes(even, "big") % 0xFFFF
