"""Bases, groups and partitions: the rules of local_run, and what its defects were."""

from typing import Any

import pytest

from tests.unit.plugins.runs.fake_runs import FakeSource, stand_in
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.runs import finding
from WardenServer.plugins.common.runs.finding import Found
from WardenServer.plugins.common.runs.progress import Progress


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


def find(source: FakeSource, run: int, bases: dict[str, int], **more: Any) -> Found:
    return finding.find(source, Rules(), Progress(run - 1, bases, **more), source.runs[run], 12.5)


def both(**values: int) -> dict[str, dict[str, int]]:
    return {"HF": values, "HO": values}


def test_the_first_run_is_the_base_of_all_partitions_that_have_values(source: FakeSource) -> None:
    source.add(7, both(t=1), partitions=["HF"])
    assert finding.begin(source, source.runs[7]) == Found(Progress(7, {"HF": 7, "HO": 7}))


def test_a_change_moves_the_base_of_all_that_take_part_and_of_no_others(source: FakeSource) -> None:
    source.add(1, {**both(t=1), "LASER": {"t": 1}})
    source.add(2, {"HF": {"t": 2}, "HO": {"t": 1}, "LASER": {"t": 5}}, partitions=["HF", "HO"])
    found = find(source, 2, {"HF": 1, "HO": 1, "LASER": 1})
    [difference] = found.differences
    assert (difference.partitions, difference.old, difference.new) == (("HF", "HO"), 1, 2)
    assert (difference.changes, difference.at) == (1, 12.5)
    assert difference.text.startswith("t in HF has changed:\n1 → 2")
    assert found.progress == Progress(2, {"HF": 2, "HO": 2, "LASER": 1})


def test_without_a_change_no_base_moves(source: FakeSource) -> None:
    source.add(1, both(t=1))
    source.add(2, both(t=1))
    assert find(source, 2, {"HF": 1, "HO": 1}) == Found(Progress(2, {"HF": 1, "HO": 1}), [], 0, [])


def test_each_group_with_its_own_base_and_one_change_moves_all(source: FakeSource) -> None:
    source.add(1, both(t=1))
    source.add(2, {"HF": {"t": 2}})
    source.add(3, {"HF": {"t": 2}, "HO": {"t": 3}})
    found = find(source, 3, {"HF": 2, "HO": 1})
    assert [(each.partitions, each.old) for each in found.differences] == [(("HO",), 1)]
    assert found.progress.bases == {"HF": 3, "HO": 3}
    source.add(4, both(t=9))
    found = find(source, 4, {"HF": 2, "HO": 1})
    assert [(each.partitions, each.old) for each in found.differences] == [(("HF",), 2), (("HO",), 1)]


def test_a_partition_without_a_base_gets_this_run_and_nothing_is_told(source: FakeSource) -> None:
    source.add(1, {"HF": {"t": 1}})
    source.add(2, {"HF": {"t": 1}, "NEW": {"t": 4}})
    found = find(source, 2, {"HF": 1})
    assert found.differences == [] and found.progress.bases == {"HF": 1, "NEW": 2}


def test_a_base_that_is_gone_is_replaced_and_said(source: FakeSource) -> None:
    source.add(5, both(t=1))
    found = find(source, 5, {"HF": 3, "HO": 3})
    assert (found.differences, found.gone, found.unreadable) == ([], [3], None)
    assert found.progress.bases == {"HF": 5, "HO": 5}


def test_a_run_without_values_changes_nothing(source: FakeSource) -> None:
    source.add(1, both(t=1))
    source.add(2, {}, is_ready=False, partitions=["HF", "HO"])
    source.add(3, {"HO": {"t": 1}}, partitions=["HF", "HO"])
    source.add(4, {"HF": {"t": 1}}, partitions=[])
    for run in (2, 3, 4):
        found = find(source, run, {"HF": 1, "HO": 1})
        assert found.differences == [] and found.progress == Progress(run, {"HF": 1, "HO": 1})


def test_a_run_that_never_reached_running_is_looked_at_and_says_so(source: FakeSource) -> None:
    source.add(1, both(t=1))
    source.add(2, both(t=2), is_ready=False)
    [difference] = find(source, 2, {"HF": 1, "HO": 1}).differences
    assert difference.text.splitlines()[:2] == ["Run 2 never reached Running.", "t in HF, HO has changed:"]
    assert difference.changes == 2


def test_what_could_not_be_read_is_counted_and_no_change(source: FakeSource) -> None:
    source.add(1, {"HF": {"a": 1, "b": 2, "c": Unavailable("x")}})
    source.add(2, {"HF": {"a": Unavailable("x"), "b": Unavailable("y"), "c": 3}})
    found = find(source, 2, {"HF": 1})
    assert (found.differences, found.unreadable, found.progress.bases) == ([], 2, {"HF": 1})


def test_a_text_of_any_size_is_cut(source: FakeSource) -> None:
    source.add(1, {"HF": {f"parameter{n}": 0 for n in range(3000)}})
    source.add(2, {"HF": {f"parameter{n}": 1 for n in range(3000)}})
    [difference] = find(source, 2, {"HF": 1}).differences
    assert difference.changes == 3000
    assert 9000 < len(difference.text) <= 10_000
    assert difference.text.endswith("0 → 1\n\ndiff truncated for clarity")
