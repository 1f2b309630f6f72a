"""`warden ping collect`, `check` and `restore`: what they ask for, say and end with."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.unit.plugins.ping.archive.files import days, put
from WardenServer.cli import commands as cli
from WardenServer.plugins.common.ping.archive import collecting, nodes, restoring
from WardenServer.plugins.common.ping.archive.collecting import Got
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.archive.restoring import Step
from WardenServer.plugins.common.ping.reports.analyze import Made

Ping = Callable[..., Result]
TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(1)


@dataclass
class Fakes:
    """What was asked for, and what comes of it."""

    asked: list[Any] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    had: set[str] = field(default_factory=set)
    nodes: Nodes = field(default_factory=lambda: Nodes(is_open=True))

    def collect(
        self, archive: Any, monitors: Sequence[Monitor], days: Sequence[date], again: bool, got: Callable[[Got], None]
    ) -> list[Got]:
        self.asked.append(([host.name for host in monitors], (days[0], days[-1]), again))
        found = [
            Got(host, day, 7, self.troubles.get(host.name, ""), host.name in self.had)
            for host in monitors for day in days
        ]  # fmt: skip
        for each in found:
            got(each)
        return found

    def restore(
        self, archive: Any, first: date, last: date, today: date, again: bool, step: Callable[[Step], None],
        stopping: threading.Event,
    ) -> None:  # fmt: skip
        self.asked.append((first, last, today, again))
        for host in ("a", "b"):
            trouble = self.troubles.get(host, "")
            got = Got(Monitor(host, ""), first, trouble=trouble)
            step(Step(f"collect {host}", 0.5, (trouble,) if trouble else (), got=got))
        step(Step("hourly", 0.9, ("a day has no lines",), made=Made(32, 3)))
        step(Step("daily", 1.0, made=Made(32, 4)))


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Fakes:
    made = Fakes()
    monkeypatch.setattr(collecting, "collect", made.collect)
    monkeypatch.setattr(restoring, "restore", made.restore)
    monkeypatch.setattr(nodes, "read", lambda path: made.nodes)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def ping(tmp_path: Path, archive: Path, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> Ping:
    """Run a command: ping("collect", "--again")."""
    file = tmp_path / "warden.toml"
    monitors = '{ a = "http://user:hunter2hunter2@a/", b = "http://b/" }'
    file.write_text(f'state_folder = "{tmp_path}/state"\n[ping_archive]\nfolder = "{archive}"\nmonitors = {monitors}\n')
    file.chmod(0o600)
    monkeypatch.setenv("WARDEN_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> Result:
        done = CliRunner().invoke(cli.main, ["ping", *words], prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        assert "Traceback" not in done.output and "hunter2" not in done.output
        return done

    return run


# -- collect


def test_yesterday_is_fetched_from_all_hosts(ping: Ping, fakes: Fakes):
    fakes.had = {"b"}
    done = ping("collect")
    assert fakes.asked == [(["a", "b"], (YESTERDAY, YESTERDAY), False)]
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "1 days of hosts fetched with 7 lines, 1 were there already, 0 failed.\n"


def test_other_days_one_host_and_again(ping: Ping, fakes: Fakes):
    done = ping("collect", "2026-01-30..2026-02-02", "--host", "B", "--again")
    assert fakes.asked == [(["b"], (date(2026, 1, 30), date(2026, 2, 2)), True)]
    assert done.stdout.startswith("4 days of hosts fetched with 28 lines")


def test_a_host_that_failed_is_said_once_without_secrets(ping: Ping, fakes: Fakes):
    fakes.troubles = {"a": "a (http://user:hunter2hunter2@a/) is \x1b[31maway\n"}
    done = ping("collect", "2026-01-01..2026-01-03")
    assert done.exit_code == 1
    assert done.stderr == "warden: a (http://user:***@a/) is \\x1b[31maway\\n\n"
    assert done.stdout == "3 days of hosts fetched with 21 lines, 0 were there already, 3 failed.\n"


def test_a_host_that_is_none_is_said_with_those_that_are(ping: Ping, fakes: Fakes):
    done = ping("collect", "--host", "c\x1b")
    assert done.exit_code == 2 and '"c\\x1b" is no monitoring host; there are: a, b' in done.stderr
    assert fakes.asked == []


def test_without_any_host_the_cure_is_said(ping: Ping, tmp_path: Path):
    (tmp_path / "warden.toml").write_text(f'[ping_archive]\nfolder = "{tmp_path}"\n')
    for command in (("collect",), ("check",)):
        done = ping(*command)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            "warden: no monitoring host is known; give one in [ping_archive.monitors], or as DATASERVER in the table"
            " of nodes\n"
        )


def test_lines_of_the_nodes_that_mean_nothing_are_said(ping: Ping, fakes: Fakes):
    fakes.nodes = Nodes(problems=("line 3 means nothing; correct it",))
    assert ping("collect").stderr == "warden: line 3 means nothing; correct it\n"


@pytest.mark.parametrize("command", ["collect", "check", "restore"])
@pytest.mark.parametrize("wrong", ["2026-13-01", "2026-02-02..2026-02-01", "x"])
def test_days_that_are_none_are_wrong_usage(ping: Ping, fakes: Fakes, command: str, wrong: str):
    assert ping(command, wrong).exit_code == 2
    assert fakes.asked == []


@pytest.mark.parametrize("words", [("collect",), ("check",), ("restore", "yesterday")])
def test_without_the_table_the_cure_is_said(ping: Ping, tmp_path: Path, words: tuple[str, ...]):
    (tmp_path / "warden.toml").write_text("")
    done = ping(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "the settings have no table [ping_archive]; add one" in done.stderr


# -- check


def test_days_that_are_whole_end_with_0(ping: Ping, archive: Path):
    for host in "ab":
        for day in days(TODAY - timedelta(40), 40):
            put(archive, host, day, 10)
    done = ping("check")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"All days from {YESTERDAY.replace(day=1)} to {YESTERDAY} are whole.\n"
    assert ping("check", "--json").stdout == ""
    assert ping("check", f"{YESTERDAY}..9999-01-01").stdout == f"All days from {YESTERDAY} to {YESTERDAY} are whole.\n"


def test_days_that_are_not_are_listed(ping: Ping, archive: Path):
    for day in days(date(2026, 1, 1), 10):
        put(archive, "a", day, 10)
    put(archive, "a", date(2026, 1, 10), 4)
    for number in (9, 10):
        put(archive, "b", date(2026, 1, number), 3)
    done = ping("check", "2026-01-08..2026-01-10")
    assert done.exit_code == 1
    rows = [line.strip("│").split("│") for line in done.stdout.splitlines() if "2026" in line]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["a", "2026-01-10", "short", "4", "10"], ["b", "2026-01-08", "missing", "0", ""],
    ]  # fmt: skip


def test_json_is_one_object_per_day(ping: Ping, archive: Path):
    for day in days(date(2026, 1, 1), 10):
        put(archive, "b", day, 10)
    done = ping("check", "2026-01-10", "--json")
    assert done.exit_code == 1
    [fault] = [json.loads(line) for line in done.stdout.splitlines()]
    assert fault.pop("text").startswith("a has no data of 2026-01-10: there is no file; fetch it with")
    assert fault == {"host": "a", "day": "2026-01-10", "why": "missing", "lines": 0, "usual": 0.0}


def test_the_help_says_how_it_is_mailed(ping: Ping):
    said = ping("check", "--help").stdout
    assert 'events = "ping_nightly"' in said and "[notify.rules.pings]" in said


# -- restore


def test_a_repair_says_what_it_made(ping: Ping, fakes: Fakes):
    done = ping("restore", "2026-01-01..2026-01-05", "--again")
    assert fakes.asked == [(date(2026, 1, 1), date(2026, 1, 5), TODAY, True)]
    assert (done.exit_code, done.stderr) == (0, "warden: a day has no lines\n")
    assert done.stdout == "64 tables made; 7 of them are other than before.\n"


def test_a_repair_that_lacks_a_host_ends_with_1(ping: Ping, fakes: Fakes):
    fakes.troubles = {"b": "b is away; start it"}
    done = ping("restore", "yesterday")
    assert done.exit_code == 1
    assert done.stderr == "warden: b is away; start it\nwarden: a day has no lines\n"
