"""Which packet answers which ping, with a socket that gives what a test puts in."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import channel as module
from WardenServer.plugins.common.ping.probe import sockets
from WardenServer.plugins.common.ping.probe.channel import Channel
from WardenServer.plugins.common.ping.probe.flight import Flight
from WardenServer.plugins.common.ping.probe.packet import Echo, request

HERE, THERE = ("192.0.2.1", 0), ("192.0.2.2", 0)
IDENTIFIER = 0xABCD


class FakeSocket:
    """What is sent and not refused is in `sent`; `waiting` is read."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self.sent: list[tuple[bytes, Any]] = []
        self.waiting: list[sockets.Packet | OSError] = []
        self.takes = 0.0

    def fileno(self) -> int:
        return self._near.fileno()

    def sendto(self, packet: bytes, to: Any) -> None:
        self.sent.append((packet, to))
        until = time.monotonic() + self.takes
        while time.monotonic() < until:
            pass

    def close(self) -> None:
        self._near.close()
        self._far.close()


def answer(packet: bytes) -> bytes:
    """The reply to a request, in an IP header as raw sockets give it."""
    reply = bytearray(packet)
    reply[0] = 0
    total = struct.unpack("!H", reply[2:4])[0] + 0x0800
    reply[2:4] = struct.pack("!H", (total & 0xFFFF) + (total >> 16))
    return b"\x45" + bytes(19) + bytes(reply)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSocket]:
    made = FakeSocket()

    def received(from_: FakeSocket) -> sockets.Packet | None:
        if not from_.waiting:
            return None
        if isinstance(first := from_.waiting.pop(0), OSError):
            raise first
        return first

    monkeypatch.setattr(sockets, "opened", lambda kind, family: (made, IDENTIFIER))
    monkeypatch.setattr(sockets, "received", received)
    yield made
    made.close()


Tried = Callable[[Channel], Awaitable[Any]]


def on_channel(what: Tried) -> Any:
    async def run() -> Any:
        channel = Channel("raw", socket.AF_INET)
        try:
            return await what(channel)
        finally:
            channel.close()

    return asyncio.run(run())


def back(fake: FakeSocket, number: int, age: float = 0.0, **changed: Any) -> sockets.Packet:
    """The reply to a ping that was sent, changed."""
    packet, to = fake.sent[number]
    stamp = time.time_ns() - int(age * 1e9)
    return sockets.Packet(answer(packet), to[0], stamp)._replace(**changed)


def test_a_reply_counts_for_its_ping(fake: FakeSocket) -> None:
    async def two(channel: Channel) -> Flight:
        flight = Flight(Pings(2, 100))
        channel.send(HERE, flight, 0)
        channel.send(HERE, flight, 1)
        fake.waiting = [back(fake, 1), back(fake, 0)]
        channel.read()
        return flight

    measured = on_channel(two).measured()
    assert [reply.sequence for reply in measured.replies] == [1, 0]
    assert all(reply.rtt >= 0 for reply in measured.replies)
    assert "clock" not in measured.marks


def _others_packet(fake: FakeSocket) -> bytes:
    """To this identifier and sequence, with what somebody else sent."""
    return answer(request(socket.AF_INET, Echo(IDENTIFIER, fake.sent[0][0][7], bytes(100))))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda fake: back(fake, 0, address=THERE[0]),
        lambda fake: back(fake, 0, data=b"\x45" + bytes(19) + fake.sent[0][0]),  # our own request, seen on loopback
        lambda fake: back(fake, 0, data=back(fake, 0).data[:-1]),
        lambda fake: back(fake, 0, data=back(fake, 0).data + b"\0"),
        lambda fake: back(fake, 0, data=_others_packet(fake)),
        lambda fake: back(fake, 0, data=answer(request(socket.AF_INET, Echo(1, 1, fake.sent[0][0][8:])))),
        lambda fake: back(fake, 0, data=answer(request(socket.AF_INET, Echo(IDENTIFIER, 9, fake.sent[0][0][8:])))),
        lambda fake: back(fake, 0, data=b""),
        lambda fake: back(fake, 0, data=back(fake, 0).data[20:]),
    ],
)
def test_what_is_no_reply_to_our_ping_is_ignored(
    fake: FakeSocket, wrong: Callable[[FakeSocket], sockets.Packet]
) -> None:
    async def one(channel: Channel) -> Flight:
        flight = Flight(Pings(1, 100))
        channel.send(HERE, flight, 0)
        fake.waiting = [wrong(fake)]
        channel.read()
        assert not fake.waiting
        assert not flight.complete.done()
        fake.waiting = [back(fake, 0)]  # the right one still counts
        channel.read()
        return flight

    assert on_channel(one).measured().received == 1


