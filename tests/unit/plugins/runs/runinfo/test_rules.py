"""What the run database says of a run: ready or not, and who takes part."""

import pytest

from WardenServer.plugins.common.runs.runinfo import rules
from WardenServer.plugins.common.runs.source import Run

PARTITIONS = ("HCAL_HO", "HCAL_HF", "HCAL_HBHE")
IN = {"CMS.LVL0:HCAL": ["In"], "CMS.LVL0:HF": ["In"]}


def included(**empty: str) -> tuple[str, ...]:
    said = {f"CMS.{partition}:EMPTY_FMS": [text] for partition, text in empty.items()}
    return rules.run(1, IN | said, PARTITIONS).partitions


def test_all_take_part_where_nobody_says_who_is_empty() -> None:
    assert included() == PARTITIONS


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("[]", PARTITIONS),
        ("", PARTITIONS),
        ("[HCAL_HO]", ("HCAL_HF", "HCAL_HBHE")),
        (" [ HCAL_HO,HCAL_HBHE ] ", ("HCAL_HF",)),
        ("HCAL_HO, HCAL_HBHE", ("HCAL_HF",)),
        ("['HCAL_HO', \"HCAL_HF\", HCAL_HBHE]", ()),
        ("[HCAL_HBHEa, hcal_ho, HCAL]", PARTITIONS),
    ],
)
def test_masked_partitions(said: str, left: tuple[str, ...]) -> None:
    assert included(HCAL_HF=said) == left


def test_all_partitions_may_say_who_is_empty() -> None:
    assert included(HCAL_HF="[HCAL_HO]", HCAL_HBHE="[HCAL_HF]") == ("HCAL_HBHE",)
    assert included(HCAL_HF="[HCAL_HO]", ELSEWHERE="[HCAL_HF]") == ("HCAL_HF", "HCAL_HBHE")


@pytest.mark.parametrize(
    ("hcal", "hf", "left"),
    [
        (["In"], ["In"], PARTITIONS),
        ([" In\n"], ["In", "Out"], PARTITIONS),
        (["In"], ["Out"], ("HCAL_HO", "HCAL_HBHE")),
        (["In"], ["Out", "In"], ("HCAL_HO", "HCAL_HBHE")),
        (["In"], [], ("HCAL_HO", "HCAL_HBHE")),
        (["Out"], ["In"], ()),
        (["in"], ["In"], ()),
        ([], ["In"], ()),
        ([], [], ()),
    ],
)
def test_hcal_and_hf_must_be_in(hcal: list[str], hf: list[str], left: tuple[str, ...]) -> None:
    assert rules.run(1, {"CMS.LVL0:HCAL": hcal, "CMS.LVL0:HF": hf}, PARTITIONS).partitions == left


@pytest.mark.parametrize(
    ("states", "is_ready"),
    [(["Running"], True), (["Halted", "Running ", "Stopped"], True), (["NotRunning", "running"], False), ([], False)],
)
def test_a_run_is_ready_once_it_was_running(states: list[str], is_ready: bool) -> None:
    note = "" if is_ready else "has not reached Running"
    assert rules.run(7, {"CMS.LVL0:RC_STATE": states}, PARTITIONS) == Run(7, is_ready=is_ready, note=note)


def test_what_it_needs() -> None:
    needed = ["CMS.LVL0:HCAL", "CMS.LVL0:HF", "CMS.LVL0:RC_STATE", "CMS.A:EMPTY_FMS", "CMS.B:EMPTY_FMS"]
    assert rules.names(["A", "B"]) == needed
