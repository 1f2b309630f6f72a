"""The hub's own runs are found, and the database compares them as Python would."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.contract.runs.conftest import Take
from WardenServer.plugins.common.differ.change import MISSING, Pair, Unavailable
from WardenServer.plugins.common.runs import recording, sides
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Side, Source, Taken
from WardenServer.plugins.common.runs.store import Store

ENORMOUS = [LARGEST + 1, 10**40]


def numbers(runs: list[Any]) -> list[int]:
    return [run.number for run in runs]


@pytest.fixture
def many(store: Store) -> None:
    for number in range(1, 21):
        recording.begin(store, "hub", number, 1e9 + number, "Ann" if number % 2 else "bob", f"note {number}%")
    recording.end(store, "hub", 7, 2e9, "beam_lost")


# -- runs


@pytest.mark.usefixtures("many")
def test_the_newest_first(own: Own) -> None:
    assert numbers(own.newest(3)) == [20, 19, 18]
    assert numbers(own.newest(3, before=18)) == [17, 16, 15]
    assert numbers(own.newest(3, before=2)) == [1]
    assert own.newest(3, before=1) == own.newest(3, before=-5) == own.newest(0) == []
    assert numbers(own.newest(1, before=10**40)) == [20]


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("12", [12]), ("2", [20, 12, 2]), ("ANN", [19, 17, 15]), ("m_l", [7]), ("BEAM", [7]), ("note 7", [7]),
        ("%", [20, 19, 18]), ("7%", [17, 7]), ("_", [7]), ("e%", []), ("'", []), ("\0", []), ("\ud800", []),
        ("x" * 5000, []),
    ],
)  # fmt: skip
def test_runs_are_searched(own: Own, search: str, found: list[int]) -> None:
    assert numbers(own.newest(3, search=search)) == found


@pytest.mark.usefixtures("many")
def test_a_search_goes_on_before_a_run(own: Own) -> None:
    assert numbers(own.newest(9, before=12, search="2")) == [2]


@pytest.mark.usefixtures("many")
def test_those_after_a_run_the_oldest_first(own: Own) -> None:
    assert numbers(own.after(17, 9)) == [18, 19, 20]
    assert numbers(own.after(-1, 2)) == [1, 2]
    assert own.after(20, 9) == own.after(10**40, 9) == []


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("number", [0, -1, 21, *ENORMOUS])
def test_a_run_that_is_not_there(own: Own, number: int) -> None:
    assert own.run(number) is None
    assert own.values(Side(number)) == list(own.pairs(Side(number), Side(3))) == own.partitions([number]) == []


def test_it_is_a_source(own: Own) -> None:
    source: Source = own
    source.close()
    assert own.newest(1) == []  # the store is still there
    assert own.name == "hub"


def test_partitions_of_runs(own: Own, take: Take) -> None:
    take(1, {("b", "x"): 1, ("a", "x"): Unavailable("")})
    take(2, {("ä", "x"): 1, ("B", "x"): 1})
    take(2, {("c", "x"): 1}, Phase.END)
    assert own.partitions([1]) == ["a", "b"]
    assert own.partitions(iter([1, 2, 3])) == ["B", "a", "b", "c", "ä"]
    assert own.partitions([]) == []


# -- pairs

GONE = Unavailable("gone")


def test_only_what_differs_comes_out(own: Own, take: Take) -> None:
    same = {("p", "same"): 1, ("q", "long"): "x" * 500, ("q", "nan"): float("nan"), ("q", "both"): {"a": 1, "b": [2]}}
    take(1, {**same, ("p", "x"): 1, ("q", "x"): 1, ("p", "left"): 1, ("p", "a"): GONE, ("p", "b"): 1, ("p", "c"): GONE,
             ("p", "long"): "x" * 500, ("p", "bool"): 1})  # fmt: skip
    take(2, {**same, ("p", "same"): 1.0, ("q", "both"): {"b": [2.0], "a": 1}, ("p", "x"): 2, ("q", "x"): 3,
             ("q", "come"): "y" * 500, ("p", "a"): GONE, ("p", "b"): GONE, ("p", "c"): 1, ("p", "long"): "x" * 501,
             ("p", "bool"): True})  # fmt: skip
    pairs = [
        Pair("p", "a", GONE, GONE), Pair("p", "b", 1, GONE), Pair("p", "bool", 1, True), Pair("p", "c", GONE, 1),
        Pair("q", "come", MISSING, "y" * 500), Pair("p", "left", 1, MISSING),
        Pair("p", "long", "x" * 500, "x" * 501), Pair("p", "x", 1, 2), Pair("q", "x", 1, 3),
    ]  # fmt: skip
    assert list(own.pairs(Side(1), Side(2))) == pairs
    turned = [Pair(pair.partition, pair.parameter, pair.new, pair.old) for pair in pairs]
    assert list(own.pairs(Side(2), Side(1))) == turned
    for some in (["p"], ["q"], ["q", "p", "nobody"], []):
        assert list(own.pairs(Side(1), Side(2), some)) == [pair for pair in pairs if pair.partition in some]


def test_a_run_against_itself_and_its_end(own: Own, take: Take) -> None:
    take(1, {("p", "x"): 1, ("p", "y"): 1, ("p", "z"): GONE})
    take(1, {("p", "x"): 1, ("p", "y"): 2}, Phase.END, 2e9)
    assert list(own.pairs(Side(1), Side(1))) == [Pair("p", "z", GONE, GONE)]
    assert list(own.pairs(Side(1), Side(1, Phase.END))) == [Pair("p", "y", 1, 2), Pair("p", "z", GONE, MISSING)]


def test_a_run_without_values(store: Store, own: Own, take: Take) -> None:
    take(1, {("p", "x"): 1})
    take(2, {})
    recording.begin(store, "hub", 3, 1e9, "me")
    for other in (2, 3, 4):
        assert list(own.pairs(Side(1), Side(other))) == [Pair("p", "x", 1, MISSING)]
        assert list(own.pairs(Side(other), Side(1))) == [Pair("p", "x", MISSING, 1)]
        assert own.values(Side(other)) == []
    found = own.run(2)
    assert found is not None
    assert found.is_ready  # it has nothing, and that is complete


names = st.tuples(st.sampled_from("pqr"), st.sampled_from("abc"))
some = st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, "1", "x" * 101, "y" * 101, [1], [1.0], GONE])
taken = st.dictionaries(names, some)
_runs = itertools.count(1)


def expected(old: dict[tuple[str, str], Any], new: dict[tuple[str, str], Any]) -> list[tuple[str, str]]:
    """The names of what differs, by parameter, as Python compares."""

    def told(value: Any) -> Any:
        return object() if value is GONE else [type(value) in (bool, str, list), value]

    differ = [name for name in old.keys() | new.keys() if told(old.get(name, MISSING)) != told(new.get(name, MISSING))]
    return sorted(differ, key=lambda name: name[::-1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(taken, taken, st.none() | st.lists(st.sampled_from("pqrs"), unique=True))
def test_as_python_compares(own: Own, take: Take, old: Any, new: Any, partitions: list[str] | None) -> None:
    one, other = next(_runs), next(_runs)
    take(one, old)
    take(other, new)
    wanted = [name for name in expected(old, new) if partitions is None or name[0] in partitions]
    pairs = list(own.pairs(Side(one), Side(other), partitions))
    assert [(pair.partition, pair.parameter) for pair in pairs] == wanted
    assert [pair.old for pair in pairs] == [old.get(name, MISSING) for name in wanted]
    assert [pair.new for pair in pairs] == [new.get(name, MISSING) for name in wanted]
    for run, values in ((one, old), (other, new)):
        every = [Taken(*name, values[name]) for name in sorted(values, key=lambda name: name[::-1])]
        assert own.values(Side(run), partitions) == [
            each for each in every if partitions is None or each.partition in partitions
        ]


def test_many_values(own: Own, take: Take) -> None:
    values: dict[tuple[str, str], Any] = {(f"p{number % 7}", f"q{number:05}"): number for number in range(5000)}
    take(1, values)
    take(2, {**values, ("p3", "q00003"): "changed"})
    assert list(own.pairs(Side(1), Side(2))) == [Pair("p3", "q00003", 3, "changed")]
    assert len(list(own.pairs(Side(1), Side(9)))) == 5000


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_values_newer_than_the_statistics_are_not_searched_one_by_one(store: Store, own: Own, take: Take) -> None:
    def values() -> dict[tuple[str, str], Any]:
        return {("p", f"{number}"): number for number in range(2000)}

    take(1, values())
    with store.writing() as connection:
        connection.execute(text("ANALYZE"))
    take(2, values())
    take(3, values())
    with store.reading() as connection:
        old, new = (sides.find(connection, "hub", Side(run)) for run in (2, 3))
        assert sides.differing(connection, "hub", old, new, None) == []
        for statement in (sides._changed(old, new), sides._added(old, new)):
            said = statement.compile(connection, compile_kwargs={"literal_binds": True})
            plan = "\n".join(connection.scalars(text(f"EXPLAIN {said}")))
            assert "Hash" in plan or "Merge" in plan
            assert "Nested Loop" not in plan
