"""The benchmark of runs measures at all, and where two sides do not find the same there is no figure."""

from pathlib import Path
from typing import Any

import pytest

from tests.bench import runs, runs_nested, runs_snapshot, runs_stored, runs_texts
from WardenServer.errors import WardenError
from WardenServer.plugins.common.differ.lines import Lines

NUMBER, CHANGED = 202, 7
FEW = 30  # lines, all similar: the time goes with the cube


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_without_postgresql_its_rows_are_left_out(
    there: bool, quick: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "is_there", lambda: there)
    contenders = runs.contenders(quick)
    assert ("apt install postgresql" in capsys.readouterr().err) != there
    assert len({contender.name for contender in contenders}) == len(contenders)
    measured = {contender.name: [{"took": 1.0}] for contender in contenders}
    figures = runs.figures(measured)
    assert any("PostgreSQL" in figure.figure for figure in figures) == there
    assert any("SequenceMatcher" in figure.rival_name for figure in figures) != quick
    assert any(f"{runs.MANY} changed" in figure.figure for figure in figures) != quick


def test_targets_are_those_of_the_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "is_there", lambda: True)
    measured = {contender.name: [{"took": 1.0}] for contender in runs.contenders(True)}
    targets = [figure.target for figure in runs.figures(measured)]
    wanted = {"<= 0.5": 2, "<= 1.1": 2, "<= 1.3": 3, "": 2}  # the last: deepdiff; all others: <= 1
    assert {target: targets.count(target) for target in wanted} == wanted
    assert targets.count("<= 1") == len(targets) - sum(wanted.values()) == 7


def test_the_slowest_is_that_of_the_highest_median() -> None:
    found = runs._slowest("page", [{"a": 9.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 3.0}])
    assert (found.figure, found.ours, found.met) == ("slowest page, of 2: b", 2.0, False)


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("kind", ["own", "foreign"])
def test_stored_runs_are_compared(kind: str, bare: bool, tmp_path: Path) -> None:
    assert runs_stored.compare(tmp_path, kind, bare, False, NUMBER, CHANGED, 1)["took"] > 0


@pytest.mark.parametrize(("words", "found"), [("AND value <> '0.25'", 7), ("AND value = ''", 0)])
@pytest.mark.parametrize("kind", ["own", "foreign"])
def test_stored_runs_in_which_one_finds_something_else_give_no_figure(
    kind: str, words: str, found: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(runs_stored._FETCH, kind, f"{runs_stored._FETCH[kind]} {words}")
    with pytest.raises(WardenError, match=f"of 7 changes, ours and the bare driver have found 7 and {found};"):
        runs_stored.compare(tmp_path, kind, True, False, NUMBER, CHANGED, 1)


def test_bare_difflib_has_the_lines_of_the_original() -> None:
    old = "crate 19 {\n  threshold 1\n}\ncrate 20 {\n  threshold 5\n}\n"
    lines = runs_texts.bare_difference(old, old.replace("5", "7"))
    assert lines == ["  crate 20 {", "-   threshold 5", "+   threshold 7"]
    assert runs_texts.bare_difference(old, f"\n{old}") == []


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("name", runs_texts.USUAL)
def test_usual_texts_differ_in_the_same_lines_by_both(name: str, bare: bool, tmp_path: Path) -> None:
    assert runs_texts.difference(tmp_path, name, bare, 1)["took"] > 0


@pytest.mark.parametrize("found", [Lines(("- a",)), Lines((), True)])
def test_other_lines_give_no_figure(found: Lines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runs_texts, "diff", lambda old, new: found)
    with pytest.raises(WardenError, match="have found other lines"):
        runs_texts.difference(tmp_path, next(iter(runs_texts.USUAL)), False, 1)


@pytest.mark.parametrize("name", runs_texts.HARD)
def test_a_hard_change_changes_a_text_of_so_many_lines(name: str) -> None:
    old, new = runs_texts.hard(name, NUMBER)
    assert len(old.splitlines()) == len(new.splitlines()) == NUMBER
    assert old != new
    assert (old, new) == runs_texts.hard(name, NUMBER)


def test_each_hard_change_is_measured(tmp_path: Path) -> None:
    for function in (runs_texts.differences, runs_texts.pages):
        took = function(tmp_path, FEW)
        assert took.keys() == runs_texts.HARD.keys()
        assert min(took.values()) > 0
    for bare in (True, False):
        assert runs_texts.matched(tmp_path, "every second line", FEW, bare)["took"] > 0


@pytest.mark.parametrize("who", runs_nested.FINDERS)
@pytest.mark.parametrize(("kind", "size"), [("document", 200), ("array", 40)])
def test_nested_values_are_compared(who: str, kind: str, size: int, tmp_path: Path) -> None:
    if who != "ours":
        pytest.importorskip(who, reason="it comes with the extra bench")
    assert runs_nested.difference(tmp_path, who, kind, size, 1)["took"] > 0


def test_a_document_has_so_many_leaves() -> None:
    def leaves(value: Any) -> int:
        if isinstance(value, dict | list):
            return sum(map(leaves, value.values() if isinstance(value, dict) else value))
        return 1

    assert leaves(runs_nested.document(1000)) == leaves(runs_nested.array(1000)) == 1000


def test_who_finds_less_of_a_value_gives_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(runs_nested.FINDERS, "ours", lambda: lambda old, new: 19)
    with pytest.raises(WardenError, match="ours has found 19 of 20 changes; nothing is compared"):
        runs_nested.difference(tmp_path, "ours", "array", 40, 1)


def test_a_snapshot_without_all_living_devices_gives_no_figure() -> None:
    runs_snapshot._check(180, 2)
    for found, dead in ((179, 2), (200, 2), (199, 0)):
        with pytest.raises(WardenError, match=f"a snapshot has {found} of"):
            runs_snapshot._check(found, dead)
