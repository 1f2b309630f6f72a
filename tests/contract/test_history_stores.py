"""What the history promises, whether it is in files or in PostgreSQL: values come back exactly, from days and years."""

import math
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as some
from sqlalchemy import select

from tests.unit.fake import FakeClock
from WardenServer.errors import Unreachable, WardenError
from WardenServer.results.event import Event
from WardenServer.results.result import Result
from WardenServer.settings import config
from WardenServer.sinks.history import ask, breaks, care, packing, rolling, store, tables, thinning, upkeep
from WardenServer.sinks.history.parts import DAY, RAW, ROLLUPS, day_of, part_of, read_name
from WardenServer.sinks.history.scribe import Scribe
from WardenServer.sinks.history.sink import Loss
from WardenServer.sinks.history.thinning import Keep

#: A midnight.
MIDNIGHT = 1_700_000_000 // DAY * DAY
LAST = MIDNIGHT + DAY - 1e-6
KEEP = 30 * DAY


class Past:
    """A history, and a hub's sink that writes into it at times that the test chooses."""

    def __init__(self, made: config.Settings) -> None:
        self.settings = made
        self.store = store.open_store(store.url(made), made.instance)
        self.reader = ask.History(made)
        self.clock = FakeClock()
        self.told: list[Event] = []
        self.scribe = self.restart()

    def restart(self) -> Scribe:
        """A new hub."""
        self.scribe = Scribe(self.store, KEEP, ["a.image"], self.told.append, self.clock)
        return self.scribe

    def write(self, *results: Result, losses: tuple[Loss, ...] = ()) -> None:
        self.clock.now = max(result.timestamp for result in results) - 1.7e9
        self.scribe.write(results, losses)

    def values(self, fields: list[Any], begin: float = MIDNIGHT, agent: str = "a") -> None:
        """A value of a.x each second."""
        self.write(*(Result(agent, "a", begin + second, {"x": value}) for second, value in enumerate(fields)))

    def read(self, begin: float = MIDNIGHT, end: float = LAST, field: str = "x", points: int = 0) -> Any:
        return self.reader.range("a", field, begin, end, points)

    def pairs(self, **more: Any) -> list[tuple[float, Any]]:
        found = self.read(**more)
        values = found.columns["value"]
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        return list(zip(found.time.tolist(), plain, strict=True))

    def pack(self, whole: bool = False) -> None:
        for part in self.store.parts():
            if part.level is RAW:
                packing.pack(self.store, part, whole)

    def upkeep(self, now: float, **keep: float) -> list[str]:
        return list(upkeep.round_of(self.store, Keep(keep, 10**12), now))


