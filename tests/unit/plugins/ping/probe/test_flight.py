from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.plugins.ping.probe.fake_time import run
from WardenServer.plugins.common.ping.hosts import Pings
from WardenServer.plugins.common.ping.probe import flight
from WardenServer.plugins.common.ping.probe.flight import Flight
from WardenServer.plugins.common.ping.probe.sample import Measured, Reply


def flown(number: int, do: Callable[[Flight], Any]) -> Measured:
    async def fly() -> Measured:
        one = Flight(Pings(number, 100))
        do(one)
        return one.measured()

    measured: Measured = run(fly())
    return measured


def arrive(*places: int) -> Callable[[Flight], None]:
    def do(one: Flight) -> None:
        for place in places:
            one.arrived(place, 1_500_000)

    return do


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ((), ()),
        ((2, 0), (2, 0)),
        ((1, 1, 0), (1, 1, 0)),
        ((0, 1, 2), (0, 1, 2)),
        ((2, 0, 0, 1, 1, 2), (2, 0, 0, 1)),  # complete after four: what comes later does not count
    ],
)
def test_replies_stay_in_the_order_in_which_they_came(came: tuple[int, ...], kept: tuple[int, ...]) -> None:
    measured = flown(3, arrive(*came))
    assert measured.replies == tuple(Reply(place, 1.5) for place in kept)
    assert measured.sent == 3
    assert measured.received == len(set(came))


def test_a_network_that_loops_fills_no_memory() -> None:
    measured = flown(2, arrive(*[1] * 100_000))
    assert len(measured.replies) == 2 * flight.MOST_REPLIES
    assert measured.received == 1


def test_it_is_complete_though_more_came_than_is_kept() -> None:
    async def fly() -> bool:
        one = Flight(Pings(2, 100))
        arrive(*[1] * 1000, 0)(one)
        return one.complete.done()

    assert run(fly())


def test_marks_stand_once() -> None:
    assert flown(1, lambda one: [one.mark(word) for word in ("late", "clock", "late")]).marks == ("clock", "late")


@pytest.mark.parametrize("size", [0, 1, 100, 1000, 65507])
def test_the_payload_is_of_the_size_and_not_that_of_another(size: int) -> None:
    async def two() -> tuple[bytes, bytes]:
        return Flight(Pings(1, size)).payload, Flight(Pings(1, size)).payload

    one, other = run(two())
    assert len(one) == len(other) == size
    if size >= 16:
        assert one != other
