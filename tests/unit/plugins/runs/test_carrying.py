"""What people were told last is what later runs are compared with: drift is told in time, and never too early."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.plugins.runs.fake_runs import FakeSource, stand_in, tolerances
from WardenServer.plugins.common.differ.change import MISSING, Unavailable
from WardenServer.plugins.common.differ.rules import Mask, Rules
from WardenServer.plugins.common.runs import finding
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.progress import Progress, Told

UNREADABLE = Unavailable("no answer")


def look(runs: list[dict[str, Any] | None], rules: Rules) -> tuple[list[list[Difference]], Progress]:
    """The differences of each run of one partition P, which does not take part where there is None."""
    source = FakeSource()
    for number, values in enumerate(runs, start=1):
        there = {name: value for name, value in (values or {}).items() if value is not MISSING}
        source.add(number, {"P": there, "other": {"always": 1}}, partitions=["other"] if values is None else ["P"])
    found, progress = [], finding.begin(source, source.runs[1]).progress
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        for number in range(2, len(runs) + 1):
            came = finding.find(source, rules, progress, source.runs[number], 0.0)
            progress = came.progress
            found.append(list(came.differences))
    return found, progress


def told(runs: list[dict[str, Any] | None], rules: Rules, name: str = "x") -> list[bool]:
    """Whether each run but the first told a change of a parameter."""
    return [any(f"{name} in P has changed" in each.text for each in found) for found in look(runs, rules)[0]]


RUN = st.none() | st.fixed_dictionaries({
    "x": st.integers(-6, 6) | st.just(UNREADABLE), "y": st.integers(0, 1), "z": st.sampled_from([0, UNREADABLE]),
})  # fmt: skip


@given(first=RUN.filter(bool), rest=st.lists(RUN, max_size=12), tolerance=st.integers(0, 4))
@example(first={"x": 0, "y": 0}, rest=[{"x": n, "y": n} for n in range(1, 12)], tolerance=3)
@example(first={"x": 0, "y": 0}, rest=[{"x": n, "y": 0} for n in range(1, 12)], tolerance=3)
@example(
    first={"x": UNREADABLE, "y": 0}, rest=[{"x": 5, "y": 0}, {"x": UNREADABLE, "y": 1}, {"x": 7, "y": 1}], tolerance=1
)
def test_a_drift_is_told_when_it_exceeds_the_tolerance_against_the_value_last_told(first, rest, tolerance):
    runs, last, expected = [first, *rest], UNREADABLE, []
    for values in runs:
        value = values["x"] if values is not None else UNREADABLE
        is_told = not UNREADABLE in (value, last) and abs(value - last) > tolerance  # noqa: E713
        last = value if is_told or last is UNREADABLE else last
        expected.append(is_told)
    assert told(runs, tolerances(x=tolerance)) == expected[1:]


def test_the_old_value_that_is_told_is_the_one_last_told_with_its_run():
    rules = tolerances(x=2)
    found, progress = look([{"x": 0, "y": 0}, {"x": 2, "y": 1}], rules)
    assert progress.told == {("P", "x"): Told(0, 1)}
    found, progress = look([{"x": 0, "y": 0}, {"x": 2, "y": 1}, {"x": 3, "y": 1}], rules)
    assert found[1][0].text.startswith("x in P has changed") and "0 → 3" in found[1][0].text
    assert found[1][0].old == 2
    assert progress.told == {}


def test_the_memory_of_a_value_and_its_run_stays_over_many_bases():
    runs = [{"x": 0, "y": 0}, {"x": 1, "y": 1}, {"x": 2, "y": 2}, {"x": 2, "y": 3}]
    assert look(runs, tolerances(x=2))[1] == Progress(4, {"P": 4, "other": 1}, {("P", "x"): Told(0, 1)})


def test_a_base_that_could_be_read_needs_no_memory():
    assert look([{"x": UNREADABLE, "y": 0}, {"x": 5, "y": 1}], Rules())[1].told == {}


def test_a_value_that_is_back_where_it_was_told_needs_no_memory():
    runs = [{"x": 0, "y": 0}, {"x": 2, "y": 1}, {"x": 0, "y": 2}]
    assert look(runs, tolerances(x=2))[1] == Progress(3, {"P": 3, "other": 1}, {})


def test_what_cannot_be_read_when_the_base_moves_is_compared_with_its_last_value():
    runs = [{"x": 7, "y": 0}, {"x": UNREADABLE, "y": 1}, {"x": UNREADABLE, "y": 2}, {"x": 8, "y": 2}]
    assert told(runs, Rules()) == [False, False, True]
    assert told(runs, Rules(), "y") == [True, True, False]
    assert look(runs[:3], Rules())[1].told == {("P", "x"): Told(7, 1)}
    assert look(runs, Rules())[1].told == {}
    assert told([*runs[:3], {"x": 7, "y": 2}], Rules()) == [False] * 3, "nothing but the reading has changed"


def test_the_first_value_that_can_be_read_counts_though_nothing_else_changes():
    runs = [{"x": UNREADABLE}, {"x": 5}, {"x": UNREADABLE}, {"x": 7}]
    assert told(runs, Rules()) == [False, False, True]


def test_what_comes_and_goes_is_told():
    assert told([{"y": 0, "x": MISSING}, {"y": 0, "x": 1}, {"y": 0, "x": MISSING}], tolerances(x=5)) == [True, True]
    runs = [{"y": 0, "x": 3}, {"y": 1, "x": UNREADABLE}, {"y": 1, "x": MISSING}]
    assert told(runs, Rules()) == [False, True], "it was there before it could not be read"


def test_of_what_a_mask_hides_nothing_is_remembered():
    rules = Rules(masks=[Mask("x", "changes each time")])
    runs = [{"x": 1, "y": 0}, {"x": 2, "y": 1}]
    assert (told(runs, rules), told(runs, rules, "y")) == ([False], [True])
    assert look(runs, rules)[1].told == {}
