"""The benchmark of pings measures at all, its plain program has the formulas right, and differences give no figure."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.bench import ping, ping_archive, ping_day, ping_hub, ping_plain, ping_plain_line, ping_probing, ping_raw
from tests.bench.ping_plain import Hour
from tests.bench.ping_plain_line import Sample, Values
from WardenServer.errors import WardenError
from WardenServer.plugins.common.ping.configuration import read_ping
from WardenServer.settings import config

PAIRS = 25
HEAD = "a.org 192.0.2.1 b.org 192.0.2.2"


@pytest.fixture(autouse=True)
def _no_folders_stay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ping, "_folders", [])
    yield
    for folder in ping._folders:
        folder.cleanup()


# -- what is measured


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("why_not", ["", "fping is missing; apt install fping"])
def test_what_cannot_be_measured_is_said_and_left_out(
    why_not: str, quick: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ping, "missing", lambda: why_not)
    contenders = ping.contenders(quick)
    assert ("apt install fping" in capsys.readouterr().err) == bool(why_not)
    assert len({contender.name for contender in contenders}) == len(contenders)
    load = ping_hub.HASTY if quick else ping_hub.USUAL
    values = {**dict.fromkeys(("took", "memory", "cpu", "p99", "pairs", "years"), 1.0), "tick": load.tick}
    figures = ping.figures({contender.name: [values] for contender in contenders})
    assert [figure.target for figure in figures] == [
        "<= 0.1", "<= 1.5", *["<= 1", "<= 1.5"] * 3, *([] if why_not else ["<= 10", "" if quick else "<= 1.5"]),
    ]  # fmt: skip


def test_fping_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.ping_probing.sockets.allowed", lambda kind, family: "")
    monkeypatch.setattr(ping_probing, "PROGRAM", "no-such-fping")
    assert ping_probing.missing() == "no-such-fping is missing; apt install no-such-fping"
    monkeypatch.setattr("tests.bench.ping_probing.sockets.allowed", lambda kind, family: "run as root")
    assert ping_probing.missing() == "run as root"


def test_fping_that_loses_a_ping_gives_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "fping"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.stderr.write('127.1.0.1 : {'0.1 ' * 9}-\\n')\n")
    program.chmod(0o755)
    monkeypatch.setattr(ping_probing, "PROGRAM", str(program))
    with pytest.raises(WardenError, match="has shown 10 of 10 replies, or lost some"):
        ping_probing.fping(tmp_path, 1, 0.01)


def test_hosts_have_addresses_of_their_own() -> None:
    found = ping_probing.addresses(1000)
    assert len(set(found)) == 1000
    assert (found[0], found[-1]) == ("127.1.0.1", "127.1.3.250")


@pytest.mark.parametrize("hosts", [0, 3])
def test_a_hub_understands_its_settings(hosts: int, tmp_path: Path) -> None:
    file = tmp_path / "warden.toml"
    file.write_text(ping_hub._settings(tmp_path, "127.0.0.1:1", hosts, ping_hub.HASTY))
    file.chmod(0o600)
    settings = config.load(file, {})
    assert (settings.tick, list(settings.memcached)) == (0.02, ["127.0.0.1:1"])
    assert ("ping" in settings.shared) == bool(hosts)
    if hosts:
        found = read_ping({**settings.shared["ping"], "folder": str(tmp_path)})
        assert (len(found.hosts), found.attributes, found.rate) == (3, ping_hub.ATTRIBUTES, ping_hub.HASTY.rate)


# -- raw data


def test_raw_data_are_always_the_same_and_have_faults_of_all_kinds() -> None:
    raw, nodes = ping_raw.raw(PAIRS), ping_raw.nodes(PAIRS)
    assert raw == ping_raw.raw(PAIRS)
    assert len(raw) == ping_raw.MONITORS
    assert {node.position is None for node in nodes.by_name.values()} == {True, False}
    lines = b"".join(raw).decode().splitlines()
    assert len(lines) >= PAIRS * 48 * 2
    found = ping_day.our_hours(raw, nodes)
    assert all((found.old, found.mangled, found.of_no_node, found.of_other_days, found.rogue))
    samples = [sample for line in lines if (sample := ping_plain_line.read(line))]
    values = [ping_plain_line.of_sample(sample) for sample in samples]
    for metric in ("unreachability", "duplicate_packets", "out_of_order_packets", "conditional_loss_probability"):
        assert {bool(each[metric]) for each in values if each.get(metric) is not None} == {True, False}
    assert {len(sample.replies) for sample in samples} > {0, 10}
    assert {sample.replies[0][0] for sample in samples if sample.replies} > {0, 1}
    assert len(set(lines)) < len(lines)


# -- the plain program


@pytest.mark.parametrize(
    "fields",
    [
        "100 1 10", "100 1 10 0 1", "100 1 10 9 1 2", "100 1 ten 0", "100 1 0 0", "100 1 10 -1", "100 1 10 10 2 1.5 1",
        "100 1 10 10 nan 1 1", "100 1 10 10 1 -1 1", "100 1 10 10 1 1 1e9",
    ],
)  # fmt: skip
def test_lines_that_mean_nothing(fields: str) -> None:
    assert ping_plain_line.read(f"{HEAD} {fields}") is None
    assert ping_plain_line.read(f"a.org unknown b.org 192.0.2.2 {fields}") is None


def test_lines_that_mean_something() -> None:
    assert ping_plain_line.read(f"{HEAD} 56 1 10 3") == Sample("a.org", "b.org", "192.0.2.2", 100, 1, 10, 0)
    sample = ping_plain_line.read("A.org ::1 B.org ::2 1000 1 10 2 1 1.5 2 0 1 1 2")
    assert sample == Sample("a.org", "b.org", "::2", 1000, 1, 10, 2, (1.0, 1.5, 2.0), [(0, 1.0), (1, 2.0)])
    for listed in ("0 1 2", "0 x", "0.5 1", "-1 1", "0 -1"):
        sample = ping_plain_line.read(f"{HEAD} 100 1 10 1 1 1 1 {listed}")
        assert sample is not None and sample.replies == ()


@pytest.mark.parametrize(
    ("came", "lost"),
    [
        ((0, 1, 2, 6, 7, 8, 9), 66.667), ((0, 2, 4, 6, 7, 8, 9), 0), ((0, 1, 2, 3, 6, 7, 8, 9), 50),
        ((0, 1, 2, 3, 4, 5, 6, 7, 8), 0), ((1, 2, 3, 4, 5, 6, 7, 10), 50),
    ],
)  # fmt: skip
def test_conditional_loss(came: tuple[int, ...], lost: float) -> None:
    sample = Sample("a", "b", "::2", 100, 1, 10, len(came), (1, 1, 1), [(number, 1.0) for number in came])
    assert ping_plain_line.of_sample(sample)["conditional_loss_probability"] == pytest.approx(lost, abs=1e-3)


def test_reference_numbers() -> None:
    assert ping_plain._mos(50, 5, 0) == pytest.approx(4.373, abs=1e-3)
    assert ping_plain._mos(200, 10, 1) == pytest.approx(4.013, abs=1e-3)
    assert ping_plain._mos(300, 40, 10) == pytest.approx(2.123, abs=1e-3)
    assert ping_plain._mos(100, 5, 40) == 1
    assert ping_plain_line._iqr([218, 217, 219, 218, 218, 217, 217, 217, 217, 217]) == 1.0
    for rtt, lost, sent, rate in ((100, 1, 100, 1168.0), (200, 1, 1000, 1846.771), (217.923, 0, 20, 338.977)):
        hour = Hour(sent, lost, {name: [float(rtt)] for name in (*ping_plain.METRICS, "minimum_packet_loss")})
        assert ping_plain.of_hour(hour, 8000, None)["throughput"] == pytest.approx(rate, abs=1e-3)
    hour = Hour(10, 0, {name: [200.0] for name in ping_plain.METRICS})
    assert ping_plain.of_hour(hour, 8000, None)["alpha"] == pytest.approx(0.4)
    small, large = Hour(values={"even": [0.82, 1.0]}), Hour(values={"even": [0.0, 2.0, 0.82]})
    assert ping_plain._unpredictability(small, large) == pytest.approx(0.380, abs=1e-3)
    assert ping_plain._unpredictability(small, Hour(values={"even": [1.0]})) is None


# -- both


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("function", [ping_day.make, ping_day.read])
def test_a_day_is_measured_and_both_have_the_same_numbers(function: object, ours: bool, tmp_path: Path) -> None:
    assert callable(function)
    assert function(tmp_path, PAIRS, ours, 1)["took"] > 0


KEY = ("node", 100, "a", "b", 3)
VALUES: Values = dict.fromkeys(ping_plain.METRICS, 1.0)


@pytest.mark.parametrize("value", [None, 1 + 2e-9, 0.0])
def test_another_value_gives_no_figure(value: float | None) -> None:
    ping_day.compare_values({KEY: {**VALUES, "MOS": 1 + 5e-10, "alpha": None}}, {KEY: {**VALUES, "alpha": None}})
    with pytest.raises(WardenError, match=r"MOS of .* by ours and 1\.0 by plain Python; nothing is compared"):
        ping_day.compare_values({KEY: {**VALUES, "MOS": value}}, {KEY: VALUES})


def test_an_hour_that_one_side_lacks_gives_no_figure() -> None:
    for one, other in (({}, {KEY: VALUES}), ({KEY: VALUES}, {})):
        with pytest.raises(WardenError, match="only one side has the hour"):
            ping_day.compare_values(one, other)


TABLE = ("MOS", "node", 100)
TEXT = "0 1\na b 1.000 . a b\n"


@pytest.mark.parametrize(
    "text",
    [
        "0 1\na b 1.002 . a b\n", "0 1\na b . . a b\n", "0 1\na b 1.000 0.000 a b\n", "0 1\na c 1.000 . a b\n", "0 1\n",
        "0 1\na b 1.000 .\n", "0 1\na b 1.000 . a b\na c . . a c\n",
    ],
)  # fmt: skip
def test_another_table_gives_no_figure(text: str) -> None:
    with pytest.raises(WardenError, match=r"table \('MOS', 'node', 100\) has .* by ours and .* by plain Python"):
        ping_day.compare_tables({TABLE: text}, {TABLE: TEXT})


def test_tables_are_the_same_where_only_a_half_was_rounded_the_other_way() -> None:
    ping_day.compare_tables({TABLE: "0 1\na b 1.001 . a b\n"}, {TABLE: TEXT})
    with pytest.raises(WardenError, match="ours has 0 tables, plain Python 1"):
        ping_day.compare_tables({}, {TABLE: TEXT})


def test_who_reads_fewer_lines_gives_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = ping_day.split
    monkeypatch.setattr(ping_day, "split", lambda raw: whole(raw)[1:])
    with pytest.raises(WardenError, match=r"ours has read .* lines, polars"):
        ping_day.read(tmp_path, 1, True, 1)


# -- an archive


def test_an_archive_is_made_and_its_tables_are_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ping_archive, "LAST", date(2025, 2, 3))
    kept = str(tmp_path)
    made = ping_archive.make(tmp_path, kept, 3, 1)
    assert made["bytes"] > 0 and (made["pairs"], made["years"]) == (3, 1)
    found = [ping_archive.all_years(tmp_path, kept, 1, first) for first in (True, False)]
    found += [ping_archive.day(tmp_path, kept), ping_archive.month(tmp_path, kept)]
    assert all(run["took"] > 0 and run["memory"] > 1 for run in found)
    assert {path.name for path in (tmp_path / "hourly").glob("*.parquet")} == {"2025-01.parquet", "2025-02.parquet"}
    assert len(list((tmp_path / "sums").glob("*.parquet"))) == 2
    for period in ("2025-02-03", "2025-02", "allyears"):
        assert len(list(tmp_path.glob(f"*/*-by-*-{period}.txt.gz"))) == ping_archive._TABLES


def test_an_archive_without_data_gives_no_figure(tmp_path: Path) -> None:
    with pytest.raises(WardenError, match="0 of 64 tables were made"):
        ping_archive.month(tmp_path, str(tmp_path))