@pytest.fixture(scope="session", params=["files", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "files" else str(request.getfixturevalue("postgresql").url)


@pytest.fixture
def past(url: str, settings: Callable[..., config.Settings]) -> Iterator[Past]:
    made = Past(settings(history_url=url, instance=f"h{uuid.uuid4().hex[:12]}"))
    with closing(made.store), closing(made.reader):
        yield made


STEPS: list[Callable[[Past], None]] = [
    lambda past: None,
    lambda past: past.pack(),
    lambda past: past.pack(whole=True),
    lambda past: past.upkeep(MIDNIGHT + 2 * DAY) and None,
]


@pytest.mark.parametrize("step", STEPS, ids=["fresh", "packed", "packed whole", "day over"])
@pytest.mark.parametrize(
    "values",
    [
        [1.5, -0.0, math.inf, 5e-324, 0.1], [1, -(2**63), 2**63 - 1], [True, False, False], ["on", "öff", "", "on"],
        [1, 2.5, "text", True, 3],
    ],
    ids=["floats", "whole numbers", "flags", "texts", "a mixture"],
)  # fmt: skip
def test_values_come_back_as_they_were(past: Past, step: Callable[[Past], None], values: list[Any]) -> None:
    past.values(values)
    step(past)
    found = past.pairs()
    assert [time for time, _ in found] == [MIDNIGHT + second for second in range(len(values))]
    assert [(type(value), value) for _, value in found] == [(type(value), value) for value in values] or (
        found[0][1] == 1.0 and [value for _, value in found] == [1, 2.5, "text", True, 3]
    )


def test_arrays_that_are_asked_for_come_back(past: Past) -> None:
    image = np.arange(6.0).reshape(2, 3)
    past.write(Result("a", "a", MIDNIGHT, {"image": image, "other": image, "x": 1.0}))
    past.pack()
    np.testing.assert_array_equal(past.read(field="image").columns["value"][0], image)
    with pytest.raises(WardenError, match="no history"):
        past.read(field="other")


@pytest.mark.parametrize("step", STEPS, ids=["fresh", "packed", "packed whole", "day over"])
def test_of_values_with_the_same_time_the_last_one_counts(past: Past, step: Callable[[Past], None]) -> None:
    past.values([1.0, 2.0, 3.0])
    step(past)
    past.values([7.0], begin=MIDNIGHT + 1)
    past.values([9.0], begin=MIDNIGHT + 0.5)
    step(past)
    assert past.pairs() == [
        (MIDNIGHT, 1.0), (MIDNIGHT + 0.5, 9.0), (MIDNIGHT + 1, 7.0), (MIDNIGHT + 2, 3.0),
    ]  # fmt: skip


VALUE = some.one_of(some.floats(allow_nan=False), some.sampled_from(["a", True, None]))
SAMPLE = some.tuples(some.integers(0, 30), VALUE, some.booleans())


@hypothesis.settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=some.lists(SAMPLE, min_size=1, max_size=40))
def test_whatever_comes_in_whatever_order(
    settings: Callable[..., config.Settings], found: list[tuple[int, Any, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        past = Past(settings(history_url=f"sqlite:///{folder}"))
        with closing(past.store), closing(past.reader):
            expected: dict[float, Any] = {}
            for second, value, packs in found:
                past.values([value], begin=MIDNIGHT + second)
                if value is not None:
                    expected[MIDNIGHT + second] = value
                if packs:
                    past.pack()
            if expected:
                assert past.pairs() == sorted(expected.items())


class Killed(Exception):
    """The process ended here."""


def test_packing_that_is_cut_off_costs_nothing(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    past.values([1.0, 2.0])
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(packing, "_forget_fresh", die)  # what is packed is still there as fresh
        past.pack()
    past.values([3.0], begin=MIDNIGHT + 2)
    past.pack()
    assert past.pairs() == [(MIDNIGHT, 1.0), (MIDNIGHT + 1, 2.0), (MIDNIGHT + 2, 3.0)]


def test_many_small_blocks_become_large_ones(past: Past) -> None:
    for begin in range(0, 100 * 60, 60):
        past.values([float(second) for second in range(60)], begin=MIDNIGHT + begin)
        past.pack()
    with past.store.read(part_of(RAW, day_of(MIDNIGHT))) as connection:
        counts = list(connection.scalars(select(tables.times.c.count)))
    assert max(counts) == packing.FULL
    assert len(counts) < packing.SMALL + 4
    assert sum(counts) == 6000
    assert len(past.pairs()) == 6000


# -- days, and points of them


def wave(past: Past, days: int, every: int = 300) -> dict[float, float]:
    """Some days of values, the last of them today's; each with one that sticks out."""
    expected = {}
    for day in range(days):
        for second in range(0, DAY, every):
            stamp = MIDNIGHT + day * DAY + second
            expected[stamp] = 1e3 + day if second == 36_000 else math.sin(stamp / 7e3)
    past.write(*(Result("a", "a", stamp, {"x": value}) for stamp, value in expected.items()))
    return expected


def test_points_have_the_smallest_and_largest_values_and_the_mean(past: Past) -> None:
    expected = wave(past, 4)
    now = MIDNIGHT + 3.9 * DAY
    past.upkeep(now)
    end = MIDNIGHT + 4 * DAY - 1e-6
    for points, level in ((4000, "1m"), (400, "10m"), (90, "1h"), (3, "1d")):
        found = past.read(end=end, points=points)
        assert found.level == level
        assert found.columns["n"].sum() == len(expected)
        assert found.columns["max"].max() == 1e3 + 3
        assert found.columns["min"].min() == min(expected.values())
        mean = (found.columns["mean"] * found.columns["n"]).sum() / len(expected)
        assert mean == pytest.approx(sum(expected.values()) / len(expected))


def test_points_are_made_again_when_late_values_come(past: Past) -> None:
    wave(past, 2)
    past.upkeep(MIDNIGHT + 3 * DAY)
    past.values([5e4], begin=MIDNIGHT + 100.5)
    past.upkeep(MIDNIGHT + 3 * DAY)
    assert past.read(points=24).columns["max"].max() == 5e4
    part = part_of(RAW, day_of(MIDNIGHT))
    assert rolling.is_rolled(past.store, part)


def test_where_values_are_thinned_away_there_are_points(past: Past) -> None:
    expected = wave(past, 3)
    past.upkeep(MIDNIGHT + 3.5 * DAY)
    said = past.upkeep(MIDNIGHT + 3.5 * DAY, raw=DAY)
    assert [line.split(" ")[0] for line in said] == ["raw-2023-11-14", "raw-2023-11-15"]
    found = past.read()
    assert found.level == "1m"
    assert found.columns["n"].sum() == len(expected) / 3
    assert past.read(begin=MIDNIGHT + 2 * DAY, end=MIDNIGHT + 3 * DAY - 1).level == "raw"


def test_a_field_that_is_gone_stays_to_be_found(past: Past) -> None:
    wave(past, 1)
    past.upkeep(MIDNIGHT + 10 * DAY)
    past.upkeep(MIDNIGHT + 10 * DAY, raw=DAY)
    assert [(known.key, known.field, known.agent) for known in past.reader.known()] == [("a", "x", "a")]
    assert past.read(points=10).columns["max"].max() == 1e3


def test_a_long_range_has_as_many_points_as_are_wanted(past: Past) -> None:
    wave(past, 3)
    past.upkeep(MIDNIGHT + 4 * DAY)
    for wanted in (10, 100, 500):
        found = past.read(end=MIDNIGHT + 3 * DAY, points=wanted)
        assert wanted / 3 <= len(found.time) <= wanted + 1
        assert found.columns["max"].max() == 1e3 + 2


# -- questions


def test_a_range_has_the_last_value_before_it(past: Past) -> None:
    past.values([1.0, 2.0, 3.0])
    assert past.read(begin=MIDNIGHT + 1.5, end=MIDNIGHT + 1.7).before == (MIDNIGHT + 1, 2.0)
    assert past.read(begin=MIDNIGHT + 3 * DAY, end=MIDNIGHT + 4 * DAY).before == (MIDNIGHT + 2, 3.0)
    assert past.read(begin=MIDNIGHT).before is None
    past.upkeep(MIDNIGHT + 9 * DAY)
    past.upkeep(MIDNIGHT + 9 * DAY, raw=DAY)
    before = past.read(begin=MIDNIGHT + DAY, end=MIDNIGHT + 2 * DAY, points=20).before
    assert before == (MIDNIGHT, 2.0), "the mean of the last point"


@pytest.mark.parametrize(
    ("begin", "end"), [(2.0, 1.0), (math.nan, 1.0), (0.0, math.inf), (-math.inf, 0.0)], ids=str
)  # fmt: skip
def test_what_is_no_range_is_said_to_be_none(past: Past, begin: float, end: float) -> None:
    past.values([1.0])
    with pytest.raises(WardenError, match="range"):
        past.read(begin=begin, end=end)


def test_ranges_of_a_million_years_and_of_the_future_are_answered_at_once(past: Past) -> None:
    past.values([1.0, 2.0])
    assert len(past.read(begin=-3e13, end=3e13).time) == 2
    assert len(past.read(begin=3e13, end=4e13).time) == 0
    assert len(past.read(begin=-4e13, end=-3e13).time) == 0


def test_what_was_never_kept_is_said(past: Past) -> None:
    with pytest.raises(WardenError, match=r"no history of a\.x"):
        past.read()
    past.values([1.0])
    with pytest.raises(WardenError, match=r"no history of a\.y"):
        past.read(field="y")


def test_a_field_that_was_always_null_is_known(past: Past) -> None:
    past.write(Result("a", "a", MIDNIGHT, {"x": None}, reasons={"x": "no beam"}))
    found = past.read()
    assert (len(found.time), found.gaps) == (0, [(MIDNIGHT, None, "no beam")])
    with pytest.raises(WardenError, match="no history of"):
        past.read(field="y")


def test_far_more_values_than_wanted_become_points_or_changes(past: Past) -> None:
    past.write(*(Result("a", "a", MIDNIGHT + n / 10, {"x": float(n), "t": "ab"[n // 1000 % 2]}) for n in range(3000)))
    found = past.read(end=MIDNIGHT + 300, points=50)
    assert (found.level, len(found.time), found.columns["max"][-1]) == ("raw", 50, 2999.0)
    text = past.read(end=MIDNIGHT + 300, field="t", points=50)
    assert text.columns["value"] == ["a", "b", "a"]


def test_what_changed_most_across_a_time_comes_first(past: Past) -> None:
    results = [
        Result("a", "a", MIDNIGHT + n, {
            "still": 5.0, "noise": float(n % 7), "jump": n % 3 + (1000.0 if n >= 60 else 0.0), "mode": "ab"[n >= 60],
        })
        for n in range(120)
    ]  # fmt: skip
    past.write(*results)
    for step in (lambda: None, past.pack):
        step()
        found = past.reader.changes(MIDNIGHT + 60, 50)
        assert [change.field for change in found[:2]] == ["mode", "jump"]
        assert (found[0].before, found[0].after) == ("a", "b")
        assert found[1].after - found[1].before == pytest.approx(1000, abs=1)
        assert "still" not in {change.field for change in found}


# -- gaps


def test_gaps_have_begin_end_and_reason(past: Past) -> None:
    past.write(
        Result("a", "a", MIDNIGHT, {"x": 1.0}),
        Result("a", "a", MIDNIGHT + 1, {"x": None}, reasons={"x": "no beam"}),
        Result("a", "a", MIDNIGHT + 5, {"x": 2.0}),
        Result("a", "a", MIDNIGHT + 6, {"x": None}, error="it fails"),
    )
    assert past.read().gaps == [(MIDNIGHT + 1, MIDNIGHT + 5, "no beam"), (MIDNIGHT + 6, None, "it fails")]
    assert past.read(end=MIDNIGHT + 0.5).gaps == []
    past.values([3.0], begin=MIDNIGHT + 8)
    assert past.read(begin=MIDNIGHT + 7).gaps == [(MIDNIGHT + 6, MIDNIGHT + 8, "it fails")]


def test_a_restart_notes_for_how_long_the_hub_did_not_run(past: Past) -> None:
    past.values([1.0])
    past.write(Result("a", "a", MIDNIGHT + 1, {"x": None}, error="it fails"))
    past.restart()
    past.values([2.0], begin=MIDNIGHT + 100)
    assert set(past.read().gaps) == {
        (MIDNIGHT, MIDNIGHT + 100, "the hub did not run"), (MIDNIGHT + 1, MIDNIGHT + 100, "it fails"),
    }  # fmt: skip
    assert [event.text.rpartition(": ")[2] for event in past.told] == ["the hub did not run"]


def test_a_gap_over_the_turn_of_the_year_ends(past: Past) -> None:
    year = time.mktime((2024, 1, 1, 0, 0, 0, 0, 0, 0))
    past.write(Result("a", "a", year - 5, {"x": 1.0}), Result("a", "a", year - 4, {"x": None}, error="it fails"))
    past.values([2.0], begin=year + DAY)
    assert past.read(begin=year - 5, end=year + 2 * DAY).gaps == [(year - 4, year + DAY, "it fails")]


def test_what_was_lost_is_a_gap_and_an_event(past: Past) -> None:
    past.write(Result("a", "a", MIDNIGHT, {"x": 1.0}), losses=(Loss(MIDNIGHT - 9, MIDNIGHT - 2, 12),))
    (gap,) = past.read(begin=MIDNIGHT - 100).gaps
    assert (gap.begin, gap.end) == (MIDNIGHT - 9, MIDNIGHT - 2)
    assert "12 results were lost" in gap.reason
    assert [str(event.severity) for event in past.told] == ["warning"]


# -- room


def test_the_oldest_and_finest_goes_first_where_there_is_too_much(past: Past) -> None:
    wave(past, 4)
    now = MIDNIGHT + 3.5 * DAY
    past.upkeep(now)
    kept = {part.level.name for part in past.store.parts()}
    assert kept == {"raw", *(level.name for level in ROLLUPS)} or kept == {
        "raw", "breaks", *(level.name for level in ROLLUPS)
    }  # fmt: skip
    sizes = {part.name: past.store.size(part) for part in past.store.parts()}
    oldest = sizes["raw-2023-11-14"]
    said = list(thinning.thin(past.store, Keep({}, sum(sizes.values()) - oldest // 2), now))
    assert [line.partition(" ")[0] for line in said] == ["raw-2023-11-14"]
    assert "history_size" in said[0]
    everything: list[str] = []
    today = past.store.size(part_of(RAW, day_of(now)))
    with pytest.raises(WardenError, match="more than history_size"):
        for line in thinning.thin(past.store, Keep({}, today // 2), now):
            everything.append(line)
    order = [read_name(line.partition(" ")[0]).level.name for line in everything]  # type: ignore[union-attr]
    assert order == sorted(order, key=["raw", "1m", "10m", "1h", "1d", "breaks"].index)
    assert [part.name for part in past.store.parts() if part.level is RAW] == ["raw-2023-11-17"], "today's stays"


def test_check_reads_all_of_it(past: Past) -> None:
    wave(past, 2)
    past.upkeep(MIDNIGHT + 1.5 * DAY)
    found = {finding.part.name: finding for finding in care.check(past.store)}
    assert not any(finding.trouble for finding in found.values())
    assert found["raw-2023-11-14"].values == found["raw-2023-11-15"].values == DAY / 300
    assert found["1d-2023"].values == 1


def test_the_oldest_gaps_go_where_there_are_too_many(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaks, "MOST_KEPT", 10)
    for second in range(30):
        past.write(Result("a", "a", MIDNIGHT + second, {"x": None if second % 2 else 1.0}))
    past.upkeep(MIDNIGHT + 100)
    assert [gap.begin - MIDNIGHT for gap in past.read().gaps] == list(range(11, 30, 2))


def test_a_part_that_cannot_be_read_does_not_keep_others_from_their_upkeep(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(store: object, part: object) -> bool:
        if part == part_of(RAW, day_of(MIDNIGHT)):
            raise Unreachable("it is damaged")
        return real(store, part)  # type: ignore[arg-type]

    wave(past, 2)
    real = rolling.is_rolled
    monkeypatch.setattr(rolling, "is_rolled", fail)
    with pytest.raises(Unreachable, match="it is damaged"):
        past.upkeep(MIDNIGHT + 4 * DAY)
    assert real(past.store, part_of(RAW, day_of(MIDNIGHT) + 1))
