"""Pairs of values: what is a change, of what kind, and which stand together."""

import json
import re
from math import nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.differ.values import VALUES, canonical, pair
from WardenServer.plugins.common.differ.change import MISSING, Change, Kind, Pair, Spared, Unavailable
from WardenServer.plugins.common.differ.compare import compare
from WardenServer.plugins.common.differ.rules import Mask, Rules, Tolerance

NONE = Rules()


def only(old: Any, new: Any, rules: Rules = NONE) -> Change:
    (change,) = compare([pair(old, new)], rules).changes
    return change


@pytest.mark.parametrize(
    ("old", "new", "kind", "lines"),
    [
        (5.0, 5.3, Kind.NUMBER, ["5.0 → 5.3 (+6 %)"]),
        (0, nan, Kind.NUMBER, ["0 → NaN"]),
        (2**60, 2**60 + 1, Kind.NUMBER, [f"{2**60} → {2**60 + 1} (+8.67e-17 %)"]),
        ("5", 5, Kind.VALUE, ['"5" → 5']),
        (True, 1, Kind.VALUE, ["true → 1"]),
        (True, False, Kind.VALUE, ["true → false"]),
        (None, [], Kind.VALUE, ["null → []"]),
        ([1], {"a": 1}, Kind.VALUE, ['[1] → {"a": 1}']),
        ("ON", "OFF", Kind.TEXT, ["- ON", "+ OFF"]),
        ({"a": [1]}, {"a": [2]}, Kind.NESTED, ["a[0]: 1 → 2 (+100 %)"]),
        (MISSING, 3, Kind.ADDED, ["added 3"]),
        ([1, 2], MISSING, Kind.REMOVED, ["removed [1, 2]"]),
        (MISSING, "a\nb", Kind.ADDED, ["+ a", "+ b"]),
        ("a\n", MISSING, Kind.REMOVED, ["- a"]),
        (MISSING, " ", Kind.ADDED, ['added " "']),
    ],
)
def test_a_change_has_the_kind_of_its_values(old: Any, new: Any, kind: Kind, lines: list[str]) -> None:
    assert only(old, new) == Change("Q", ("P",), kind, old, new, tuple(lines))


@pytest.mark.parametrize(
    ("old", "new"),
    [(1, 1.0), (nan, float("nan")), ("a", "a"), ("a\n b", "\na\n b  \n"), ("a\r\nb", "a\nb"),
     ([], ()), (10**400, 10**400), ([1, {"a": nan}], [1.0, {"a": nan}]),
     ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (MISSING, MISSING)],
)  # fmt: skip
def test_what_is_the_same_is_no_change(old: Any, new: Any) -> None:
    assert compare([pair(old, new)], NONE) == compare([], NONE)


def test_the_opening_line_of_a_block_is_its_context() -> None:
    change = only(
        "crate 19 {\n  threshold 5\n}\ncrate 20 {\n  threshold 5\n}",
        "crate 19 {\n  threshold 5\n}\ncrate 20 {\n  threshold 7\n}",
    )
    assert change.lines == ("  crate 20 {", "-   threshold 5", "+   threshold 7")


def test_what_could_not_be_read_is_no_change() -> None:
    gone, late = Unavailable("no such device"), Unavailable("did not answer")
    found = compare(
        [pair(gone, 1), pair(1, late, "P2"), pair(gone, late, "P3"), pair(gone, gone, "P4"), pair(MISSING, late, "P5")],
        Rules(masks=[Mask("*", "never")]),
    )
    assert not found.changes and not found.masked
    assert [(each.partition, each.reason) for each in found.unavailable] == [
        ("P", "no such device"), ("P2", "did not answer"), ("P3", "did not answer"), ("P4", "no such device"),
        ("P5", "did not answer"),
    ]  # fmt: skip


def test_tolerances_go_by_the_first_pattern_that_fits() -> None:
    rules = Rules(tolerances=[("P1:*", Tolerance(absolute=1.0)), ("Q", Tolerance(relative=0.01))])
    found = compare([pair(100, 100.9, "P1"), pair(100, 100.9, "P2"), pair(100, 101.5, "P1"), pair(9, 9.5, "P2")], rules)
    assert [change.lines for change in found.changes] == [("100 → 101.5 (+1.5 %)",), ("9 → 9.5 (+5.56 %)",)]


def test_equal_changes_of_a_parameter_stand_once_where_the_first_was() -> None:
    found = compare(
        [
            pair(1, 2, "A"),
            pair("x", "y", "A", "R"),
            pair(1, 2, "B"),
            pair(1, 3, "C"),
            pair("x", "y", "A", "S"),
            pair(1, 2, "B"),
        ],
        NONE,
    )
    assert [(change.parameter, change.partitions) for change in found.changes] == [
        ("Q", ("A", "B")), ("R", ("A",)), ("Q", ("C",)), ("S", ("A",)),
    ]  # fmt: skip


def test_texts_stand_together_where_the_same_lines_changed() -> None:
    (change,) = compare([pair("a\nx", "a\ny", "A"), pair("x\nb", "y\nb", "B")], NONE).changes
    assert change.partitions == ("A", "B")


def test_large_values_that_only_look_alike_stand_apart() -> None:
    many = list(range(1000))
    found = compare([pair(MISSING, many, "A"), pair(MISSING, [*many, 1], "B"), pair(MISSING, many, "C")], NONE)
    assert [change.partitions for change in found.changes] == [("A", "C"), ("B",)]


