"""When rounds begin: a simulated clock, which is also set."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from WardenServer.plugins.common.ping.probe.schedule import Begin, Rule

EVERY = 1800.0
NOON = 1_700_000_000 // EVERY * EVERY

times = st.floats(0, 4e9)
parts = st.floats(0, 1, exclude_max=True)


def begins(rule: Rule, now: float, steps: list[tuple[float, float]], last: int | None = None) -> list[Begin]:
    """What is begun while time goes on: each step is how long the loop waits at most, and by how much the clock is set
    then."""
    done: list[Begin] = []
    begin = rule.first(now, last)
    for waited, jump in steps:
        begin = rule.judged(begin, now)
        if now >= begin.at:
            done.append(Begin(begin.slot, now))
            begin = rule.after(now, begin.slot)
        now += min(waited, max(0.0, begin.at - now)) + jump
    return done


def test_a_day_has_a_round_in_each_slot_each_at_another_time_and_within_its_slot() -> None:
    rule = Rule(EVERY, None, longest=600.0, draw=random.Random(1).random)
    done = begins(rule, NOON, [(5.0, 0.0)] * 18_000)
    assert len(done) >= 48
    assert [each.slot for each in done] == list(range(done[0].slot, done[0].slot + len(done)))
    phases = [each.at - each.slot * EVERY for each in done[1:]]
    assert all(0 <= phase <= 1200.0 + 5 for phase in phases)
    assert len({round(phase) for phase in phases}) > 40


def test_a_fixed_phase_is_kept() -> None:
    done = begins(Rule(EVERY, 60.0), NOON, [(5.0, 0.0)] * 2000)
    assert [each.at % EVERY for each in done] == [0.0, *[60.0] * (len(done) - 1)]
    assert len(done) > 3


def test_at_a_start_a_slot_without_a_round_has_one_at_once_and_another_waits_for_the_next() -> None:
    rule, now = Rule(EVERY, 60.0), NOON + 1000
    slot = rule.slot(now)
    assert rule.first(now, None) == rule.first(now, slot - 1) == Begin(slot, now)
    assert rule.first(now, slot) == Begin(slot + 1, NOON + EVERY + 60)
    assert rule.first(now, slot + 1) == Begin(slot + 2, NOON + 2 * EVERY + 60), "the clock was put back a little"
    assert rule.first(now, slot + 9) == Begin(slot, now), "what is remembered is of another time"


@settings(deadline=None)
@given(times, st.lists(st.tuples(st.floats(0.1, 4000), st.floats(0, 1e6)), max_size=60), st.data())
def test_no_slot_has_two_rounds_also_where_the_clock_is_put_back_by_a_period(now, steps, data) -> None:
    back = (data.draw(st.floats(0.1, 4000)), -data.draw(st.floats(0, EVERY)))
    steps.insert(data.draw(st.integers(0, len(steps))), back)
    draw = data.draw(st.randoms()).random
    slots = [each.slot for each in begins(Rule(EVERY, None, 300.0, draw), now, steps)]
    assert slots == sorted(set(slots))


@settings(deadline=None)
@given(times, st.floats(-1e6, 1e6), parts)
def test_wherever_the_clock_is_set_the_next_round_is_less_than_four_periods_away(now, jump, part) -> None:
    rule = Rule(EVERY, None, 300.0, lambda: part)
    begin = rule.after(now, rule.slot(now))
    then = now + jump
    assert rule.judged(begin, then).at - then < 4 * EVERY


@pytest.mark.parametrize("hours", [-100, -3, 3, 100])
def test_a_clock_that_is_set_by_hours_stops_nothing(hours: int) -> None:
    steps = [(5.0, 0.0)] * 2000 + [(5.0, hours * 3600.0)] + [(5.0, 0.0)] * 4000
    done = begins(Rule(EVERY, None, 300.0, random.Random(2).random), NOON, steps)
    before = [each for each in done if each.at <= NOON + 10_000]
    assert len(done) - len(before) >= 8 or hours < 0
    assert len(done) >= 14


@settings(deadline=None)
@given(times, st.integers(-10, 10), parts)
def test_a_round_that_is_planned_lies_ahead_and_judging_it_at_once_changes_nothing(now, ago, part) -> None:
    rule = Rule(EVERY, None, 300.0, lambda: part)
    begin = rule.after(now, rule.slot(now) + ago)
    assert begin.at >= now
    assert begin.slot > rule.slot(now) - 1
    assert rule.judged(begin, now) == begin


def test_a_round_longer_than_its_period_begins_with_the_slot() -> None:
    rule = Rule(EVERY, None, longest=5000.0, draw=lambda: 0.9)
    assert rule.after(NOON, rule.slot(NOON)).at == NOON + EVERY
