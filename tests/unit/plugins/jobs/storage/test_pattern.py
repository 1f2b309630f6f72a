"""Patterns of ids."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from WardenServer.errors import SettingError
from WardenServer.plugins.common.jobs.storage.pattern import Pattern


@pytest.mark.parametrize(
    ("pattern", "takes", "leaves"),
    [
        ("*", ["a", "a b", "a\nb"], ["a/b", "a/b/c"]),
        ("**", ["a", "a/b", "a/b/c"], []),
        ("**/*", ["a", "a/b", "a/b/c"], []),
        ("scan*/*", ["scan1/a", "scan/x.y"], ["a", "scan1", "scan1/a/b", "scin/a"]),
        ("scan[0-9]/raw/im_?", ["scan1/raw/im_1"], ["scanx/raw/im_1", "scan1/raw/im_12", "scan1/im_1"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        ("**/raw/*", ["raw/x", "a/raw/x", "a/raw/raw/x"], ["raw", "a/raw", "a/x"]),
        ("a/**/b", ["a/b", "a/x/b", "a/b/b"], ["a", "b", "a/b/x"]),
        ("**/**", ["a", "a/b"], []),
        ("A*", ["Ab"], ["ab"]),
        ("a**", ["ab"], ["ab/c"]),
    ],
)
def test_what_is_taken(pattern, takes, leaves):
    read = Pattern(pattern)
    assert [id for id in takes + leaves if read.takes(id)] == takes


@pytest.mark.parametrize("pattern", ["", "/a", "a/", "a//b", "../a", "./a", "a/.."])
def test_one_that_means_nothing(pattern):
    with pytest.raises(SettingError, match=re.escape(f'pattern is "{pattern}"; write')):
        Pattern(pattern)


def test_folders_that_cannot_match_are_not_entered():
    read = Pattern("scan*/raw/*")
    assert not read.enter(read.start, "other")
    scan = read.enter(read.start, "scan1")
    assert read.deepens(scan)
    raw = read.enter(scan, "raw")
    assert not read.deepens(raw)
    assert read.taking(raw)("x")
    assert not read.taking(scan)("x")


def plain(pattern, id):
    """The rule, as simple as can be."""
    if not pattern or not id:
        return not pattern and not id
    if pattern[0] == "**":
        return (len(pattern) == 1) or plain(pattern[1:], id) or plain(pattern, id[1:])
    return pattern[0] in ("*", id[0]) and plain(pattern[1:], id[1:])


@given(st.lists(st.sampled_from(["*", "**", "a", "b"]), min_size=1, max_size=5))
def test_as_the_rule_says(parts):
    read = Pattern("/".join(parts))
    for length in range(1, 5):
        for id in itertools.product("ab", repeat=length):
            assert bool(read.takes("/".join(id))) == plain(parts, id), id