def test_two_sets_to_one_address_have_their_own_replies(fake: FakeSocket) -> None:
    async def two(channel: Channel) -> list[Flight]:
        flights = [Flight(Pings(1, 0)), Flight(Pings(1, 0))]  # not even their payloads differ
        for flight in flights:
            channel.send(HERE, flight, 0)
        fake.waiting = [back(fake, 1)]
        channel.read()
        return flights

    assert [flight.measured().received for flight in on_channel(two)] == [0, 1]


def test_replies_to_a_set_that_has_ended_are_ignored(fake: FakeSocket) -> None:
    async def ended(channel: Channel) -> Flight:
        flight = Flight(Pings(2, 100))
        channel.send(HERE, flight, 0)
        channel.forget(flight)
        fake.waiting = [back(fake, 0)]
        channel.read()
        assert not channel._waiting
        return flight

    assert on_channel(ended).measured().received == 0


def test_sequence_numbers_begin_anew_after_the_last_one(fake: FakeSocket) -> None:
    async def many(channel: Channel) -> list[Flight]:
        first, later = Flight(Pings(1, 0)), Flight(Pings(70_000, 0))
        channel.send(HERE, first, 0)
        for place in range(70_000):
            channel.send(HERE, later, place)
        fake.waiting = [back(fake, 0), back(fake, 70_000)]
        channel.forget(first)
        channel.read()
        return [first, later]

    first, later = on_channel(many)
    assert first.measured().received == 0
    assert [reply.sequence for reply in later.measured().replies] == [65_535, 69_999]


@pytest.mark.parametrize("changed", [{"stamp": None}, {"age": -3600}, {"age": 3600}])
def test_a_stamp_that_cannot_be_is_marked(fake: FakeSocket, changed: dict[str, Any]) -> None:
    async def one(channel: Channel) -> Flight:
        flight = Flight(Pings(1, 100))
        channel.send(HERE, flight, 0)
        fake.waiting = [back(fake, 0, **changed)]
        channel.read()
        return flight

    measured = on_channel(one).measured()
    assert "clock" in measured.marks
    assert 0 <= measured.replies[0].rtt < 60_000


def test_sending_that_takes_long_is_marked(fake: FakeSocket) -> None:
    async def one(channel: Channel) -> Flight:
        flight = Flight(Pings(1, 100))
        fake.takes = 0.002
        channel.send(HERE, flight, 0)
        return flight

    assert on_channel(one).measured().marks == ("late",)


def test_a_network_that_fails_at_reading_is_borne(fake: FakeSocket) -> None:
    async def one(channel: Channel) -> Flight:
        flight = Flight(Pings(2, 100))
        channel.send(HERE, flight, 0)
        fake.waiting = [back(fake, 0), OSError("network is down"), back(fake, 0)]
        channel.read()
        return flight

    assert len(on_channel(one).measured().replies) == 1


def test_what_comes_without_end_does_not_hold_up_the_loop(fake: FakeSocket) -> None:
    async def flood(channel: Channel) -> int:
        channel.send(HERE, Flight(Pings(2, 100)), 0)
        fake.waiting = [back(fake, 0)] * 1000
        channel.read()
        return len(fake.waiting)

    assert on_channel(flood) == 1000 - module._BATCH


def test_close_lets_go_of_the_loop_and_the_socket(fake: FakeSocket) -> None:
    number = fake.fileno()

    async def closed() -> bool:
        Channel("raw", socket.AF_INET).close()
        return asyncio.get_running_loop().remove_reader(number)

    assert not asyncio.run(closed())
    assert fake.fileno() == -1
