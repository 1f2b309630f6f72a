"""`warden ping table`, on an archive written by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.unit.plugins.ping.looking.archive import put, short
from WardenServer.cli import commands as cli
from WardenServer.plugins.common.ping.reports.metrics import METRICS

Table = Callable[..., Result]
ROWS = {("desy.de", "cern.ch"): short("0.000", "20.000"), ("desy.de", "slac.edu"): short("1.500")}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The command, with an archive of one day by hour and one month by day."""
    file = tmp_path / "warden.toml"
    file.write_text(f'state_folder = "{tmp_path}/state"\n[ping_archive]\nfolder = "{tmp_path}/archive"\n')
    monkeypatch.setenv("WARDEN_CONFIG", str(file))
    put(tmp_path / "archive", "packet_loss", "2026-11-28", ROWS)
    put(tmp_path / "archive", "MOS", "2026-11", {("a", "b"): ["4.373"]}, ["Nov28"], size=1000, by="node")

    def run(*words: str, **more: bool) -> Result:
        done = CliRunner().invoke(cli.main, ["ping", "table", *words], prog_name="warden", **more)  # type: ignore[arg-type]
        assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
        return done

    return run


def test_without_words_it_is_the_loss_of_the_newest_day(table: Table) -> None:
    done = table()
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "packet_loss (%), 100 bytes, by site, hourly, 2026-11-28"
    assert lines[3].split()[:6] == ["desy.de", "cern.ch", "0.000", "++", "20.000", "!!"]
    assert "\x1b" not in done.stdout


def test_all_words_are_understood(table: Table) -> None:
    done = table("MOS", "--size", "1000", "--by", "node", "--tick", "daily", "--day", "2026-11-05", "--from", "a",
                 "--to", "b", "--only", "a", "--ex", "z")  # fmt: skip
    assert done.exit_code == 0
    assert "4.373 ++" in done.stdout
    assert table("--without", "cern").stdout.count("desy.de") == 1


def test_a_terminal_has_colours(table: Table) -> None:
    assert "\x1b[31m20.000 !!\x1b[0m" in table(color=True).stdout


def test_tsv_has_nothing_else(table: Table) -> None:
    lines = table("--tsv", "--to", "slac").stdout.splitlines()
    assert lines[0].split("\t")[:4] == ["Monitoring-Group", "Remote-Group", "?", "0"]
    assert lines[1].split("\t") == ["desy.de", "slac.edu", "?", "1.500", *["."] * 23, "desy.de", "slac.edu"]
    assert len(lines) == 2 + 11


def test_json_is_one_object(table: Table) -> None:
    said = json.loads(table("--json").stdout)
    assert (said["metric"], said["day"], len(said["rows"])) == ("packet_loss", "2026-11-28", 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["throughput"],
            "warden: there is no hourly table of throughput for 100 bytes by site; make it with: warden ping",
        ),
        (["--day", "2026-11-27"], "warden: there is no table "),
        (["--from", "nowhere"], "warden: there is no such pair; take less of --from"),
    ],
)
def test_what_is_not_there_is_exit_code_1(table: Table, words: list[str], sentence: str) -> None:
    done = table(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["loss"], "warden: metric is 'loss'; write one of: average_rtt"),
        (["--only", "("], "warden: only is '('; write a regular expression"),
        (["--day", "2026-13-01"], "'2026-13-01' does not match the format '%Y-%m-%d'"),
        (["--size", "many"], "'many' is not a valid integer"),
        (["--by", "country"], "'country' is not one of 'site', 'node'"),
    ],
)
def test_wrong_usage_is_exit_code_2(table: Table, words: list[str], sentence: str) -> None:
    done = table(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_without_an_archive_it_is_said(table: Table, tmp_path: Path) -> None:
    (tmp_path / "warden.toml").write_text("")
    done = table()
    assert done.exit_code == 2
    assert "no table [ping_archive]" in done.stderr


def test_help_names_all_metrics(table: Table) -> None:
    text = " ".join(table("--help").stdout.split())
    assert all(metric in text for metric in METRICS)
