"""A comparison as text and for programs: to the letter, bounded, and harmless."""

import json
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.differ.values import VALUES, pair
from WardenServer.plugins.common.differ import shown
from WardenServer.plugins.common.differ.change import MISSING, Change, Comparison, Kind, Spared, Unavailable
from WardenServer.plugins.common.differ.compare import compare
from WardenServer.plugins.common.differ.rules import Rules
from WardenServer.plugins.common.differ.short import EMPTY, as_json, text


def change(*lines: str, parameter: str = "Q", partitions: tuple[str, ...] = ("P",), **more: Any) -> Change:
    return Change(parameter, partitions, Kind.TEXT, "", "", lines, **more)


def test_a_block_for_each_parameter_with_an_empty_line_between() -> None:
    found = Comparison(
        [change("  crate 20 {", "-   t 5", "+   t 7", partitions=("HF", "HO")), change("- a", parameter="R")]
    )
    assert text(found) == (
        "Q in HF, HO has changed:\n  crate 20 {\n-   t 5\n+   t 7\n\nR in P has changed:\n- a"
    )  # fmt: skip


def test_nothing_changed() -> None:
    assert text(Comparison()) == EMPTY == "Diff was empty, all queried parameters are unchanged"


def test_what_was_not_compared_follows() -> None:
    found = Comparison([], [Spared("P", "Q", "did not answer")], [Spared("P", "R", "a counter"), Spared("O", "R", "r")])
    assert text(found) == (
        f"{EMPTY}\n\nQ in P could not be read: did not answer\n\nR in P is masked: a counter\nR in O is masked: r"
    )


def test_the_short_form_has_so_many_lines_of_each() -> None:
    found = Comparison([change(*"abc"), change(*"ab", coarse=True)], [Spared("P", str(n), "r") for n in range(5)])
    assert text(found, 2) == (
        "Q in P has changed:\na\nb\ndiff truncated for clarity\n\n"
        "Q in P has changed:\na\nb\n(large blocks of lines were not compared with each other)\n\n"
        "0 in P could not be read: r\n1 in P could not be read: r\nand 3 more"
    )
    assert len(text(Comparison([change("x" * 10**6)]), 20)) < 1000
    assert "x" * 10**6 in text(Comparison([change("x" * 10**6)]))


def test_an_older_value_says_of_which_run_it_is() -> None:
    assert text(Comparison([change("a", since=7)])) == "Q in P has changed since run 7:\na"


def test_nothing_in_it_acts_on_a_terminal() -> None:
    nasty = "\x1b[2J\u202e\u2028\x00\x9b\ud800\xa0\t«ü漢»"
    shown_as = "\\x1b[2J\\u202e\\u2028\\x00\\x9b\\ud800\\xa0\t«ü漢»"
    found = Comparison(
        [change(f"- {nasty}", parameter=nasty, partitions=(f"{nasty}\n",))], [Spared(nasty, "Q", "a\nb")]
    )
    assert text(found) == (
        f"{shown_as} in {shown_as}\\n has changed:\n- {shown_as}\n\nQ in {shown_as} could not be read: a\\nb"
    )


def test_for_programs() -> None:
    found = compare([pair(1, 2), pair(MISSING, "a", "P2", "R"), pair(Unavailable("away"), 1, "P3")], Rules())
    assert as_json(found) == {
        "changes": [
            {"parameter": "Q", "partitions": ["P"], "kind": "number", "old": 1, "new": 2, "lines": ["1 → 2 (+100 %)"],
             "coarse": False},
            {"parameter": "R", "partitions": ["P2"], "kind": "added", "new": "a", "lines": ["+ a"], "coarse": False},
        ],
        "unavailable": [{"partition": "P3", "parameter": "Q", "reason": "away"}],
        "masked": [],
    }  # fmt: skip
    assert as_json(Comparison([change("a", since=7)]))["changes"][0]["since"] == 7


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (nan, "NaN"),
        (inf, "Infinity"),
        (-inf, "-Infinity"),
        ("\ud800", "\\ud800"),
        ({"a": (nan, None)}, {"a": ["NaN", None]}),
    ],
)
def test_what_json_lacks_is_text(value: Any, plain: Any) -> None:
    assert as_json(compare([pair(0, value)], Rules()))["changes"][0]["new"] == plain


def test_what_json_cannot_write_is_text_too() -> None:
    deep: Any = 0
    for _ in range(5000):
        deep = [deep]
    for value in (deep, 10**5000, -(10**5000), [10**5000]):
        found = compare([pair(0, value)], Rules())
        assert len(strict(found)) < 5000
        assert len(text(found)) < 1000


@given(st.lists(st.builds(pair, VALUES, VALUES, st.text(max_size=3), st.text(max_size=3)), max_size=3))
def test_both_forms_hold_whatever_there_is(pairs: Any) -> None:
    found = compare(pairs, Rules())
    assert all(line.replace("\t", "").isprintable() for line in text(found).split("\n"))
    assert len(json.loads(strict(found))["changes"]) == len(found.changes)


def strict(found: Comparison) -> bytes:
    """As the web sends it."""
    return json.dumps(as_json(found), allow_nan=False, ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "null"),
        (True, "true"),
        ('a\n"', '"a\\n\\""'),
        ([1, {"a": nan}], '[1, {"a": NaN}]'),
        (1e22, "1e+22"),
        ({}, "{}"),
    ],
)
def test_values_stand_as_json_has_them(value: Any, said: str) -> None:
    assert shown.value(value) == said


def test_long_values_are_cut() -> None:
    assert shown.value("a" * 201) == f'"{"a" * 200}"… (201 characters)'
    assert shown.value("a" * 200) == f'"{"a" * 200}"'
    assert shown.value(list(range(10**5))).endswith("…") and len(shown.value([[0] * 10**6])) == shown.LONGEST + 1
    assert len(shown.value(10**300)) == shown.LONGEST + 1
