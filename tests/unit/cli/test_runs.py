"""`warden runs` and `warden run`: the list, the hub's device, the golden run and acknowledgements."""

import json
from typing import Any

import click
import pytest

from tests.unit.cli.conftest import WithRuns
from tests.unit.cli.runs_fakes import FakeSource, FakeStore
from WardenServer.cli.runs import run
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.runs import acknowledging, golden
from WardenServer.plugins.common.runs.acknowledging import Acknowledgement
from WardenServer.plugins.common.runs.source import LARGEST, Run
from WardenServer.servers import client

EVIL = "new\nline \x1b[31mred [bold]markup[/bold] \u202ereversed"


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> dict[str, int | None]:
    """The golden run of each source."""
    found: dict[str, int | None] = {}
    monkeypatch.setattr(golden, "golden", lambda store, source: found.get(source))
    monkeypatch.setattr(golden, "declare", lambda store, source, run: found.update({source: run}))
    return found


@pytest.fixture
def acknowledged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Acknowledgement]]:
    found: list[tuple[str, Acknowledgement]] = []
    monkeypatch.setattr(acknowledging, "acknowledge", lambda store, source, said: found.append((source, said)))
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the device was told; it answers with 17 in place of 0."""
    found: list[tuple[str, int]] = []

    def command(settings: Any, name: str, argument: int) -> int:
        found.append((name, argument))
        return argument or 17

    monkeypatch.setattr(client, "command", command)
    return found


# -- warden runs


def test_the_list_has_the_newest_first_with_a_mark(with_runs: WithRuns, declared: dict[str, int | None]) -> None:
    declared["local"] = 1002
    lines = with_runs("runs").stdout.splitlines()
    rows = [line for line in lines if "100" in line]
    assert [row.split()[1] for row in rows] == ["1004", "1003", "1002", "1001"]
    assert ["golden" in row for row in rows] == [False, False, True, False]
    assert "command" in rows[3]
    assert "first" in rows[3]
    assert "2001-09-0" in rows[3]


def test_json_is_one_object_per_run(with_runs: WithRuns, declared: dict[str, int | None]) -> None:
    declared["local"] = 1003
    found = [json.loads(line) for line in with_runs("runs", "--json", "-n", 2).stdout.splitlines()]
    assert [(each["number"], each["golden"], each["is_ready"]) for each in found] == [
        (1004, False, False), (1003, True, True),
    ]  # fmt: skip


def test_only_some(with_runs: WithRuns) -> None:
    found = with_runs("runs", "--match", "first", "--json").stdout.splitlines()
    assert [json.loads(line)["number"] for line in found] == [1001]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_run_there_is_a_sentence(form: tuple[str, ...], with_runs: WithRuns, source: FakeSource) -> None:
    source.runs = {}
    done = with_runs("runs", *form)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == ("" if form else "warden: there is no such run\n")


def test_hostile_notes_break_no_line(with_runs: WithRuns, source: FakeSource) -> None:
    source.runs = {1: Run(1, by=EVIL, note=EVIL), LARGEST: Run(LARGEST, note="ä ß")}
    done = with_runs("runs")
    assert not {"\x1b", "\u202e"} & set(done.stdout)
    assert "new\\nline" in done.stdout
    assert "[bold]" in done.stdout
    assert str(LARGEST) in done.stdout


# -- warden run start, stop


@pytest.mark.parametrize(("word", "command"), [("start", "StartRun"), ("stop", "StopRun")])
def test_the_device_opens_and_closes(
    word: str, command: str, with_runs: WithRuns, asked: list[tuple[str, int]]
) -> None:
    assert with_runs("run", word).stdout == "17\n"
    assert with_runs("run", word, 1005).stdout == "1005\n"
    assert asked == [(command, 0), (command, 1005)]


@pytest.mark.parametrize("wrong", ["abc", "0", "--", "99999999999999999999", "1.5"])
@pytest.mark.parametrize("word", ["start", "stop", "golden"])
def test_what_is_no_number_is_wrong_usage(
    word: str, wrong: str, with_runs: WithRuns, asked: list[tuple[str, int]]
) -> None:
    done = with_runs("run", word, wrong, *(["-3"] if wrong == "--" else []))
    assert (done.exit_code, done.stdout, asked) == (2, "", [])


@pytest.mark.parametrize("error", [client.RefusedByHub("run 11 is open; stop it first"), Unreachable("nobody there")])
def test_what_the_device_says_is_said(error: Exception, with_runs: WithRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    def command(*_: Any) -> None:
        raise error

    monkeypatch.setattr(client, "command", command)
    done = with_runs("run", "start")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"warden: {error}\n")


# -- warden run golden


def test_a_run_is_declared_golden_and_no_more(with_runs: WithRuns, declared: dict[str, int | None]) -> None:
    assert with_runs("run", "golden", 1002).stdout == "Run 1002 is the golden run.\n"
    assert declared == {"local": 1002}
    assert with_runs("run", "golden").stdout == "1002\n"
    assert with_runs("run", "golden", "--none").exit_code == 0
    assert declared == {"local": None}


def test_without_a_golden_run_the_code_is_1(with_runs: WithRuns) -> None:
    done = with_runs("run", "golden")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "warden: no run is golden; declare one with: warden run golden NUMBER\n"


def test_only_a_run_that_is_there_can_be_golden(with_runs: WithRuns, declared: dict[str, int | None]) -> None:
    done = with_runs("run", "golden", 7)
    assert (done.exit_code, done.stderr) == (1, "warden: there is no run 7; warden runs lists those that there are\n")
    assert declared == {}
    assert with_runs("run", "golden", 1002, "--none").exit_code == 2
    assert declared == {}


# -- warden run acknowledge


@pytest.fixture
def named(source: FakeSource) -> FakeSource:
    source.add(Run(5))
    source.sides[next(iter(source.sides))] |= {("tango://h:1/a/b/c", "Position"): 1, ("P", "a:b"): 1, ("P", "Pos"): 1}
    return source


@pytest.mark.parametrize(
    ("text", "partition", "parameter"),
    [("P:x", "P", "x"), ("tango://h:1/a/b/c:Position", "tango://h:1/a/b/c", "Position"), ("P:a:b", "P", "a:b")],
)
def test_a_change_is_acknowledged(
    text: str, partition: str, parameter: str, with_runs: WithRuns, named: FakeSource,
    acknowledged: list[tuple[str, Acknowledgement]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("LOGNAME", "marie")
    assert with_runs("run", "acknowledge", 1003, text, "  as asked  ").exit_code == 0
    [(where, said)] = acknowledged
    assert where == "local"
    assert (said.partition, said.parameter, said.run) == (partition, parameter, 1003)
    assert (said.reason, said.by) == ("as asked", "marie")
    assert said.at > 1e9


def test_who_has_no_name_has_a_number(
    with_runs: WithRuns, acknowledged: list[tuple[str, Acknowledgement]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def getuser() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", getuser)
    with_runs("run", "acknowledge", 1003, "P:x", "why")
    assert acknowledged[0][1].by.isdecimal()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((1003, "P:X", "why"), 1, 'there is no parameter "P:X"; there are: P:x'),
        ((1003, "nothing", "why"), 1, 'there is no parameter "nothing"; write PARTITION:PARAMETER'),
        ((7, "P:x", "why"), 1, "there is no run 7; warden runs lists"),
        ((1003, "P:x", " "), 2, "it is empty; say why the parameter changed"),
        (("abc", "P:x", "why"), 2, "'abc' is not a valid integer"),
        ((1003, "P:x"), 2, "Missing argument 'REASON'"),
    ],
)
def test_what_cannot_be_acknowledged(
    words: tuple[Any, ...], code: int, said: str, with_runs: WithRuns,
    acknowledged: list[tuple[str, Acknowledgement]],
) -> None:  # fmt: skip
    done = with_runs("run", "acknowledge", *words)
    assert (done.exit_code, done.stdout, acknowledged) == (code, "", [])
    assert said in done.stderr


# -- all of them


@pytest.mark.parametrize(
    ("command", "code"), [("runs", 1), ("diff", 3), ("run golden 5", 1), ("run acknowledge 5 P:x why", 1)]
)
def test_a_database_that_is_away_is_one_sentence(
    command: str, code: int, with_runs: WithRuns, source: FakeSource, store: FakeStore
) -> None:
    source.trouble = Unreachable("the runs' database cannot be used; see that it runs")
    done = with_runs(*command.split())
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr == "warden: the runs' database cannot be used; see that it runs\n"
    assert (source.closed, store.closed) == (1, 1)


@pytest.mark.parametrize("command", ["start", "stop", "golden", "acknowledge"])
def test_each_command_explains_itself_and_its_options(command: str, with_runs: WithRuns) -> None:
    done = with_runs("run", command, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: warden run {command} ")
    for parameter in run.commands[command].params:
        assert not isinstance(parameter, click.Option) or parameter.help
