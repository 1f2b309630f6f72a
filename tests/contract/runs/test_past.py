"""Parameters are found by their names, and their values over runs."""

import pytest

from tests.contract.runs.conftest import Take
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.runs.own import Own
from WardenServer.plugins.common.runs.source import Phase, Taken

GONE = Unavailable("gone")


@pytest.fixture
def motors(take: Take) -> None:
    known = [("p02/motor/1", "Position"), ("p02/motor/2", "Position"), ("Petra", "Current_mA"), ("ä", "50%")]
    take(1, dict.fromkeys(known, 1))


@pytest.mark.usefixtures("motors")
@pytest.mark.parametrize(
    ("match", "found"),
    [
        ("", ["Petra:Current_mA", "p02/motor/1:Position", "p02/motor/2:Position", "ä:50%"]),
        ("POSITION", ["p02/motor/1:Position", "p02/motor/2:Position"]), ("1:pos", ["p02/motor/1:Position"]),
        ("_", ["Petra:Current_mA"]), ("%", ["ä:50%"]), ("/", ["p02/motor/1:Position", "p02/motor/2:Position"]),
        ("ä", ["ä:50%"]), ("nothing", []), ("\\", []), ("\0", []), ("\ud800", []), ("x" * 5000, []),
    ],
)  # fmt: skip
def test_parameters_are_searched(own: Own, match: str, found: list[str]) -> None:
    assert [":".join(each) for each in own.parameters(match, 9)] == found
    assert [":".join(each) for each in own.parameters(match, 1)] == found[:1]


def test_the_past_of_a_parameter(own: Own, take: Take) -> None:
    for run in range(1, 11):
        take(run, [Taken("p", "q", run, 5.0 if run == 10 else None), Taken("p", "text", "x" * 200)])
        if run % 2:
            take(run, {("p", "q"): run + 0.5, ("p", "other"): GONE}, Phase.END, 1e9 + run + 0.5)
    points = own.past("p", "q", 4)
    assert [(point.run, point.phase, point.value) for point in points] == [
        (8, Phase.START, 8), (9, Phase.START, 9), (9, Phase.END, 9.5), (10, Phase.START, 10)
    ]  # fmt: skip
    assert [point.at for point in points] == [1e9 + 8, 1e9 + 9, 1e9 + 9.5, 5.0]
    assert len(own.past("p", "q", 99)) == 15
    assert [point.value for point in own.past("p", "text", 2)] == ["x" * 200] * 2
    assert [point.value for point in own.past("p", "other", 99)] == [GONE] * 5
    assert own.past("p", "nothing", 9) == own.past("q", "q", 9) == own.past("p", "q", 0) == []
