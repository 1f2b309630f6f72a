"""Runs of a run database: global ones are listed, any can be looked up, and who takes part."""

import pytest

from tests.contract.runs.runinfo.conftest import Open
from tests.contract.runs.runinfo.database import STARTED, fill, started
from WardenServer.plugins.common.runs.runinfo.source import RunInfo
from WardenServer.plugins.common.runs.runinfo.tables import MOST
from WardenServer.plugins.common.runs.source import LARGEST, Run

ALL = ("HCAL_HO", "HCAL_HF", "HCAL_HBHE", "HCAL_Laser")
FULLPATH = "HCAL_LEVEL_1:FM_FULLPATH"
LOCAL = {FULLPATH: "/hcalpro/Local/levelOne"}


def numbers(runs: list[Run]) -> list[int]:
    return [run.number for run in runs]


def test_no_runs_at_all(url: str, source: RunInfo) -> None:
    fill(url, {})
    assert source.newest(10) == []
    assert source.after(0, 10) == []
    assert source.run(1) is None
    assert source.partitions([1, 2]) == []
    assert source.past("HCAL_HF", "FM_CONFIG", 10) == []


def test_only_global_runs_are_listed(url: str, source: RunInfo) -> None:
    fill(url, {
        1: started(), 2: LOCAL, 3: started(), 4: {"LVL0:HCAL": "In"}, 5: {FULLPATH: None}, 6: started(),
        7: {FULLPATH: "/hcalpro/global/levelOne"}, 8: {FULLPATH: ["/hcalpro/Local/a", "/hcalpro/Global/b"]},
        9: {FULLPATH: ["/hcalpro/Global/a", "/hcalpro/Local/b"]},
    })  # fmt: skip
    assert numbers(source.newest(10)) == [9, 6, 3, 1]
    assert numbers(source.after(0, 10)) == [1, 3, 6, 9]


def test_a_page_at_a_time(url: str, source: RunInfo) -> None:
    fill(url, {number: started() for number in (3, 10, 2, 11)})
    assert numbers(source.newest(2)) == [11, 10]
    assert numbers(source.newest(2, before=10)) == [3, 2]
    assert numbers(source.newest(2, before=2)) == []
    assert numbers(source.after(2, 2)) == [3, 10]
    assert numbers(source.after(11, 2)) == []
    assert source.newest(0) == source.newest(-1) == source.after(1, 0) == source.after(1, -1) == []


def test_search_is_a_part_of_the_number(url: str, source: RunInfo) -> None:
    fill(url, {number: started() for number in (101, 110, 211, 300)})
    assert numbers(source.newest(10, search=" 11 ")) == [211, 110]
    assert numbers(source.newest(1, before=211, search="1")) == [110]
    for nothing in ("999", "%", "_", "1%", "eleven", "-1", "٣", "' OR 1=1 --"):
        assert source.newest(10, search=nothing) == []


def test_a_run_of_any_kind(url: str, source: RunInfo) -> None:
    fill(url, {5: started(), 6: LOCAL | {"LVL0:HCAL": "In", "LVL0:RC_STATE": "Halted"}})
    assert source.run(5) == Run(5, partitions=ALL)
    partitions = ("HCAL_HO", "HCAL_HBHE", "HCAL_Laser")
    assert source.run(6) == Run(6, is_ready=False, partitions=partitions, note="has not reached Running")
    assert source.run(7) is None


@pytest.mark.parametrize("number", [0, -1, LARGEST, LARGEST + 1, 10**40, -(10**40)])
def test_numbers_that_no_run_has(url: str, source: RunInfo, number: int) -> None:
    fill(url, {5: started(HCAL_HF__FM_CONFIG="a")})
    assert source.run(number) is None
    assert source.partitions([number, 5, 5]) == ["HCAL_HF"]
    assert numbers(source.newest(3, before=number)) == ([5] if number > 5 else [])
    assert numbers(source.after(number, 3)) == ([5] if number < 5 else [])


def test_numbers_that_are_none_of_a_run_are_not_listed(url: str, source: RunInfo) -> None:
    fill(url, {0: started(), -3: started(), LARGEST: started()})
    assert numbers(source.newest(10)) == numbers(source.after(-10, 10)) == [LARGEST]


def test_who_takes_part(url: str, source: RunInfo) -> None:
    fill(url, {
        1: started(), 2: started(LVL0__HF="Out"), 3: started(LVL0__HCAL="Out"),
        4: {FULLPATH: STARTED[FULLPATH]},
        5: started(HCAL_HBHE__EMPTY_FMS="[HCAL_HO, HCAL_Laser]"),
        6: started(HCAL_HBHE__EMPTY_FMS=["[]", "[HCAL_HO]"], HCAL_HO__EMPTY_FMS=None),
        7: started(LVL0__HCAL=["Out", "In"]),
    })  # fmt: skip
    assert {run.number: run.partitions for run in source.newest(10)} == {
        1: ALL, 2: ("HCAL_HO", "HCAL_HBHE", "HCAL_Laser"), 3: (), 4: (), 5: ("HCAL_HF", "HCAL_HBHE"), 6: ALL, 7: (),
    }  # fmt: skip


def test_a_run_is_ready_once_it_has_reached_running(url: str, source: RunInfo) -> None:
    fill(url, {1: started(LVL0__RC_STATE=["Halted", "Configuring"])})
    assert [run.is_ready for run in source.newest(1)] == [False]
    fill(url, {1: {"LVL0:RC_STATE": "Running"}})
    assert [run.is_ready for run in source.newest(1)] == [True]
    fill(url, {1: {"LVL0:RC_STATE": "Stopped"}})
    assert [run.is_ready for run in source.newest(1)] == [True]


def test_more_partitions_and_runs_than_one_statement_takes(url: str, open_source: Open) -> None:
    partitions = [f"P{number}" for number in range(MOST + 5)]
    fill(url, {number: started(**{f"{partitions[-1]}__EMPTY_FMS": "[P0]"}) for number in range(1, MOST + 5)})
    found = open_source(f"FM_CONFIG :{' '.join(partitions)}").newest(10_000)
    assert numbers(found) == list(range(MOST + 4, 0, -1))
    assert {run.partitions for run in found} == {tuple(partitions[1:])}
