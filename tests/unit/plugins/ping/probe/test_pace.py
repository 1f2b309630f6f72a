import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.ping.probe.fake_time import loop, run
from WardenServer.plugins.common.ping.probe.pace import Pace


async def _times(pace: Pace, number: int) -> list[float]:
    """When each of many who ask at once has its turn, in the order of asking."""

    async def one() -> float:
        await pace.turn()
        return loop().time()

    return list(await asyncio.gather(*(one() for _ in range(number))))


def test_each_waits_for_the_one_before() -> None:
    assert run(_times(Pace(200), 5)) == pytest.approx([1000, 1000.005, 1000.01, 1000.015, 1000.02])


@given(st.floats(0.1, 5000), st.integers(1, 300))
def test_many_are_served_in_the_order_of_asking_at_the_rate(rate: float, number: int) -> None:
    times = run(_times(Pace(rate), number))
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx((number - 1) / rate, abs=1e-6)


def test_the_rate_is_kept_though_each_timer_is_a_little_late() -> None:
    async def minutes() -> float:
        pace = Pace(200)

        async def one() -> None:
            loop().be_late(0.003)
            await pace.turn()

        await asyncio.gather(*(one() for _ in range(24_000)))
        return loop().time()

    assert run(minutes()) == pytest.approx(1120, abs=0.01)


def test_what_was_not_used_is_gone() -> None:
    async def after_a_pause() -> list[float]:
        pace = Pace(10)
        await pace.turn()
        await asyncio.sleep(60)
        return await _times(pace, 3)

    assert run(after_a_pause()) == pytest.approx([1060, 1060.1, 1060.2])


def test_a_machine_that_stood_still_makes_up_for_little() -> None:
    async def stood_still() -> list[float]:
        pace = Pace(1000)
        await pace.turn()
        loop().be_late(5)
        return await _times(pace, 100)

    times = run(stood_still())
    assert sum(time == times[0] for time in times) <= 12
    assert times[-1] - times[0] == pytest.approx(0.099 - 0.01, abs=0.002)


def test_those_who_give_up_take_no_turn() -> None:
    async def given_up() -> float:
        pace = Pace(1)
        await pace.turn()
        impatient = [asyncio.ensure_future(pace.turn()) for _ in range(50)]
        await asyncio.sleep(0)
        for each in impatient:
            each.cancel()
        await pace.turn()
        return loop().time()

    assert run(given_up()) == 1001


def test_a_turn_after_all_gave_up() -> None:
    async def given_up() -> list[float]:
        pace = Pace(1)
        await pace.turn()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pace.turn(), 0.5)
        await asyncio.sleep(10)
        return await _times(pace, 2)

    assert run(given_up()) == [1010.5, 1011.5]
