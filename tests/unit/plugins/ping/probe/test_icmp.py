"""The timing of sets, against a channel that only writes down what is sent."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.ping.probe.fake_time import loop, run
from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import icmp
from WardenServer.plugins.common.ping.probe.flight import Flight
from WardenServer.plugins.common.ping.probe.icmp import Icmp
from WardenServer.plugins.common.ping.probe.pace import Pace
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply

Answer = Callable[["FakeChannel", Flight, int], None]


class FakeChannel:
    """Answers as a test says; `sent` has the time and the socket address of each ping."""

    opened: list["FakeChannel"]
    answer: Answer

    def __init__(self, kind: str, family: int) -> None:
        self.kind = kind
        self.sent: list[tuple[float, Any]] = []
        self.drops = 0
        self.unread: Callable[[], None] = lambda: None
        self.forgotten: list[Flight] = []
        self.is_closed = False
        self.opened.append(self)

    def send(self, to: tuple[Any, ...], flight: Flight, place: int) -> None:
        self.sent.append((loop().time(), to))
        type(self).answer(self, flight, place)

    def read(self) -> None:
        assert not self.is_closed
        self.unread()

    def forget(self, flight: Flight) -> None:
        self.forgotten.append(flight)

    def close(self) -> None:
        self.is_closed = True


def at_once(channel: FakeChannel, flight: Flight, place: int) -> None:
    flight.arrived(place, 1000)


def never(channel: FakeChannel, flight: Flight, place: int) -> None:
    pass


@pytest.fixture(autouse=True)
def channels(monkeypatch: pytest.MonkeyPatch) -> type[FakeChannel]:
    class Fresh(FakeChannel):
        opened: list[FakeChannel] = []  # noqa: RUF012 (one list a test)
        answer = staticmethod(at_once)

    monkeypatch.setattr(icmp, "Channel", Fresh)
    return Fresh


async def _ping(number: int = 3, wait: float = 1.0, patience: float = 20.0, address: str = "192.0.2.1") -> Measured:
    method = Icmp("raw", Pace(1000))
    try:
        return await method.ping(address, Pings(number, 100), wait, patience)
    finally:
        method.close()


async def _timed(what: Any) -> tuple[Measured, float]:
    return await what, loop().time()


def test_pings_go_at_their_times_and_the_set_ends_with_the_last_reply(channels: type[FakeChannel]) -> None:
    measured, end = run(_timed(_ping()))
    [channel] = channels.opened
    assert channel.sent == [(1000, ("192.0.2.1", 0)), (1001, ("192.0.2.1", 0)), (1002, ("192.0.2.1", 0))]
    assert (measured.sent, measured.received, measured.marks, end) == (3, 3, (), 1002)
    assert channel.is_closed
    assert len(channel.forgotten) == 1


@given(st.integers(1, 30), st.floats(0.01, 5))
def test_the_spacing_does_not_drift(number: int, wait: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        channels = type("Fresh", (FakeChannel,), {"opened": [], "answer": staticmethod(never)})
        patch.setattr(icmp, "Channel", channels)
        measured, end = run(_timed(_ping(number, wait, patience=7)))
    times = [time for time, _ in channels.opened[0].sent]
    assert times == pytest.approx([1000 + place * wait for place in range(number)], abs=1e-6)
    assert end == pytest.approx(times[-1] + 7, abs=1e-6)
    assert measured.marks == ()


def test_a_silent_host_is_waited_for_with_patience(channels: type[FakeChannel]) -> None:
    channels.answer = staticmethod(never)
    measured, end = run(_timed(_ping()))
    assert (measured.replies, measured.sent, end) == ((), 3, 1022)


def test_a_reply_later_than_the_spacing_counts(channels: type[FakeChannel]) -> None:
    def slow(channel: FakeChannel, flight: Flight, place: int) -> None:
        loop().call_later(4.5, flight.arrived, place, 4_500_000_000)

    channels.answer = staticmethod(slow)
    measured, end = run(_timed(_ping()))
    assert measured.replies == (Reply(0, 4500), Reply(1, 4500), Reply(2, 4500))
    assert end == 1006.5


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.EMSGSIZE, errno.EACCES])
def test_a_ping_that_cannot_go_is_lost(channels: type[FakeChannel], number: int) -> None:
    def refuse_second(channel: FakeChannel, flight: Flight, place: int) -> None:
        if place == 1:
            raise OSError(number, "no")
        flight.arrived(place, 1000)

    channels.answer = staticmethod(refuse_second)
    measured = run(_ping())
    assert [reply.sequence for reply in measured.replies] == [0, 2]
    assert measured.sent == len(channels.opened[0].sent) == 3


@pytest.mark.parametrize("refusals", [1, 2])
@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN])
def test_a_full_queue_is_tried_again_once(channels: type[FakeChannel], number: int, refusals: int) -> None:
    def full(channel: FakeChannel, flight: Flight, place: int) -> None:
        if len(channel.sent) <= refusals:
            raise OSError(number, "full")
        flight.arrived(place, 1000)

    channels.answer = staticmethod(full)
    measured = run(_ping(2))
    assert measured.received == 3 - refusals
    assert [time for time, _ in channels.opened[0].sent] == pytest.approx([1000, 1000.01, 1001])


@pytest.mark.parametrize(("late", "marks"), [(0.4, ()), (0.6, ("late",))])
def test_a_ping_that_goes_late_marks_the_set(channels: type[FakeChannel], late: float, marks: tuple[str, ...]) -> None:
    def be_late(channel: FakeChannel, flight: Flight, place: int) -> None:
        flight.arrived(place, 1000)
        if place == 1:
            loop().be_late(late)

    channels.answer = staticmethod(be_late)
    assert run(_ping(4)).marks == marks
    assert [time for time, _ in channels.opened[0].sent] == pytest.approx([1000, 1001, 1002 + late, 1003])


def test_the_wait_for_a_turn_marks_nothing(channels: type[FakeChannel]) -> None:
    async def many() -> list[Measured]:
        method = Icmp("raw", Pace(2))
        return list(await asyncio.gather(*(method.ping("192.0.2.1", Pings(3, 100), 1.0, 1.0) for _ in range(10))))

    assert [measured.marks for measured in run(many())] == [()] * 10
    assert [time for time, _ in channels.opened[0].sent] == pytest.approx([1000 + place / 2 for place in range(30)])


def test_replies_that_the_kernel_threw_away_mark_the_set(channels: type[FakeChannel]) -> None:
    def drop(channel: FakeChannel, flight: Flight, place: int) -> None:
        channel.drops += 1

    channels.answer = staticmethod(drop)
    assert run(_ping()).marks == ("late",)


def test_a_reply_that_came_in_time_and_was_not_read_yet_counts(channels: type[FakeChannel]) -> None:
    def leave(channel: FakeChannel, flight: Flight, place: int) -> None:
        channel.unread = lambda: flight.arrived(place, 1000)

    channels.answer = staticmethod(leave)
    assert run(_ping(1)).replies == (Reply(0, 0.001),)


def test_one_channel_for_each_family(channels: type[FakeChannel]) -> None:
    async def several() -> None:
        method = Icmp("unprivileged", Pace(1000))
        for address in ("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:DB8:0::2"):
            await method.ping(address, Pings(1, 100), 1.0, 1.0)

    run(several())
    assert [channel.kind for channel in channels.opened] == ["unprivileged"] * 2
    assert [[to for _, to in channel.sent] for channel in channels.opened] == [
        [("192.0.2.1", 0), ("192.0.2.2", 0)],
        [("2001:db8::1", 0, 0, 0), ("2001:db8::2", 0, 0, 0)],
    ]


@pytest.mark.parametrize(
    "address", ["", "www.example.org", "localhost", "192.0.2.256", "fe80::1%nosuch", "a\0b", "ä", "x" * 300]
)
def test_a_name_is_not_looked_up(channels: type[FakeChannel], address: str) -> None:
    with pytest.raises(SettingError, match="no IPv4 or IPv6 address; correct"):
        run(_ping(address=address))
    assert not channels.opened


@pytest.mark.parametrize("after", [0.0, 0.5, 2.5])
def test_close_ends_sets_that_wait_and_those_to_come(channels: type[FakeChannel], after: float) -> None:
    channels.answer = staticmethod(never)

    async def closed() -> float:
        method = Icmp("raw", Pace(1))
        sets = [asyncio.ensure_future(method.ping("192.0.2.1", Pings(2, 100), 1.0, 50.0)) for _ in range(4)]
        await asyncio.sleep(after)
        method.close()
        ends = await asyncio.gather(*sets, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)
        with pytest.raises(asyncio.CancelledError):
            await method.ping("192.0.2.1", Pings(2, 100), 1.0, 50.0)
        return loop().time()

    assert run(closed()) == 1000 + after
    assert all(channel.is_closed for channel in channels.opened)


def test_a_set_that_is_given_up_leaves_nothing(channels: type[FakeChannel]) -> None:
    channels.answer = staticmethod(never)

    async def given_up() -> None:
        method = Icmp("raw", Pace(1000))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(method.ping("192.0.2.1", Pings(2, 100), 1.0, 50.0), 3)
        assert not method._tasks

    run(given_up())
    assert len(channels.opened[0].forgotten) == 1
