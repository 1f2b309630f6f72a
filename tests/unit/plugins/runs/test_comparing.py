"""Two runs of a source compared, and what is said where they cannot be."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.differ.change import MISSING, Comparison, Kind, Pair, Unavailable
from WardenServer.plugins.common.differ.rules import Rules, Tolerance
from WardenServer.plugins.common.runs.comparing import NotComparable, UnknownPartition, compare, side
from WardenServer.plugins.common.runs.source import LARGEST, Phase, Point, Run, Side, Taken

Values = dict[tuple[str, str], Any]


class Shelf:
    """A source of runs in memory."""

    name = "shelf"

    def __init__(self, values: dict[str, Values], empty: Iterable[int] = ()) -> None:
        self._values = {side(text): said for text, said in values.items()}
        self._numbers = sorted({each.run for each in self._values} | set(empty))

    def run(self, number: int) -> Run | None:
        return Run(number) if number in self._numbers else None

    def newest(self, most: int, before: int | None = None, search: str = "") -> list[Run]:
        return [Run(each) for each in reversed(self._numbers) if before is None or each < before][:most]

    def after(self, number: int, most: int) -> list[Run]:
        return [Run(each) for each in self._numbers if each > number][:most]

    def partitions(self, runs: Iterable[int]) -> list[str]:
        wanted = set(runs)
        return sorted({key[0] for each, said in self._values.items() if each.run in wanted for key in said})

    def pairs(self, old: Side, new: Side, partitions: Sequence[str] | None = None) -> Iterator[Pair]:
        one, other = self._values.get(old, {}), self._values.get(new, {})
        for key in sorted(one.keys() | other.keys()):
            values = one.get(key, MISSING), other.get(key, MISSING)
            if (partitions is None or key[0] in partitions) and values[0] != values[1]:
                yield Pair(*key, *values)

    def values(self, side: Side, partitions: Sequence[str] | None = None) -> list[Taken]:
        return [Taken(*key, value) for key, value in self._values.get(side, {}).items()]

    def parameters(self, match: str, most: int) -> list[tuple[str, str]]:
        return []

    def past(self, partition: str, parameter: str, most: int) -> list[Point]:
        return []

    def close(self) -> None:
        pass


RUNS = Shelf(
    {
        "10": {("Petra", "Current"): 100.0, ("Dcm", "Energy"): 5.0},
        "10:end": {("Petra", "Current"): 90.0, ("Dcm", "Energy"): 5.0},
        "12": {("Petra", "Current"): 100.2, ("Motor", "Position"): 1},
        "14": {("Petra", "Current"): 100.2, ("Motor", "Position"): 1},
    },
    empty=[11],
)
NONE = Rules()


def changed(found: Comparison) -> list[tuple[str, Kind]]:
    return [(change.parameter, change.kind) for change in found.changes]


def test_two_runs_in_all_partitions() -> None:
    found = compare(RUNS, NONE, Side(10), Side(12))
    assert changed(found) == [("Energy", Kind.REMOVED), ("Position", Kind.ADDED), ("Current", Kind.NUMBER)]
    found = compare(RUNS, Rules([("Current", Tolerance(relative=0.01))]), Side(10), Side(12), [])
    assert changed(found) == [("Energy", Kind.REMOVED), ("Position", Kind.ADDED)]


def test_reversed_and_in_some_partitions() -> None:
    found = compare(RUNS, NONE, Side(12), Side(10), ["Dcm", "Petra"])
    assert changed(found) == [("Energy", Kind.ADDED), ("Current", Kind.NUMBER)]


def test_a_run_is_as_it_is() -> None:
    assert compare(RUNS, NONE, Side(10), Side(10), ["Petra"]) == Comparison()
    assert compare(RUNS, NONE, Side(12), Side(14)) == Comparison()


def test_a_run_at_its_end() -> None:
    assert changed(compare(RUNS, NONE, Side(10), Side(10, Phase.END))) == [("Current", Kind.NUMBER)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("10", "13", "run 13 is not there; the nearest: 12 and 14"),
        ("9", "10", "run 9 is not there; the nearest: 10"),
        (str(LARGEST), "10", f"run {LARGEST} is not there; the nearest: 14"),
        ("11", "12", "run 11 has no values; the nearest: 10 and 12"),
        ("11", "11", "run 11 has no values; the nearest: 10 and 12"),
        ("10", "12:end", "run 12:end has no values; the nearest: 11 and 14"),
        ("12:end", "14:end", "run 12:end has no values; the nearest: 11 and 14"),
    ],
)
def test_what_cannot_be_compared(old: str, new: str, said: str) -> None:
    with pytest.raises(NotComparable, match=f"^{re.escape(said)}$"):
        compare(RUNS, NONE, side(old), side(new))


def test_no_runs_at_all() -> None:
    with pytest.raises(NotComparable, match=r"^run 1 is not there; there are no others$"):
        compare(Shelf({}), NONE, Side(1), Side(2))


def test_a_partition_that_neither_run_has() -> None:
    with pytest.raises(
        UnknownPartition, match=r"neither run 10 nor run 12 has a partition 'Petta'; there are: Petra, "
    ):
        compare(RUNS, NONE, Side(10), Side(12), ["Dcm", "Petta"])
    with pytest.raises(UnknownPartition, match="run 12 has no partition 'Dcm'; there are: "):
        compare(RUNS, NONE, Side(12), Side(12), ["Dcm"])


def test_of_many_partitions_the_most_similar_are_named() -> None:
    many = Shelf({"1": {(f"Motor{n}", "Position"): n for n in range(100)}})
    with pytest.raises(UnknownPartition, match=r"there are: Motor77, .* and 80 more$") as error:
        compare(many, NONE, Side(1), Side(1), ["otor77"])
    assert len(str(error.value)) < 400
    with pytest.raises(UnknownPartition) as error:
        compare(many, NONE, Side(1), Side(1), ["x" * 10**6])
    assert len(str(error.value)) < 400


def test_a_run_of_which_nothing_could_be_read_has_values() -> None:
    away = Shelf({"1": {("P", "Q"): Unavailable("away")}, "2": {("P", "Q"): 1}})
    assert len(compare(away, NONE, Side(1), Side(2)).unavailable) == 1


@pytest.mark.parametrize(("text", "found"), [("12", Side(12)), ("12:end", Side(12, Phase.END)), ("007", Side(7))])
def test_what_people_write_for_a_run(text: str, found: Side) -> None:
    assert side(text) == found
    assert side(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", "abc", "-1", "0", "+1", "1.0", " 12", "12 ", "1_000", "12:", "12:way", "12:END", "12:end\n", "१२", "¹", "1e3",
     str(LARGEST + 1), "9" * 10_000, "0x10", "12:end:end", "a\x1b[2Jb", "\ud800"],
)  # fmt: skip
def test_what_is_no_run_is_named_with_the_cure(text: str) -> None:
    with pytest.raises(SettingError, match=f"is no run; write a number from 1 to {LARGEST}, with :end") as error:
        side(text)
    assert len(str(error.value)) < 250 and str(error.value).isprintable()


@given(st.text("0123456789:end -+", max_size=25))
def test_a_text_is_a_run_or_refused(text: str) -> None:
    try:
        found = side(text)
    except SettingError:
        assert re.fullmatch("0*[1-9][0-9]{0,17}(:end)?", text, re.ASCII) is None
    else:
        assert 1 <= found.run <= LARGEST and str(found) == text.lstrip("0")
