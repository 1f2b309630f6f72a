import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.ping.looking.choosing import LONGEST, chosen

PAIRS = [("desy.de", "cern.ch"), ("desy.de", "slac.stanford.edu"), ("CERN.ch", "desy.de")]


@pytest.mark.parametrize(
    ("source", "target", "only", "without", "expected"),
    [
        ("", "", "", "", [True, True, True]),
        ("^desy", "", "", "", [True, True, False]),
        ("^DESY", "", "", "", [True, True, False]),
        ("", "desy", "", "", [False, False, True]),
        ("", "", "cern", "", [True, False, True]),
        ("", "", "", "cern", [False, True, False]),
        ("desy", "edu$", "desy", "cern", [False, True, False]),
        ("nowhere", "", "", "", [False, False, False]),
    ],
)
def test_pairs_are_chosen(source: str, target: str, only: str, without: str, expected: list[bool]) -> None:
    assert chosen(PAIRS, source, target, only, without) == expected


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("expression", ["(", "*", "(?=a)", r"(a)\1", "a{1000}{1000}", "a" * (LONGEST + 1)])
def test_what_is_no_expression_is_refused_with_its_name(which: int, expression: str) -> None:
    asked = ["", "", "", ""]
    asked[which] = expression
    with pytest.raises(SettingError, match=f"^{('from', 'to', 'only', 'ex')[which]} "):
        chosen(PAIRS, *asked)


def test_an_expression_that_python_would_never_end_with_ends() -> None:
    assert chosen([("a" * 254 + "!", "b")], "(a+)+$", "", "", "") == [False]


def test_without_pairs_none_is_chosen() -> None:
    assert chosen([], "a", "b", "c", "d") == []


@given(
    st.lists(st.tuples(st.text("ab.", max_size=4), st.text("ab.", max_size=4))), st.text("ab", min_size=1, max_size=2)
)
def test_a_plain_word_is_looked_for_in_names(pairs: list[tuple[str, str]], word: str) -> None:
    has = [[re.search(word, name) is not None for name in pair] for pair in pairs]
    assert chosen(pairs, word, "", "", "") == [one for one, _ in has]
    assert chosen(pairs, "", word, "", "") == [other for _, other in has]
    assert chosen(pairs, "", "", word, "") == [one or other for one, other in has]
    assert chosen(pairs, "", "", "", word) == [not (one or other) for one, other in has]
