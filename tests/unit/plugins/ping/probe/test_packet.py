import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.probe.packet import REPLY, Echo, checksum, reply, request, without_ipv4_head

FAMILIES = (socket.AF_INET, socket.AF_INET6)

families = st.sampled_from(FAMILIES)
words = st.integers(0, 0xFFFF)
echoes = st.builds(Echo, words, words, st.binary(max_size=1100))


def summed(data: bytes) -> int:
    """The checksum as RFC 1071 words it."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answered(family: int, echo: Echo) -> bytes:
    """The packet of a host that answers."""
    packet = struct.pack("!BBHHH", REPLY[family], 0, 0, echo.identifier, echo.sequence) + echo.payload
    return packet if family == socket.AF_INET6 else packet[:2] + struct.pack("!H", summed(packet)) + packet[4:]


def test_requests_are_as_the_rfcs_say() -> None:
    echo = Echo(0x1234, 7, b"abc")
    assert request(socket.AF_INET, echo) == bytes.fromhex("0800 2162 1234 0007") + b"abc"
    assert request(socket.AF_INET6, echo) == bytes.fromhex("8000 0000 1234 0007") + b"abc"


@given(echoes)
def test_the_checksum_is_that_of_the_rfc(echo: Echo) -> None:
    packet = request(socket.AF_INET, echo)
    assert checksum(packet) == summed(packet) == 0
    assert packet[2:4] == struct.pack("!H", summed(packet[:2] + b"\0\0" + packet[4:]))


@given(families, echoes)
def test_a_reply_gives_back_what_was_sent(family: int, echo: Echo) -> None:
    assert reply(family, answered(family, echo)) == echo
    assert reply(family, request(family, echo)) is None


@given(families, echoes, st.data())
def test_a_reply_with_a_byte_changed_is_refused(family: int, echo: Echo, data: st.DataObject) -> None:
    packet = bytearray(answered(family, echo))
    places = [place for place in range(len(packet)) if family == socket.AF_INET or place not in (2, 3)]
    packet[data.draw(st.sampled_from(places))] ^= data.draw(st.integers(1, 255))
    assert reply(family, bytes(packet)) != echo


@given(families, echoes, st.binary(min_size=1), st.integers(1, 1200))
def test_a_reply_that_is_shorter_or_longer_is_refused(family: int, echo: Echo, more: bytes, cut: int) -> None:
    packet = answered(family, echo)
    assert reply(family, packet + more) != echo
    assert reply(family, packet[:-cut]) != echo


@given(families, st.binary(max_size=200))
def test_any_bytes_are_borne(family: int, packet: bytes) -> None:
    reply(family, packet)
    reply(family, without_ipv4_head(packet))


@pytest.mark.parametrize("words_of_options", [0, 1, 10])
def test_the_ip_header_goes_with_its_options(words_of_options: int) -> None:
    head = bytes([0x45 + words_of_options]) + bytes(19 + 4 * words_of_options)
    assert without_ipv4_head(head + b"data") == b"data"


@pytest.mark.parametrize("packet", [b"", b"\x45", b"\x44" + bytes(40), b"\x4f" + bytes(30)])
def test_a_broken_ip_header_holds_nothing(packet: bytes) -> None:
    assert without_ipv4_head(packet) == b""
