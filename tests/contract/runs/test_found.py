"""What was found between runs, told, and acknowledged; and how far the search has come."""

import dataclasses
import math
from typing import Any

import pytest
from sqlalchemy import Connection

from WardenServer.plugins.common.runs import acknowledging, differences, golden, progress
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.progress import Progress, Told
from WardenServer.plugins.common.runs.source import LARGEST
from WardenServer.plugins.common.runs.store import Store

ODD = "Ω'\"\\\0\ud800" + "x" * 5000


def record(store: Store, *found: Difference, source: str = "hub") -> None:
    with store.writing() as connection:
        for each in found:
            differences.record(connection, source, each)


def texts(found: list[Difference]) -> list[str]:
    return [each.text for each in found]


# -- differences


def test_a_difference_is_told_once(store: Store) -> None:
    one = Difference(("HF", "HO"), 1, LARGEST, 1e9 + 0.5, 2, "one Ω\nline")
    record(store, one, Difference(("HBHE",), 1, 2, 1e9, 1, "two"))
    first, second = differences.untold(store, "hub")
    assert dataclasses.replace(first, number=0) == one
    assert 0 < first.number < second.number
    differences.mark_told(store, "hub", [first.number])
    assert differences.untold(store, "hub") == [second]
    differences.mark_told(store, "hub", iter([first.number, second.number, 999]))
    differences.mark_told(store, "hub", [])
    assert differences.untold(store, "hub") == []
    assert differences.newest(store, "hub", 9) == [second, first]


def test_what_is_there_stays_and_stays_told(store: Store) -> None:
    record(store, Difference(("a", "b"), 1, 2, 1e9, 1, "first"))
    differences.mark_told(store, "hub", [each.number for each in differences.untold(store, "hub")])
    record(store, Difference(("b", "a"), 1, 2, 2e9, 2, "again"))
    assert differences.untold(store, "hub") == []
    assert texts(differences.newest(store, "hub", 9)) == ["first"]
    others = [(("a",), 1, 2), (("a", "b"), 1, 3), (("a", "b"), 0, 2), (("a b",), 1, 2), ((), 1, 2)]
    record(store, *(Difference(*each, 1e9, 1, str(each)) for each in others))
    assert texts(differences.untold(store, "hub")) == [str(each) for each in others]


def test_the_newest_first_and_those_before(store: Store) -> None:
    record(store, *(Difference(("p",), number, number + 1, 1e9, 1, f"{number}") for number in range(10)))
    found = differences.newest(store, "hub", 4)
    assert texts(found) == ["9", "8", "7", "6"]
    assert texts(differences.newest(store, "hub", 4, before=found[-1].number)) == ["5", "4", "3", "2"]
    assert differences.newest(store, "hub", 0) == differences.newest(store, "hub", 9, before=0) == []
    assert len(differences.newest(store, "hub", 99, before=10**40)) == 10
    assert differences.newest(store, "hub", 9, before=-(10**40)) == []


def test_sources_do_not_see_each_other(store: Store) -> None:
    record(store, Difference(("p",), 1, 2, 1e9, 1, "mine"))
    record(store, Difference(("p",), 1, 2, 1e9, 1, "theirs"), source="oracle://h/d")
    (mine,) = differences.untold(store, "hub")
    differences.mark_told(store, "oracle://h/d", [mine.number])
    assert texts(differences.untold(store, "hub")) == ["mine"]
    assert texts(differences.newest(store, "oracle://h/d", 9)) == ["theirs"]


def test_anything_can_be_in_a_difference(store: Store) -> None:
    partitions = (*(f"partition {number}" for number in range(5000)), ODD)
    record(store, Difference(partitions, 1, 2, 1e9, 1, ODD), source=ODD)
    record(store, Difference(partitions, 1, 2, 1e9, 1, ODD), source=ODD)
    (found,) = differences.untold(store, ODD)
    assert found.partitions == partitions
    assert found.text == ODD.replace("\0", "\ufffd").replace("\ud800", "\ufffd")


# -- progress


