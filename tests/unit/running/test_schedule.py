"""The due rule: against a model so simple that it needs no proof, and a simulated day."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from WardenServer.loading.contract import default_offset_ticks
from WardenServer.running.scheduler import Schedule, next_due

offsets = st.integers(0, 200)
intervals = st.integers(1, 100)


def is_due(tick: int, offset: int, interval: int) -> bool:
    """The rule as the contract words it."""
    return tick >= offset and (tick - offset) % interval == 0


@given(st.integers(0, 500), offsets, intervals)
def test_next_due_is_the_first_due_tick_from_here(tick: int, offset: int, interval: int) -> None:
    found = next_due(tick, offset, interval)
    assert is_due(found, offset, interval)
    assert not any(is_due(earlier, offset, interval) for earlier in range(tick, found))


@given(st.lists(st.tuples(offsets, intervals), max_size=8), st.integers(1, 300))
def test_every_agent_starts_on_its_due_ticks_and_on_no_other(agents: list[tuple[int, int]], ticks: int) -> None:
    schedule = Schedule()
    for number, (offset, interval) in enumerate(agents):
        schedule.add(str(number), offset, interval)
    for tick in range(ticks):
        expected = {str(n) for n, (offset, interval) in enumerate(agents) if is_due(tick, offset, interval)}
        due = schedule.advance(tick)
        assert set(due) == expected
        assert len(due) == len(expected)


@given(st.lists(st.tuples(offsets, intervals), max_size=8), st.lists(st.integers(1, 60), max_size=30))
def test_after_a_gap_who_was_due_in_it_starts_once_and_keeps_its_phase(
    agents: list[tuple[int, int]], steps: list[int]
) -> None:
    schedule = Schedule()
    for number, (offset, interval) in enumerate(agents):
        schedule.add(str(number), offset, interval)
    last = -1
    for step in steps:
        tick = last + step
        gap = range(last + 1, tick + 1)
        expected = {
            str(n) for n, (offset, interval) in enumerate(agents) if any(is_due(t, offset, interval) for t in gap)
        }
        assert Counter(schedule.advance(tick)) == Counter(expected)
        last = tick


@given(st.integers(0, 300), offsets, intervals)
def test_an_agent_added_later_has_the_phase_it_would_have_had(added: int, offset: int, interval: int) -> None:
    schedule = Schedule()
    schedule.advance(added)
    schedule.add("late", offset, interval)
    first = next(tick for tick in range(added + 1, added + 400) if schedule.advance(tick))
    assert first == next(tick for tick in range(added + 1, added + 400) if is_due(tick, offset, interval))


def test_a_removed_agent_is_never_due_and_one_with_a_new_phase_has_only_that() -> None:
    schedule = Schedule()
    schedule.add("gone", 0, 1)
    schedule.add("moved", 0, 2)
    schedule.remove("gone")
    schedule.add("moved", 1, 2)
    assert [schedule.advance(tick) for tick in range(4)] == [[], ["moved"], [], ["moved"]]


def test_a_simulated_day() -> None:
    schedule = Schedule()
    agents = {"fast": (0, 10), "slow": (7, 600), "hourly": (50, 36_000), "daily": (11, 864_000)}
    for name, (offset, interval) in agents.items():
        schedule.add(name, offset, interval)
    day = 864_000
    runs = Counter(name for tick in range(day) for name in schedule.advance(tick))
    assert runs == {"fast": 86_400, "slow": 1440, "hourly": 24, "daily": 1}


@given(st.text(min_size=1), st.integers(1, 864_000))
def test_the_default_offset_is_stable_and_within_the_interval_and_five_seconds(name: str, interval: int) -> None:
    offset = default_offset_ticks(name, interval, 0.1)
    assert offset == default_offset_ticks(name, interval, 0.1)
    assert 0 <= offset < min(interval, 50) or (interval == 1 and offset == 0)


def test_default_offsets_spread() -> None:
    spread = Counter(default_offset_ticks(f"agent{n}", 100, 0.1) for n in range(1000))
    assert len(spread) == 50
    assert max(spread.values()) < 60
