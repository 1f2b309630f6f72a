"""`warden ping analyze`: which tables are made, what is said, and the exit code."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from WardenServer.cli import commands as cli
from WardenServer.cli import ping_shared
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports import analyze
from WardenServer.plugins.common.ping.reports.analyze import Made, Wanted
from WardenServer.plugins.common.ping.reports.periods import Period

TODAY = date(2026, 12, 1)
Run = Callable[..., Result]


class Asked:
    """In place of reports/analyze.in_order: remembers what it was asked for."""

    def __init__(self) -> None:
        self.days: list[str] = []
        self.periods: list[str] = []
        self.wanted = Wanted()
        self.fails_after: int | None = None

    def in_order(
        self, archive: Archive, days: Sequence[date], periods: Sequence[Period], wanted: Wanted
    ) -> Iterator[tuple[str, Made]]:
        self.days, self.wanted = list(map(str, days)), wanted
        self.periods = [f"{each.kind} {each.points[0][0]}..{each.points[-1][0]}" for each in periods]
        for number, what in enumerate([*self.days, *self.periods]):
            if number == self.fails_after:
                raise Unreachable("the disk is full; make room")
            yield what, Made(64, 12, ("one\x1b thing is missing", "one\x1b thing is missing"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    made = Asked()
    monkeypatch.setattr(analyze, "in_order", made.in_order)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def run(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n[ping_archive]\nfolder = "{folder}"\n')
    monkeypatch.setenv("WARDEN_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(ping_shared, "today", lambda: TODAY)

    def run_command(*words: str) -> Result:
        done = CliRunner().invoke(cli.main, ["ping", "analyze", *words], prog_name="warden")
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        assert "Traceback" not in done.output
        return done

    return run_command


def test_hourly_is_yesterday_unless_days_are_said(run: Run, asked: Asked) -> None:
    assert run("hourly").exit_code == 0
    assert (asked.days, asked.periods) == (["2026-11-30"], [])
    run("hourly", "--date", "2026-02-28..2026-03-01", "--date", "2026-02-28", "--date", "2025-01-01")
    assert asked.days == ["2025-01-01", "2026-02-28", "2026-03-01"]


@pytest.mark.parametrize(
    ("words", "periods"),
    [
        (("daily",), ["daily Nov01..Nov30"]),
        (("daily", "--date", "2024-02"), ["daily Feb01..Feb29"]),
        (("daily", "--date", "120days", "--date", "60days", "--date", "2026-01", "--date", "2026-01"),
         ["daily Jan01..Jan31", "60days 26Oct02..26Nov30", "120days 26Aug03..26Nov30"]),
        (("monthly",), ["monthly Dec2024..Nov2026"]),
        (("allmonths",), ["allmonths Oct2026..Nov2026"]),
        (("allyears",), ["allyears 2026..2026"]),
    ],
)  # fmt: skip
def test_longer_tables(run: Run, asked: Asked, folder: Path, words: tuple[str, ...], periods: list[str]) -> None:
    (folder / "MOS").mkdir(parents=True)
    (folder / "MOS" / "MOS-100-by-site-2026-10-31.txt.gz").touch()
    assert run(*words).exit_code == 0
    assert (asked.days, asked.periods) == ([], periods)


def test_all_is_everything_in_order(run: Run, asked: Asked) -> None:
    run("all")
    assert (asked.days, [each.split()[0] for each in asked.periods]) == (
        ["2026-11-30"], ["daily", "60days", "120days", "monthly", "allmonths", "allyears"],
    )  # fmt: skip
    run("all", "--date", "2026-11-30", "--date", "2020-12-31..2021-01-01")
    assert asked.days == ["2020-12-31", "2021-01-01", "2026-11-30"]
    assert asked.periods == [
        "daily Dec01..Dec31", "daily Jan01..Jan31", "daily Nov01..Nov30", "60days 26Oct02..26Nov30",
        "120days 26Aug03..26Nov30", "monthly Dec2024..Nov2026", "allmonths Dec2020..Nov2026", "allyears 2020..2026",
    ]  # fmt: skip


def test_what_is_wanted(run: Run, asked: Asked) -> None:
    run("daily", "--by", "site", "--size", "100", "--size", "1000", "--metric", "mos", "--metric", "packet_loss")
    assert asked.wanted == Wanted(("MOS", "packet_loss"), (100, 1000), ("site",))


def test_what_was_made_is_said_and_each_warning_once(run: Run, asked: Asked) -> None:
    done = run("hourly", "--date", "2026-11-01..2026-11-02")
    assert done.stdout.splitlines() == [
        "2026-11-01: 64 tables, 12 of them other than before", "2026-11-02: 64 tables, 12 of them other than before",
    ]  # fmt: skip
    assert done.stderr == "warden: one\\x1b thing is missing\n"
    assert done.exit_code == 0


def test_as_json(run: Run, asked: Asked) -> None:
    found = json.loads(run("hourly", "--date", "2026-11-01..2026-11-02", "--json").stdout)
    assert (found["files"], found["changed"]) == (128, 24)
    assert found["steps"][0] == {
        "what": "2026-11-01", "files": 64, "changed": 12, "warnings": ["one\x1b thing is missing"] * 2,
    }  # fmt: skip


def test_what_was_made_before_it_failed_is_said(run: Run, asked: Asked) -> None:
    asked.fails_after = 1
    done = run("all")
    assert done.exit_code == 1
    assert done.stdout == "2026-11-30: 64 tables, 12 of them other than before\n"
    assert done.stderr.endswith("warden: the disk is full; make room\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Missing argument"),
        (("weekly",), "'weekly' is not one of"),
        (("hourly", "--date", "2026-13-01"), "write a day such as 2026-11-25"),
        (("hourly", "--date", "60days"), "write a day such as"),
        (("daily", "--date", "2026-11-01"), "write a month such as 2026-11, 60days or 120days"),
        (("daily", "--date", "2026-13"), "write a month such as 2026-11"),
        (("daily", "--date", "2026-W01"), "write a month such as 2026-11"),
        (("monthly", "--date", "2026-11"), "monthly has no --date"),
        (("daily", "--metric", "rtt"), "'rtt' is not one of"),
        (("daily", "--by", "country"), "'country' is not one of"),
        (("daily", "--size", "big"), "'big' is not a valid integer"),
    ],
)
def test_wrong_usage(run: Run, asked: Asked, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_size_that_is_not_made_is_wrong_usage(run: Run) -> None:
    done = run("daily", "--size", "500")
    assert (done.exit_code, done.stderr) == (
        2, "warden: there are no tables of 500 bytes; add it to `sizes` of [ping_archive]\n",
    )  # fmt: skip


def test_nothing_was_collected(run: Run) -> None:
    done = run("all")
    assert done.exit_code == 0
    assert "raw data of 2026-11-30 do not exist" in done.stderr
    assert done.stdout.splitlines()[0] == "hourly 2026-11-30: 0 tables, 0 of them other than before"


def test_without_the_table_in_the_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "warden.toml").write_text("")
    done = run("all")
    assert done.exit_code == 2
    assert "the settings have no table [ping_archive]" in done.stderr


def test_the_help_teaches(run: Run) -> None:
    text = run("--help").stdout
    assert "warden ping analyze hourly --date 2026-11-01..2026-11-05" in text
    assert "Exit code" in text