def test_changes_since_other_runs_stand_apart() -> None:
    found = compare([Pair("A", "Q", 1, 2), Pair("B", "Q", 1, 2, since=7)], NONE).changes
    assert [(change.partitions, change.since) for change in found] == [(("A",), None), (("B",), 7)]


# -- masks

TIME = Mask("Q", "the time of day", re.compile(r"\d\d:\d\d"))
FIRST = Mask("Q", "the first word", re.compile("^[a-z]+"))


def test_a_mask_hides_a_parameter_that_changed() -> None:
    rules = Rules(masks=[Mask("Q", "a counter"), Mask("Other", "no")])
    found = compare([pair(1, 2, "A"), pair(1, 1.0, "B"), pair(1, 2, "C", "R")], rules)
    assert found.masked == (Spared("A", "Q", "a counter"),)
    assert [change.parameter for change in found.changes] == ["R"]


def test_a_mask_of_lines_hides_what_changed_in_them() -> None:
    found = compare([pair("begun 12:30\nsteps 5", "begun 14:05\nsteps 5")], Rules(masks=[TIME]))
    assert (found.changes, found.masked) == ((), (Spared("P", "Q", "the time of day"),))


def test_what_else_changed_is_shown_with_the_hidden_parts_as_a_sign() -> None:
    change = only("begun 12:30, steps 5", "begun 14:05, steps 6", Rules(masks=[TIME]))
    assert (change.old, change.new) == ("begun …, steps 5", "begun …, steps 6")
    assert change.lines == ("- begun …, steps 5", "+ begun …, steps 6")


def test_all_masks_that_fit_are_used_line_by_line() -> None:
    old, new = "abc 1\nsame\nx 12:30", "def 1\nsame\ny 12:31"
    (spared,) = compare([pair(old, new)], Rules(masks=[TIME, FIRST])).masked
    assert spared.reason == "the time of day; the first word"
    assert only(old, new, Rules(masks=[TIME])).lines == ("- abc 1", "+ def 1", "- x …", "+ y …")


def test_a_mask_of_lines_sees_other_values_as_json() -> None:
    mask = Rules(masks=[Mask("Q", "noise", re.compile(r'"noise": .*'))])
    (spared,) = compare([pair({"noise": 1, "a": 2}, {"a": 2, "noise": 7})], mask).masked
    assert spared.reason == "noise"
    change = only({"noise": 1, "a": 2}, {"a": 3, "noise": 7}, mask)
    assert (change.kind, change.lines) == (Kind.TEXT, ("  {", '-  "a": 2,', '+  "a": 3,'))
    digits = Rules(masks=[Mask("Q", "digits", re.compile(r"(?<=\.)\d+"))])
    assert compare([pair(5.25, 5.5)], digits).masked and only(5.25, 6.5, digits).lines == ("- 5.…", "+ 6.…")


def test_a_mask_that_matches_nothing_changes_nothing() -> None:
    change = only({"a": 1}, {"a": 2}, Rules(masks=[TIME]))
    assert change.kind is Kind.NESTED
    empty = Rules(masks=[Mask("Q", "nothing", re.compile("x*"))])
    assert only("a b", "a c", empty).lines == ("- a b", "+ a c")


def test_what_was_added_is_shown_without_the_hidden_parts() -> None:
    change = only(MISSING, "begun 12:30", Rules(masks=[TIME]))
    assert (change.kind, change.lines) == (Kind.ADDED, ("+ begun …",))


def test_a_value_too_deep_for_json_is_compared_without_its_masks() -> None:
    old: Any = 1
    new: Any = 2
    for _ in range(5000):
        old, new = [old], [new]
    assert only(old, new, Rules(masks=[Mask("Q", "r", re.compile("1"))])).kind is Kind.NESTED


# -- properties

SIDES = VALUES | st.just(MISSING) | st.just(Unavailable("away"))
PAIRS = st.lists(st.builds(pair, SIDES, SIDES, st.sampled_from("ABC"), st.sampled_from("QR")), max_size=4)


@settings(max_examples=40)
@given(PAIRS)
def test_each_pair_comes_to_just_what_it_is(pairs: list[Pair]) -> None:
    found = compare(pairs, NONE)
    read = [each for each in pairs if not any(isinstance(side, Unavailable) for side in (each.old, each.new))]
    changed = {(each.partition, each.parameter) for each in read if token(each.old) != token(each.new)}
    assert {(name, change.parameter) for change in found.changes for name in change.partitions} == changed
    assert len(found.unavailable) == len(pairs) - len(read)
    assert all(change.lines and "\n" not in "".join(change.lines) for change in found.changes)


def token(side: Any) -> Any:
    return side if side is MISSING else canonical(side)


@given(VALUES, st.sampled_from(["a", "1", r"\d", ".", "^", "x*", r"\s"]))
def test_a_mask_makes_nothing_of_what_is_the_same(value: Any, lines: str) -> None:
    try:
        same = json.loads(json.dumps(value))
    except ValueError:  # json writes no whole numbers of thousands of digits
        return
    found = compare([pair(value, same)], Rules(masks=[Mask("*", "r", re.compile(lines))]))
    assert not found.changes and not found.masked
