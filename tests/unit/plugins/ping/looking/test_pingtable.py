import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.unit.plugins.ping.looking.archive import DAY, HOURS, put, short
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking import pingtable
from WardenServer.plugins.common.ping.looking.pingtable import (
    TICKS,
    Asked,
    Missing,
    Row,
    as_plain,
    as_text,
    as_tsv,
    view,
)

LOSS = Asked("packet_loss")
ROWS = {
    ("desy.de", "slac.edu"): short("0.000", "20.000"),
    ("desy.de", "cern.ch"): short("0.500", "."),
    ("cern.ch", "desy.de"): short(".", "3.000"),
}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """With a table of one day."""
    put(tmp_path, "packet_loss", "2026-11-28", ROWS)
    return Archive(tmp_path)


# -- what is found


def test_rows_are_in_order_with_the_newest_day(archive: Archive) -> None:
    found = view(archive, LOSS)
    assert found.asked.day == DAY
    assert (found.unit, found.points) == ("%", HOURS)
    assert [(row.source, row.target) for row in found.rows] == sorted(ROWS)
    assert found.rows[1] == Row("desy.de", "cern.ch", (0.5, *[None] * 23))
    assert found.summary["pairs"][:3] == (2, 2, 0)
    assert found.summary["mean"][:3] == (0.25, 11.5, None)


def test_the_summary_is_of_what_is_chosen(archive: Archive) -> None:
    found = view(archive, Asked("packet_loss", source="^desy", without="slac"))
    assert [(row.source, row.target) for row in found.rows] == [("desy.de", "cern.ch")]
    assert found.summary["max"][:2] == (0.5, None)


def test_without_pairs_the_table_is_empty(archive: Archive) -> None:
    found = view(archive, Asked("packet_loss", target="nowhere"))
    assert (found.rows, found.summary["pairs"]) == ((), (0,) * 24)


@pytest.mark.parametrize(
    ("tick", "name", "points"),
    [
        ("hourly", "2026-11-28", HOURS), ("daily", "2026-11", ["Nov01"]), ("last60days", "60days", ["26Nov27"]),
        ("last120days", "120days", ["26Nov27"]), ("monthly", "", ["Nov2026"]), ("allmonthly", "allmonths", ["Nov2026"]),
        ("allyearly", "allyears", ["2026"]),
    ],
)  # fmt: skip
def test_each_tick_has_its_table(tmp_path: Path, tick: str, name: str, points: list[str]) -> None:
    put(tmp_path, "MOS", name, {("a", "b"): ["4.000"] * len(points)}, points, size=1000, by="node")
    found = view(Archive(tmp_path), Asked("MOS", 1000, "node", tick, DAY))
    assert found.points == tuple(points)
    assert view(Archive(tmp_path), Asked("MOS", 1000, "node", tick)).rows == found.rows
    with pytest.raises(Missing, match=r"no .*table"):
        view(Archive(tmp_path), Asked("MOS", 100, "node", tick, DAY))


def test_all_ticks_are_tested() -> None:
    assert len(TICKS) == 7


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Asked("loss"), "metric is 'loss'; write one of: average_rtt, "),
        (Asked("packet_loss", by="country"), "by is 'country'; write one of: site, node"),
        (Asked("packet_loss", tick="weekly"), "tick is 'weekly'; write one of: hourly, "),
        (Asked("packet_loss", only="("), r"only is '\('; write a regular expression"),
    ],
)
def test_what_means_nothing_is_refused(archive: Archive, asked: Asked, sentence: str) -> None:
    with pytest.raises(SettingError, match=f"^{sentence}") as refused:
        view(archive, asked)
    assert not isinstance(refused.value, Missing)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Asked("packet_loss", day=date(2026, 1, 1)), "there is no table .*; make it with: warden ping analyze"),
        (Asked("packet_loss", tick="daily"), "there is no daily table of packet_loss .*: warden ping analyze daily"),
        (Asked("packet_loss", 64), "there is no hourly table of packet_loss for 64 bytes by site; make it with"),
    ],
)
def test_what_is_not_there_is_said_with_how_it_is_made(archive: Archive, asked: Asked, sentence: str) -> None:
    with pytest.raises(Missing, match=f"^{sentence}"):
        view(archive, asked)


def test_a_table_that_cannot_be_read_is_said(archive: Archive) -> None:
    put(archive.folder, "packet_loss", "2026-11-28", {}).write_bytes(b"no gzip")
    with pytest.raises(Unreachable):
        view(archive, LOSS)


# -- the newest


def test_the_newest_day_is_that_of_the_newest_table(archive: Archive) -> None:
    for name in ("2025-12-31", "2026-02-30", "2026-99-99", "2026-11", "allyears", "2026-11-29x", "9999-12"):
        put(archive.folder, "packet_loss", name, {})
    put(archive.folder, "packet_loss", "2026-11-30", {}, by="node")
    put(archive.folder, "packet_loss", "2026-11-30", {}, size=1000)
    assert pingtable.latest(archive, "packet_loss", 100, "site", "hourly") == DAY
    assert pingtable.latest(archive, "packet_loss", 100, "site", "daily") == date(9999, 12, 1)
    assert pingtable.latest(archive, "packet_loss", 100, "site", "allyearly") == date(2026, 11, 27)
    assert pingtable.latest(archive, "packet_loss", 100, "site", "monthly") is None
    assert pingtable.latest(archive, "MOS", 100, "site", "hourly") is None
    assert pingtable.latest(Archive(archive.folder / "none"), "MOS", 100, "site", "hourly") is None