def write(store: Store, now: Progress, source: str = "hub") -> None:
    with store.writing() as connection:
        progress.write(connection, source, now)


def test_progress_is_as_it_was_written(store: Store) -> None:
    assert progress.read(store, "hub") == Progress()
    told: dict[tuple[str, str], Told] = {
        ("p", "q"): Told(1.5, 3), ("p", "text"): Told("x" * 9999, 4), ("p", "nested"): Told({"a": [1, None, True]}, 5),
        (ODD, ODD): Told(ODD, LARGEST), ("p", "inf"): Told(math.inf, 1),
    }  # fmt: skip
    now = Progress(LARGEST, {"HF": 1, "HO": LARGEST, ODD: 3}, told)
    for _ in range(2):
        write(store, now)
        assert progress.read(store, "hub") == now
    write(store, Progress(5), "other")
    assert progress.read(store, "hub") == now
    write(store, Progress())
    assert progress.read(store, "hub") == Progress()
    assert progress.read(store, "other") == Progress(5)


def test_with_the_differences_or_not_at_all(store: Store) -> None:
    def both(connection: Connection) -> None:
        differences.record(connection, "hub", Difference(("p",), 1, 2, 1e9, 1, "one"))
        progress.write(connection, "hub", Progress(2, {"p": 2}))

    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        both(connection)
        raise ZeroDivisionError
    assert differences.untold(store, "hub") == []
    assert progress.read(store, "hub") == Progress()
    with store.writing() as connection:
        both(connection)
    assert len(differences.untold(store, "hub")) == 1
    assert progress.read(store, "hub") == Progress(2, {"p": 2})


def test_many_values_that_drift(store: Store) -> None:
    now = Progress(1, {}, {("p", f"q{number}"): Told(number + 0.5, 1) for number in range(20_000)})
    write(store, now)
    assert progress.read(store, "hub") == now


# -- golden


def test_the_golden_run(store: Store) -> None:
    assert golden.golden(store, "hub") is None
    for run in (12, 12, LARGEST):
        golden.declare(store, "hub", run)
        assert golden.golden(store, "hub") == run
    golden.declare(store, "other", 3)
    golden.declare(store, "hub", None)
    golden.declare(store, "hub", None)
    assert golden.golden(store, "hub") is None
    assert golden.golden(store, "other") == 3


# -- acknowledgements


def said(run: int, **other: Any) -> Acknowledgement:
    return Acknowledgement(**{
        "partition": "p", "parameter": "q", "run": run, "reason": "new optics", "by": "Ann", "at": 1e9 + 0.5, **other
    })  # fmt: skip


def test_acknowledgements_between_runs(store: Store) -> None:
    for run in (1, 2, 3, 4):
        acknowledging.acknowledge(store, "hub", said(run))
    acknowledging.acknowledge(store, "other", said(2, reason="theirs"))
    assert acknowledging.between(store, "hub", 1, 3) == acknowledging.between(store, "hub", 3, 1) == [said(2), said(3)]
    assert acknowledging.between(store, "hub", 2, 2) == acknowledging.between(store, "hub", 4, 10**40) == []
    assert acknowledging.of(store, "hub", "p", "q") == [said(run) for run in (1, 2, 3, 4)]
    assert acknowledging.of(store, "hub", "p", "r") == acknowledging.of(store, "hub", "q", "q") == []


def test_a_later_one_takes_its_place(store: Store) -> None:
    acknowledging.acknowledge(store, "hub", said(LARGEST))
    later = said(LARGEST, reason="no, the old ones", by="Bob", at=2e9)
    acknowledging.acknowledge(store, "hub", later)
    acknowledging.acknowledge(store, "hub", said(LARGEST, partition="r"))
    assert acknowledging.between(store, "hub", 1, LARGEST) == [later, said(LARGEST, partition="r")]


def test_anything_can_be_in_an_acknowledgement(store: Store) -> None:
    acknowledging.acknowledge(store, ODD, said(1, partition=ODD, parameter=ODD, reason=ODD, by=ODD))
    (found,) = acknowledging.of(store, ODD, ODD, ODD)
    assert found.reason == ODD.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
