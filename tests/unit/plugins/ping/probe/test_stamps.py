import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.probe.stamps import Moment, arrival, now

WALL = 1_800_000_000_000_000_000
READ = Moment(5_000_000_000, WALL)
SENT = 3_000_000_000


@given(st.integers(0, READ.monotonic - SENT))
def test_the_age_of_a_stamp_counts_from_the_reading(age: int) -> None:
    assert arrival(WALL - age, READ, SENT) == (READ.monotonic - age, True)


@given(st.integers(-(10**19), 10**19), st.integers(SENT, SENT + 10**12))
def test_a_packet_never_comes_before_it_went_or_after_it_was_read(stamp: int, read: int) -> None:
    came, _ = arrival(stamp, Moment(read, WALL), SENT)
    assert SENT <= came <= read


@pytest.mark.parametrize("stamp", [None, 0, WALL + 1, WALL - 2_000_000_001, WALL + 3600 * 10**9])
def test_a_stamp_that_cannot_be_is_not_used(stamp: int | None) -> None:
    assert arrival(stamp, READ, SENT) == (READ.monotonic, False)


def test_both_clocks_are_read_at_one_moment() -> None:
    before, wall_before, moment = time.monotonic_ns(), time.time_ns(), now()
    assert before <= moment.monotonic <= time.monotonic_ns()
    assert moment.wall >= wall_before


def test_clocks_between_which_something_happened_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = iter([0, 5_000_000, 10_000_000, 10_000_200])
    wall = iter([111, 222])
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(monotonic))
    monkeypatch.setattr(time, "time_ns", lambda: next(wall))
    assert now() == Moment(10_000_100, 222)


def test_clocks_that_never_agree_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = iter(range(0, 10**9, 10**6))
    monkeypatch.setattr(time, "monotonic_ns", lambda: next(monotonic))
    assert now().monotonic == 8_500_000