def test_pairs_are_those_of_the_newest_tables_of_all_sizes(archive: Archive) -> None:
    put(archive.folder, "packet_loss", "2026-11-27", {("old.de", "old.ch"): short()})
    put(archive.folder, "packet_loss", "2026-11-27", {("big.de", "big.ch"): short()}, size=1000)
    put(archive.folder, "packet_loss", "2026-11", {("node.de", "node.ch"): ["1.000"]}, ["Nov01"], by="node")
    assert pingtable.pairs(archive, "site") == [("big.de", "big.ch"), *sorted(ROWS)]
    assert pingtable.pairs(archive, "node") == [("node.de", "node.ch")]
    assert pingtable.pairs(Archive(archive.folder / "none"), "site") == ()


# -- how it is written


def test_tsv_has_a_line_a_pair_and_the_summary_below(archive: Archive) -> None:
    put(
        archive.folder,
        "packet_loss",
        "2026-11",
        {("a", "b"): ["0.000", "1.5"], ("c", "d"): [".", "2"]},
        ["Nov01", "Nov02"],
    )
    assert as_tsv(view(archive, Asked("packet_loss", tick="daily"))).replace("\t", "|") == (
        "Monitoring-Group|Remote-Group|?|Nov01|Nov02|Monitoring-Node|Remote-Node\n"
        "a|b|?|0.000|1.500|a|b\n"
        "c|d|?|.|2.000|c|d\n"
        "min|||0.000|1.500||\n"
        "25%|||0.000|1.625||\n"
        "mean|||0.000|1.750||\n"
        "median|||0.000|1.750||\n"
        "75%|||0.000|1.875||\n"
        "90%|||0.000|1.950||\n"
        "95%|||0.000|1.975||\n"
        "max|||0.000|2.000||\n"
        "iqr|||0.000|0.250||\n"
        "std|||0.000|0.250||\n"
        "pairs|||1|2||\n"
    )


def test_text_has_columns_signs_and_a_legend(archive: Archive) -> None:
    put(
        archive.folder,
        "packet_loss",
        "2026-11",
        {("a", "b"): ["0.000", "100"], ("cc", "d"): [".", "2"]},
        ["Nov01", "Nov02"],
    )
    lines = as_text(view(archive, Asked("packet_loss", tick="daily"))).splitlines()
    assert lines[:6] == [
        "packet_loss (%), 100 bytes, by site, daily, 2026-11-01",
        "",
        "From    To    Nov01       Nov02",
        "a       b     0.000 ++  100.000 !!",
        "cc      d         .       2.000 ~",
        "",
    ]
    assert lines[6] == "min           0.000       2.000"
    assert lines[16] == "pairs             1           2"
    assert lines[-1].startswith("++ excellent: below 0.1   + good: below 1   ")


def test_text_of_a_metric_without_classes_has_no_legend(tmp_path: Path) -> None:
    put(tmp_path, "throughput", "2026-11-28", {("a", "b"): short("1168.000")})
    text = as_text(view(Archive(tmp_path), Asked("throughput")))
    assert text.splitlines()[0] == "throughput (kbit/s), 100 bytes, by site, hourly, 2026-11-28"
    assert text.splitlines()[-1].startswith("pairs")


def test_colours_are_added_to_classes_only(archive: Archive) -> None:
    text = as_text(view(archive, LOSS), lambda text, kind: f"<{kind.name}:{text}>")
    assert "<bad:20.000 !!>" in text
    assert text.count("<excellent:") == 2  # with the legend


def test_names_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    put(tmp_path, "packet_loss", "2026-11-28", {("\x1b[31mred", "b\u202eb"): short("1.000")})
    text = as_text(view(Archive(tmp_path), LOSS))
    assert "\x1b" not in text
    assert r"\x1b[31mred  b\u202eb" in text


def test_plain_is_json(archive: Archive) -> None:
    said = json.loads(json.dumps(as_plain(view(archive, LOSS)), allow_nan=False))
    assert {name: said[name] for name in ("metric", "unit", "size", "by", "tick", "day")} == {
        "metric": "packet_loss", "unit": "%", "size": 100, "by": "site", "tick": "hourly", "day": "2026-11-28",
    }  # fmt: skip
    assert said["rows"][1] == {"source": "desy.de", "target": "cern.ch", "values": [0.5, *[None] * 23]}
    assert said["summary"]["pairs"][:3] == [2, 2, 0]
    assert said["points"] == list(HOURS)


def test_commands_that_show_no_table_wait_for_no_large_library() -> None:
    code = "import sys, WardenServer.cli.commands; print([m for m in ('numpy', 'polars') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
