"""What a hub writes of its runs is there once, whatever is repeated and in whatever order."""

import itertools
import math
from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from tests.contract.runs.conftest import Take, count
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs import recording
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Point, Run, Side, Snapshot, Taken
from WardenServer.plugins.common.runs.store import Store
from WardenServer.plugins.common.runs.tables import run_texts, run_values


def test_a_run_is_opened_filled_and_closed(store: Store, own: Own, take: Take) -> None:
    assert recording.newest(store, "hub") is None
    recording.begin(store, "hub", 12, 1e9, "me", "first of the day")
    assert own.run(12) == Run(12, 1e9, None, False, (), "me", "first of the day")
    take(12, {("b", "x"): 1, ("a", "x"): 1, ("b", "y"): 1})
    assert own.run(12) == Run(12, 1e9, None, True, ("a", "b"), "me", "first of the day")
    recording.end(store, "hub", 12, 1e9 + 60, "the beam was lost")
    whole = Run(12, 1e9, 1e9 + 60, True, ("a", "b"), "me", "first of the day; the beam was lost")
    assert own.run(12) == recording.newest(store, "hub") == whole


STEPS: list[Callable[[Store], None]] = [
    lambda store: recording.begin(store, "hub", 7, 1e9, "me", "note"),
    lambda store: recording.add(store, "hub", Snapshot(7, Phase.START, 1e9 + 1, [Taken("p", "q", "long" * 99)])),
    lambda store: recording.add(store, "hub", Snapshot(7, Phase.END, 1e9 + 3, [Taken("p", "q", 2)])),
    lambda store: recording.end(store, "hub", 7, 1e9 + 2, "over"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_in_any_order_and_twice(store: Store, own: Own, order: tuple[int, ...]) -> None:
    for number in order + order[::-1]:
        STEPS[number](store)
    assert own.newest(9) == [Run(7, 1e9, 1e9 + 2, True, ("p",), "me", "note; over")]
    assert [taken.value for taken in own.values(Side(7))] == ["long" * 99]
    assert [taken.value for taken in own.values(Side(7, Phase.END))] == [2]
    assert count(store) == [2, 1, 2, 1]


def test_what_is_there_stays(store: Store, own: Own, take: Take) -> None:
    recording.begin(store, "hub", 7, 1e9, "me", "")
    recording.end(store, "hub", 7, 1e9 + 2, "over")
    take(7, {("p", "q"): 1})
    before = own.run(7)
    recording.begin(store, "hub", 7, 2e9, "another", "later")
    recording.end(store, "hub", 7, 2e9, "again")
    take(7, {("p", "q"): 2, ("p", "r"): 1})
    assert own.run(7) == before
    assert [taken.value for taken in own.values(Side(7))] == [1]


def test_of_several_at_the_start_the_first_counts_of_those_at_the_end_the_last(own: Own, take: Take) -> None:
    for at in (1e9 + 2, 1e9 + 1, 1e9 + 3):
        for phase in (Phase.START, Phase.END):
            take(7, {(f"p{at}", "q"): at}, phase, at)
    assert own.values(Side(7)) == [Taken(f"p{1e9 + 1}", "q", 1e9 + 1)]
    assert own.values(Side(7, Phase.END)) == [Taken(f"p{1e9 + 3}", "q", 1e9 + 3)]
    found = own.run(7)
    assert found is not None
    assert found.partitions == (f"p{1e9 + 1}",)
    assert len(own.partitions([7])) == 3


def test_on_the_way_only_what_has_changed_is_kept(store: Store, own: Own, take: Take) -> None:
    gone = Unavailable("gone")
    ways = [
        {("p", "a"): 1, ("p", "b"): 2, ("p", "c"): "x" * 200},
        {("p", "a"): 1.0, ("p", "b"): gone, ("p", "c"): "x" * 200},
        {("p", "a"): 3, ("p", "b"): gone, ("p", "c"): "x" * 200},
        {("p", "a"): 3, ("p", "b"): gone, ("p", "c"): "x" * 200},
        {("p", "a"): 1, ("p", "b"): 2, ("p", "c"): "y", ("p", "d"): None},
    ]
    for second, values in enumerate(ways):
        take(7, values, Phase.WAY if second else Phase.START, 1e9 + second)
    assert count(store)[2] == 3 + 1 + 1 + 0 + 4
    take(7, ways[4], Phase.WAY, 1e9 + 4)
    assert count(store)[:3] == [5, 4, 9]
    start, way = Phase.START, Phase.WAY
    assert own.past("p", "a", 9) == [Point(7, start, 1e9, 1), Point(7, way, 1e9 + 2, 3), Point(7, way, 1e9 + 4, 1)]
    assert [point.value for point in own.past("p", "b", 9)] == [2, gone, 2]
    take(8, {("p", "a"): 1}, Phase.WAY)
    assert own.past("p", "a", 1) == [Point(8, way, 1e9 + 8, 1)]  # another run is no matter


def test_a_value_keeps_its_time_and_quality(own: Own, take: Take) -> None:
    values = [
        Taken("p", "a", 1, 1e9 + 0.123456, "ALARM"), Taken("p", "b", Unavailable("it is off"), 5.0, "INVALID"),
        Taken("p", "c", 1), Taken("p", "d", 1, math.nan), Taken("p", "e", 1, math.inf, ""),
    ]  # fmt: skip
    take(1, values)
    assert own.values(Side(1)) == [*values[:3], Taken("p", "d", 1), Taken("p", "e", 1, None, "")]


def test_of_values_with_the_same_name_the_first_counts(own: Own, take: Take) -> None:
    take(1, [Taken("p", "q", 1), Taken("p", "q", 2), Taken("q", "q", 3)])
    assert own.values(Side(1)) == [Taken("p", "q", 1), Taken("q", "q", 3)]


VALUES = [
    0, -1, 2**53 + 1, 2**64 + 1, 10**400, 0.1, 1e300, math.inf, True, False, None, "", "1", "x" * 99, "x" * 101,
    "ä" * 5000, "\0", "\ud800", "\ud83d\ude00", "'; DROP TABLE runs; --", "\\N", "\\.", "\t\r\n\\", "\U0001f600", [],
    {}, [1, [None, {"a": []}]], {"b": 1, "a": {"c": [True, "\0"]}}, list(range(1000)),
]  # fmt: skip


def test_any_value_comes_back(own: Own, take: Take) -> None:
    take(1, {("p", f"{number:03}"): value for number, value in enumerate(VALUES)})
    found = own.values(Side(1))
    assert [taken.value for taken in found] == VALUES
    assert [type(taken.value) for taken in found] == [type(value) for value in VALUES]


def test_what_cannot_be_kept_costs_only_itself(own: Own, take: Take) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    values = {"a": 1, "b": object(), "c": deep, "d": 10**5000, "e": Unavailable("\0")}
    take(1, {("p", name): value for name, value in values.items()})
    found = [taken.value for taken in own.values(Side(1))]
    assert found[0] == 1
    assert all(isinstance(value, Unavailable) for value in found[1:])
    assert found[1] == Unavailable("the store cannot keep it: JSON has no object")
    assert found[4] == Unavailable("\ufffd")


def test_a_long_text_is_kept_once(store: Store, take: Take) -> None:
    for run in (1, 2):
        take(run, {(f"p{number}", "q"): "x" * 1000 for number in range(20)})
        take(run, {("p", f"q{number}"): f"{number}" * 1000 for number in range(700)}, Phase.END)
    take(1, {("p", "q"): "x" * 1000}, hub="other")
    assert count(store)[3] == 700 + 1


@pytest.mark.parametrize("name", ["Ωµ 漢字", "a\0b", "\ud800", "", "'\"\\%_", "x" * 10_000, "漢" * 10_000, "\\N\t"])
def test_any_name_will_do(store: Store, own: Own, take: Take, name: str) -> None:
    recording.begin(store, name, 1, 1e9, name, name)
    recording.end(store, name, 1, 1e9, name)
    values = {(name, name): 1, (name, f"{name}!"): 2, (f"{name}!", name): 3}
    for phase in (Phase.START, Phase.WAY, Phase.END):
        take(1, values, phase, hub=name)
    theirs = Own(store, name)
    assert sorted(taken.value for taken in theirs.values(Side(1), [name])) == [1, 2]
    assert [point.value for point in theirs.past(name, f"{name}!", 9)] == [2, 2]
    assert len(theirs.partitions([1])) == 2
    assert list(theirs.pairs(Side(1), Side(1, Phase.END))) == []
    assert own.newest(9) == own.values(Side(1)) == own.parameters("", 9) == []


def test_the_largest_number(store: Store, own: Own, take: Take) -> None:
    recording.begin(store, "hub", LARGEST, 1e9, "me")
    take(LARGEST, {("p", "q"): 1}, at=1e9)
    assert [run.number for run in own.after(LARGEST - 1, 9)] == [LARGEST]
    assert [taken.value for taken in own.values(Side(LARGEST))] == [1]


def test_damage_costs_only_the_value(store: Store, own: Own, take: Take) -> None:
    take(1, {("p", "a"): "x" * 500, ("p", "b"): 1, ("p", "c"): 1})
    with store.writing() as connection:
        connection.execute(delete(run_texts))
        connection.execute(update(run_values).where(run_values.c.parameter == 2).values(text="{half"))
    damaged = Unavailable("the store is damaged here")
    assert sorted(str(each.value) for each in own.values(Side(1))) == sorted(map(str, [damaged, damaged, 1]))
