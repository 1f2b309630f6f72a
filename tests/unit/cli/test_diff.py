"""`warden diff`: what it compares, its forms, and exit codes by which a program can tell what happened."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.unit.cli.conftest import WithRuns
from tests.unit.cli.runs_fakes import FakeSource, FakeStore
from WardenServer.cli import commands as cli
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.differ.change import Unavailable
from WardenServer.plugins.common.differ.short import EMPTY
from WardenServer.plugins.common.runs.source import Phase, Side


def said(done: Any, code: int) -> str:
    """The one sentence of a command that did not compare."""
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    [line] = done.stderr.splitlines()
    assert line.startswith("warden: ")
    return str(line.removeprefix("warden: "))


# -- what is compared


def test_a_change_is_shown_and_is_code_1(with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001, 1003)
    assert done.exit_code == 1
    blocks = done.stdout.strip().split("\n\n")
    assert blocks[0] == "text in P has changed:\n  a {\n-  t 5\n+  t 7"
    assert blocks[1].startswith("x in P has changed:\n1 → 2")
    assert done.stderr == ""


def test_no_change_is_a_sentence_and_code_0(with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001, 1002)
    assert (done.exit_code, done.stdout.strip(), done.stderr) == (0, EMPTY, "")


def test_what_was_not_read_is_no_change(with_runs: WithRuns, source: FakeSource) -> None:
    source.sides[Side(1002)]["P", "x"] = Unavailable("it is off")
    done = with_runs("diff", 1001, 1002)
    assert done.exit_code == 0
    assert "x in P could not be read: it is off" in done.stdout


def test_without_runs_the_newest_two_that_are_ready_are_meant(with_runs: WithRuns) -> None:
    done = with_runs("diff")
    assert done.exit_code == 1
    assert done.stderr == "Diff of run 1002 and run 1003\n"


def test_with_one_run_the_newest_is_the_other(with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001)
    assert done.exit_code == 1
    assert done.stderr == "Diff of run 1001 and run 1003\n"


def test_the_end_of_a_run(with_runs: WithRuns, source: FakeSource) -> None:
    source.sides[Side(1001, Phase.END)] = {("P", "x"): 5}
    done = with_runs("diff", "1001", "1001:end", "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert (found["old"], found["new"]) == ("1001", "1001:end")


def test_only_some_partitions(with_runs: WithRuns, source: FakeSource) -> None:
    source.sides[Side(1003)]["Q", "y"] = 3
    assert "y in Q" in with_runs("diff", 1001, 1003).stdout
    done = with_runs("diff", 1001, 1003, "P", "P")
    assert done.exit_code == 1
    assert "y in Q" not in done.stdout


# -- forms


def test_json_is_for_programs(with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001, 1003, "--json")
    [line] = done.stdout.splitlines()
    found = json.loads(line)
    assert done.exit_code == 1
    assert (found["old"], found["new"]) == ("1001", "1003")
    assert [each["parameter"] for each in found["changes"]] == ["text", "x"]


def test_short_has_20_lines_of_a_parameter(with_runs: WithRuns, source: FakeSource) -> None:
    for run in (1001, 1003):
        source.sides[Side(run)] = {("P", "long"): "\n".join(f"{run} {each}" for each in range(40))}
    assert len(with_runs("diff", 1001, 1003).stdout.splitlines()) == 81
    done = with_runs("diff", 1001, 1003, "--short")
    assert "diff truncated for clarity" in done.stdout
    assert sum(line.startswith(("+", "-")) for line in done.stdout.splitlines()) == 20
    assert "diff truncated for clarity" in with_runs("diff", 1001, 1003, "--short", "--html").stdout


def test_html_is_a_page_with_the_lines_side_by_side(with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001, 1003, "--html")
    assert done.exit_code == 1
    assert done.stdout.startswith("<!doctype html>")
    assert "<title>Diff of run 1001 and run 1003</title>" in done.stdout
    assert '<table class="sides">' in done.stdout
    assert '<table class="sides">' not in with_runs("diff", 1001, 1003, "--html", "--short").stdout


def test_a_terminal_without_arrows_gets_an_escape_and_the_same_code(
    with_runs: WithRuns
) -> None:
    done = CliRunner(charset="ascii").invoke(cli.main, ["diff", "1001", "1003"])
    assert done.exit_code == 1
    assert "1 \\u2192 2" in done.stdout
    done = CliRunner(charset="ascii").invoke(cli.main, ["diff", "1001", "1003", "--html"])
    assert "1 → 2".encode() in done.stdout_bytes


@pytest.mark.parametrize("other", ["--html", "--short"])
def test_forms_that_do_not_go_together(other: str, with_runs: WithRuns) -> None:
    done = with_runs("diff", 1001, 1003, "--json", other)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "take --html and --short out" in done.stderr


# -- code 2: wrong usage


@pytest.mark.parametrize("wrong", ["abc", "0", "99999999999999999999", "1001:begin", "", "1e3", "10.5"])
def test_what_is_no_run_is_wrong_usage(wrong: str, with_runs: WithRuns) -> None:
    assert said(with_runs("diff", wrong, 1003), 2)
    assert said(with_runs("diff", 1001, wrong), 2)


def test_a_negative_run_is_wrong_usage(with_runs: WithRuns) -> None:
    assert with_runs("diff", "-5", "1003").exit_code == 2
    assert said(with_runs("diff", "--", "-5", "1003"), 2)


def test_of_an_unknown_partition_those_that_there_are_are_named(with_runs: WithRuns) -> None:
    sentence = said(with_runs("diff", 1001, 1003, "R"), 2)
    assert "R" in sentence
    assert "P" in sentence


def test_without_a_table_there_is_a_sentence_with_the_cure(with_runs: WithRuns, settings_file: Path) -> None:
    settings_file.write_text("tick = 0.1\n")
    assert said(with_runs("diff", 1001, 1003), 2).startswith("the settings have no table [runs]; add one")


# -- code 3: nothing was compared


def test_a_run_that_is_not_there(with_runs: WithRuns) -> None:
    assert "2000" in said(with_runs("diff", 1001, 2000), 3)


@pytest.mark.parametrize("numbers", [(), (1001,)])
def test_too_few_runs(numbers: tuple[int, ...], with_runs: WithRuns, source: FakeSource) -> None:
    source.runs = {number: source.runs[number] for number in numbers}
    few = "only one run has values" if numbers else "no run has values"
    assert said(with_runs("diff"), 3).startswith(few)


def test_a_database_that_is_away_is_no_change(
    with_runs: WithRuns, source: FakeSource, store: FakeStore
) -> None:
    source.trouble = Unreachable("the runs' database in PostgreSQL at db cannot be used; see that it runs")
    assert said(with_runs("diff", 1001, 1003), 3).startswith("the runs' database")
    assert (source.closed, store.closed) == (1, 1)


def test_what_is_secret_in_a_sentence_is_not_shown(with_runs: WithRuns, source: FakeSource) -> None:
    source.trouble = Unreachable("postgresql://me:geheim123@db does not answer")
    assert "geheim123" not in said(with_runs("diff", 1001, 1003), 3)


def test_ctrl_c_is_no_change(with_runs: WithRuns, source: FakeSource) -> None:
    source.trouble = KeyboardInterrupt()
    assert said(with_runs("diff", 1001, 1003), 3) == "the comparison was ended before it was done"


def test_a_library_that_is_missing(with_runs: WithRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    from WardenServer.plugins.common.differ import page

    page._templates.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert "pip install wardenserver[runs]" in said(with_runs("diff", 1001, 1003, "--html"), 3)


# -- as a process


@pytest.mark.parametrize(("words", "code"), [(("abc", "2"), 2), (("1", "2"), 3)])
def test_a_process_ends_with_the_code(words: tuple[str, ...], code: int, tmp_path: Path, settings_file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "WardenServer", "diff", *words],
        env={**os.environ, "WARDEN_CONFIG": str(settings_file), "WARDEN_STATE_FOLDER": str(tmp_path / "state")},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert said_by_process(done, code)


def said_by_process(done: "subprocess.CompletedProcess[str]", code: int) -> bool:
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    return done.stderr.startswith("warden: ") and done.stderr.count("\n") == 1
