"""Commands that look at jobs, and that change what waits: sentences for people, JSON for programs, exit codes."""

import itertools
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from WardenServer.cli import commands as cli
from WardenServer.plugins.common.jobs import claiming, configuration, processors
from WardenServer.plugins.common.jobs.claiming import Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.queueing import Pair, queue

Warden = Callable[..., Result]

#: Ids that must neither break a line nor reach the terminal as they are.
EVIL = ["new\nline", "\x1b[31mred", "[bold]markup[/bold]", "\u202ereversed", "ä ß"]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture
def warden(tmp_path: Path, storage: Path, monkeypatch: pytest.MonkeyPatch) -> Warden:
    """Run a command on jobs: warden("list"), with lines for the standard input."""
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n[jobs]\nstorage = "{storage}"\nfolder = "{tmp_path}/jobs"\n')
    monkeypatch.setenv("WARDEN_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object, stdin: str = "") -> Result:
        done = CliRunner().invoke(cli.main, ["jobs", *map(str, words)], input=stdin, prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        return done

    return run


@pytest.fixture
def jobs(tmp_path: Path, storage: Path) -> None:
    """One that is done, one that has failed, one that runs, and some that wait."""
    settings = configuration.read({"storage": storage, "folder": tmp_path / "jobs"})
    with closing(Database(settings.url)) as database:
        one = processors.register(database, "one")
        ids = ["done", "failed", "runs", *EVIL]
        queue(database, [Pair(id, f"{storage}/{id}") for id in ids], itertools.repeat(one.id))
        good, bad, _ = claiming.claim(database, one, 3)
        claiming.finish(database, one, [Outcome(good, True), Outcome(bad, False, "exit code 3:\nno beam")])


def lines(done: Result, code: int = 0) -> list[str]:
    assert done.exit_code == code, done.output
    return done.stdout.splitlines()


COMMANDS = ("list", "show x", "why x", "stats", "prioritize x", "retry x", "import x")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_table_there_is_a_sentence_with_the_cure(
    command: str, tmp_path: Path, warden: Warden, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.toml").touch()
    monkeypatch.setenv("WARDEN_CONFIG", str(tmp_path / "none.toml"))
    done = warden(*command.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("warden: the settings have no table [jobs]; add one")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_cannot_be_used_is_a_sentence(command: str, tmp_path: Path, warden: Warden) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "jobs.db").write_text("this is no database " * 100)
    done = warden(*command.replace("import x", f"import {tmp_path}/data").split())
    if command != "import x":  # which does not come to it
        assert (done.exit_code, done.stdout) == (1, "")
        assert "cannot be used" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["list", "show", "why", "stats", "prioritize", "retry", "import"])
def test_help_says_what_each_does(name: str, warden: Warden) -> None:
    done = warden(name, "--help")
    assert done.exit_code == 0
    group = cli.main.commands["jobs"]
    assert isinstance(group, click.Group)
    assert group.commands[name].help


def test_of_an_empty_queue(warden: Warden) -> None:
    done = warden("list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "warden: there is no such job\n")
    assert lines(warden("list", "--json")) == []
    assert re.search("all done +yes", warden("stats").stdout)


@pytest.mark.usefixtures("jobs")
def test_list(warden: Warden) -> None:
    said = [json.loads(line) for line in lines(warden("list", "--json"))]
    assert [job["id"] for job in said] == [*EVIL[::-1], "runs", "failed", "done"]
    assert (said[-2]["state"], said[-2]["owner"], said[-2]["message"]) == ("failed", "one", "exit code 3:\nno beam")
    assert [json.loads(line)["id"] for line in lines(warden("list", "--state", "running", "--json"))] == ["runs"]
    assert len(lines(warden("list", "-n", 2, "--json"))) == 2
    shown = warden("list").stdout
    for text in (r"new\nline", r"\x1b[31mred", "[bold]markup[/bold]", r"\u202ereversed", "ä ß", r"code 3:\nno beam"):
        assert text in shown
    assert "\x1b" not in shown and "\u202e" not in shown
    assert warden("list", "--since", "soon").exit_code == 2


@pytest.mark.usefixtures("jobs")
def test_show(warden: Warden) -> None:
    said = json.loads(warden("show", "failed", "--json").stdout)
    assert (said["state"], [step["step"] for step in said["steps"]]) == ("failed", ["queued", "started", "failed"])
    shown = lines(warden("show", EVIL[0]))
    assert r"id         new\nline" in shown
    assert len(shown) == 12 + 1, "each entry, and one step"
    done = warden("show", "a\nb")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == 'warden: the queue has no job "a\\nb"; warden jobs why ID says what is known of it\n'


@pytest.mark.usefixtures("jobs")
def test_why(warden: Warden) -> None:
    said = lines(warden("why", "failed"))
    assert [line[21:] for line in said[:3]] == ["It was queued.", "Processor one began it.",
                                                r"It failed at processor one: exit code 3:\nno beam."]  # fmt: skip
    assert said[3].startswith("It has failed: exit code 3:")
    assert json.loads(warden("why", "failed", "--json").stdout)["is_known"] is True
    unknown = lines(warden("why", "nobody"), code=1)
    assert unknown[0] == "The queue has no such job, and never had in the last weeks."


@pytest.mark.usefixtures("jobs")
def test_stats(warden: Warden) -> None:
    said = json.loads(warden("stats", "--json").stdout)
    assert (said["waiting"], said["running"], said["done"], said["failed"]) == (len(EVIL), 1, 2, 1)
    assert said["workers"][0]["name"] == "one"
    shown = warden("stats").stdout
    assert "2, 1 of them failed" in shown and "one  live, 5 waiting, 1 running, seen 2" in shown


@pytest.mark.usefixtures("jobs")
def test_prioritize_says_how_each_is(warden: Warden) -> None:
    said = lines(warden("prioritize", "runs", "-", stdin="ä ß\nunknown\n\nunknown\n"))
    assert said == [
        "runs is running already", "ä ß waits in the queue and goes to its front",
        "unknown is not in the queue; its files are looked for",
    ]  # fmt: skip
    assert "Somebody has asked for it" in warden("why", "unknown").stdout
    assert json.loads(warden("prioritize", "done", "other", "--json").stdout) == {"done": "done", "other": None}


@pytest.mark.usefixtures("jobs")
def test_prioritize_asks_for_the_good_ones_beside_a_wrong_one(warden: Warden) -> None:
    done = warden("prioritize", "x" * 300, "good")
    assert done.exit_code == 2
    assert "longer than 255" in done.stderr
    assert "Somebody has asked for it" in warden("why", "good").stdout


@pytest.mark.usefixtures("jobs")
def test_of_many_alike_only_some_are_named(warden: Warden) -> None:
    said = lines(warden("prioritize", *(f"unknown{number}" for number in range(25))))
    assert len(said) == 11
    assert said[-1] == "... is not in the queue; its files are looked for (15 more)"


@pytest.mark.usefixtures("jobs")
def test_retry(warden: Warden, storage: Path) -> None:
    done = warden("retry", "--failed")
    assert (done.exit_code, done.stdout) == (1, "0 jobs wait again.\n")
    assert done.stderr == "failed is left as it is: its files are gone\n"
    for name in ("failed.json", "failed.dump", "done.json", "done.dump"):
        (storage / name).touch()
    assert lines(warden("retry", "--failed", "--match", "other")) == ["0 jobs wait again."]
    assert lines(warden("retry", "--failed", "--since", "1h")) == ["1 job waits again."]
    said = json.loads(warden("retry", "done", "runs", "--json").stdout)
    assert said == {"retried": ["done"], "refused": {"runs": "it is running"}}


@pytest.mark.parametrize("words", [(), ("x", "--failed"), ("x", "--since", "1h"), ("x", "--match", "y")])
def test_retry_wants_ids_or_failed(words: tuple[str, ...], warden: Warden) -> None:
    assert warden("retry", *words).exit_code == 2


def test_import(warden: Warden, storage: Path, jobs: None) -> None:
    for name in ("new.json", "new.dump", "lonely.json", "done.json", "done.dump"):
        (storage / name).touch()
    said = "1 jobs {} new, 1 were known, 1 are left out."
    done = warden("import", storage, "--dry-run")
    assert lines(done) == [said.format("would be")]
    assert done.stderr == f"{storage}/lonely is left out: it has no file .dump\n"
    assert lines(warden("import", storage)) == [said.format("are")]
    assert json.loads(warden("import", storage, "--json").stdout) == {
        "queued": 0, "copied": 0, "known": 2, "skipped": {f"{storage}/lonely": "it has no file .dump"},
    }  # fmt: skip


def test_what_cannot_be_imported_is_a_sentence(warden: Warden, tmp_path: Path, storage: Path) -> None:
    (storage / "a.json").touch()
    (storage / "a.dump").touch()
    nobody = "no processor is alive"
    for folder, why in ((tmp_path, "is not below"), (storage / "none", "is no folder"), (storage, nobody)):
        done = warden("import", folder)
        assert (done.exit_code, done.stdout) == (1, "")
        assert why in done.stderr
