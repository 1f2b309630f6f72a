"""Texts, ids and addresses of differences, and how many are told at once."""

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.runs.fake_runs import Stage, stand_in
from WardenServer.plugins.common.runs.differences import Difference
from WardenServer.plugins.common.runs.source import LARGEST
from WardenServer.plugins.common.runs.telling import CUT, address, cut, event_id, event_text
from WardenServer.results import event

TEXTS = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=10), st.integers(1, 500))
DIFFERENCES = st.builds(
    Difference, partitions=st.lists(TEXTS, min_size=1, max_size=5).map(tuple), old=st.integers(1, LARGEST),
    new=st.integers(1, LARGEST), at=st.just(0.0), changes=st.just(1), text=st.just("") | TEXTS,
)  # fmt: skip


def difference(*partitions: str, text: str = "t in HF has changed:\n- 1\n+ 2") -> Difference:
    return Difference(partitions, 1001, 1005, 12.5, 1, text)


def test_an_event_names_both_runs_the_partitions_the_change_and_the_page():
    assert event_text(difference("HCAL_HF", "HCAL_HO"), "http://warden:8080/").splitlines() == [
        "Run parameters changed between run 1001 and run 1005 (HCAL_HF, HCAL_HO):",
        "t in HF has changed:", "- 1", "+ 2",
        "http://warden:8080/#/diff?old=1001&new=1005&partition=HCAL_HF&partition=HCAL_HO",
    ]  # fmt: skip
    assert event_text(difference("HF"), "").splitlines()[-1] == "+ 2"


def test_an_id_is_made_of_partitions_and_runs():
    assert event_id(difference("HF", "HO")) == "runs.HF+HO.1001.1005"
    many, others = (tuple(f"p02/motor/{name}{n}" for n in range(50)) for name in "ab")
    assert event_id(difference(*many)).startswith("runs.50-") and event_id(difference(*many)).endswith(".1001.1005")
    assert event_id(difference(*many)) != event_id(difference(*others))


def test_an_address_says_all_or_leaves_the_partitions_out():
    assert address("", difference("a b&c=d/é")) == "#/diff?old=1001&new=1005&partition=a+b%26c%3Dd%2F%C3%A9"
    assert address("http://w", difference(*["p" * 200] * 5)) == "http://w/#/diff?old=1001&new=1005"


@given(DIFFERENCES)
def test_of_any_difference_there_is_an_event_and_an_address(found: Difference):
    text = event_text(found, "http://warden")
    made = event.make(event_id(found), 0.0, "run_differ", "warning", text)
    assert len(made.text) < 3400
    said = dict(parse_qsl(address("http://warden", found).partition("?")[2]))
    assert (int(said["old"]), int(said["new"])) == (found.old, found.new)


def test_html_and_backticks_stay_what_they_are():
    text = "t in HF has changed:\n- <b>1</b> & ```x```\n+ <script>alert(1)</script>"
    assert text in event_text(difference("HF", text=text), "")


def test_a_long_text_ends_with_a_whole_line_or_is_cut():
    assert cut("ab\ncd", 5) == "ab\ncd"
    lines = "\n".join(["line"] * 100)
    assert cut(lines, 60) == "\n".join(["line"] * 6) + CUT
    assert cut("first\n" + "x" * 100, 60) == "first\n" + "x" * (60 - 6 - len(CUT)) + CUT


@given(st.text(alphabet="ab\n", max_size=200), st.integers(len(CUT), 150))
def test_a_cut_text_is_never_too_long(text: str, most: int):
    assert len(cut(text, most)) <= most
    assert cut(text, most) == text or text.startswith(cut(text, most).removesuffix(CUT))


def test_of_very_many_some_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stand_in(monkeypatch)
    stage = Stage(tmp_path)
    stage.store.kept.differences = [Difference(("P",), n, n + 1, 0.0, 1, "x", n + 1) for n in range(120)]
    assert [(stage.round().more, len(stage.events)) for _ in range(3)] == [(True, 50), (True, 100), (False, 120)]
    assert len(stage.deliveries) == 120 and next(iter(stage.events)) == "runs.P.0.1"
