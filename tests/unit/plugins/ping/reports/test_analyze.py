"""Tables of all kinds out of hourly values; raw data are read by a stand-in."""

import gzip
import math
import random
import resource
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.plugins.ping.reports.frames import PAIRS, frame, row, whole_day
from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.archive.monitors import Monitor
from WardenServer.plugins.common.ping.archive.nodes import Nodes
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports import analyze, kept, sums, table
from WardenServer.plugins.common.ping.reports.analyze import Wanted
from WardenServer.plugins.common.ping.reports.hourly import Hourly
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.periods import period, touched

DAY = date(2026, 11, 25)
ALL = len(METRICS) * 4


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze, "_today", lambda: DAY + timedelta(1))


@pytest.fixture(autouse=True)
def _nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze.table_of_nodes, "read", lambda path: Nodes(is_open=True, problems=("a node is odd",)))
    monkeypatch.setattr(analyze, "monitors", lambda archive, nodes: (Monitor("mon.org", "http://mon.org"),))


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[date, pl.DataFrame]:
    """What the raw data of each day mean, where there are some."""
    found: dict[date, pl.DataFrame] = {}

    def hourly(raw: Iterable[bytes], day: date, *_: object) -> Hourly:
        lines = sum(text.count(b"\n") for text in raw)
        return Hourly(found[day] if lines else frame([]), lines, mangled=3 if lines > 3 else 0)

    monkeypatch.setattr(analyze.by_hour, "hourly", hourly)
    return found


def raw(archive: Archive, day: date, lines: int = 2, host: str = "mon.org") -> Path:
    path = Folders(archive.folder).raw(host, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"line\n" * lines))
    return path


def put(archive: Archive, day: date, values: pl.DataFrame | None = None) -> None:
    kept.put(Folders(archive.folder), day, whole_day(day) if values is None else values)


def read(archive: Archive, metric: str, name: str, size: int = 100, by: str = "node") -> table.Table:
    return table.read(Folders(archive.folder).report(metric, size, by, name))


def tables(archive: Archive) -> dict[str, bytes]:
    return {str(path.relative_to(archive.folder)): path.read_bytes() for path in archive.folder.rglob("*.txt.gz")}


def test_the_tables_of_a_day(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    raw(archive, DAY)
    values[DAY] = whole_day(DAY, hours=3)
    made = analyze.hourly(archive, DAY)
    assert (made.files, made.changed, made.warnings) == (ALL, ALL, ("a node is odd",))
    found = read(archive, "ipdv", "2026-11-25", 1000, "site")
    assert found.points == tuple(str(hour) for hour in range(24))
    assert list(found.rows) == sorted(PAIRS)
    mine = values[DAY].filter(by="site", size=1000, src="a.org", dst="b.org")["ipdv"].to_list()
    shown = [None if value is None else float(f"{value:.3f}") for value in mine]
    assert found.rows["a.org", "b.org"] == [*shown, *[None] * 21]


def test_a_day_again_is_the_same_bytes(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    raw(archive, DAY)
    values[DAY] = whole_day(DAY)
    analyze.hourly(archive, DAY)
    before = {path: path.read_bytes() for path in archive.folder.rglob("*") if path.is_file()}
    made = analyze.hourly(archive, DAY)
    assert (made.files, made.changed) == (ALL, 0)
    assert {path: path.read_bytes() for path in archive.folder.rglob("*") if path.is_file()} == before
    values[DAY] = whole_day(DAY, PAIRS[:1], seed=1)
    assert analyze.hourly(archive, DAY).changed == ALL
    assert list(read(archive, "MOS", "2026-11-25").rows) == [PAIRS[0]]


def test_only_the_tables_that_are_wanted(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    raw(archive, DAY)
    values[DAY] = whole_day(DAY)
    analyze.hourly(archive, DAY, Wanted(("MOS", "alpha"), (1000,), ("site",)))
    assert sorted(name.split("/")[1] for name in tables(archive) if not name.startswith("data/")) == [
        "MOS-1000-by-site-2026-11-25.txt.gz", "alpha-1000-by-site-2026-11-25.txt.gz",
    ]  # fmt: skip
    found = kept.read_day(Folders(archive.folder), DAY, (100, 1000), print)
    assert found is not None and found.equals(values[DAY])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(metrics=("rtt",)), 'there is no metric "rtt"; there are average_rtt, '),
        (Wanted(sizes=(500,)), "there are no tables of 500 bytes; add it to `sizes` of "),
        (Wanted(by=("country",)), 'there are no tables by "country"; add it to `by` of '),
    ],
)
def test_what_there_is_not_is_refused(archive: Archive, wanted: Wanted, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        analyze.hourly(archive, DAY, wanted)
    with pytest.raises(SettingError, match=said):
        analyze.rollup(archive, period("daily", DAY), wanted)


def test_a_day_without_raw_data_changes_nothing(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    put(archive, DAY)
    before = tables(archive)
    made = analyze.hourly(archive, DAY)
    assert (made.files, made.changed) == (0, 0)
    missing = Folders(archive.folder).raw("mon.org", DAY)
    assert made.warnings[1:] == (
        f"{missing} does not exist", "raw data of 2026-11-25 do not exist; its tables, if there are any, stay",
    )  # fmt: skip
    assert tables(archive) == before
    assert kept.days(Folders(archive.folder), DAY, DAY) == [DAY]


def test_what_was_left_out_and_what_is_damaged_is_said(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    damaged = raw(archive, DAY, 9)
    damaged.write_bytes(damaged.read_bytes()[:-4])
    raw(archive, DAY, 5, host="other.org")
    values[DAY] = whole_day(DAY)
    Folders(archive.folder).hourly(DAY).parent.mkdir()
    Folders(archive.folder).hourly(DAY).write_bytes(b"damaged")
    made = analyze.hourly(archive, DAY)
    assert made.files == ALL
    starts = (
        "a node is odd",
        f"of {damaged} only 9 lines",
        "2026-11-25: 3 of 14 raw lines mean nothing",
        str(archive.folder),
    )
    assert all(text.startswith(start) for text, start in zip(made.warnings, starts, strict=True))
    assert "set aside" in made.warnings[-1]


def loop_mean(found: list[float | None]) -> float | None:
    """A mean as everybody would write it."""
    there = [value for value in found if value is not None and math.isfinite(value)]
    return math.fsum(there) / len(there) if there else None


values_of_hours = st.none() | st.just(math.nan) | st.floats(-1e6, 1e6)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from([date(2025, 1, 31), date(2026, 10, 31), date(2026, 11, 1), DAY]), st.integers(0, 23)),
        values_of_hours, min_size=1, max_size=12,
    ),
    st.sampled_from(("daily", "60days", "120days", "monthly", "allmonths", "allyears")),
)  # fmt: skip
def test_each_point_is_the_mean_of_the_hours_in_it(
    tmp_path_factory: pytest.TempPathFactory, hours: dict[tuple[date, int], float | None], kind: str
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive"))
    for day in {day for day, _ in hours}:
        rows = [row(day, hour, packet_loss=value) for (each, hour), value in hours.items() if each == day]
        put(archive, day, frame(rows))
    of = period(kind, DAY, date(2025, 1, 1))
    analyze.rollup(archive, of, Wanted(("packet_loss",), (100,), ("node",)))
    if not any(of.first <= day <= of.last for day, _ in hours):
        assert tables(archive) == {}
        return
    begins = [*(first for _, first in of.points), of.last + timedelta(1)]
    expected = [
        loop_mean([value for (day, _), value in hours.items() if begin <= day < end]) for begin, end in pairwise(begins)
    ]
    [found] = read(archive, "packet_loss", of.name).rows.values()
    assert found == [None if value is None else pytest.approx(value, abs=0.00051) for value in expected]


def test_pairs_are_all_that_occur_in_the_period(archive: Archive) -> None:
    first = DAY - timedelta(1)
    put(archive, first, frame([row(first, 1, dst="x.org", MOS=4.0), row(first, 1, dst="y.org")]))
    put(archive, DAY, frame([row(DAY, 1, dst="z.org", MOS=3.0), row(DAY, 1, dst="x.org", MOS=3.0)]))
    analyze.rollup(archive, period("monthly", DAY))
    found = {pair[1]: values[-1] for pair, values in read(archive, "MOS", "").rows.items()}
    assert found == {"x.org": 3.5, "y.org": None, "z.org": 3.0}


def test_a_site_is_rolled_up_from_its_own_values(archive: Archive) -> None:
    put(archive, DAY, frame([row(DAY, 1, MOS=4.0), row(DAY, 1, by="site", src="s", dst="t", MOS=2.0)]))
    analyze.rollup(archive, period("allyears", DAY, DAY))
    assert read(archive, "MOS", "allyears", by="site").rows == {("s", "t"): [2.0]}


def test_missing_days_are_said_and_are_dots(archive: Archive) -> None:
    for number in (1, 2, 5, 25):
        put(archive, date(2026, 11, number))
    made = analyze.rollup(archive, period("daily", DAY))
    assert made.files == ALL
    assert made.warnings == (
        "hourly data of 2026-11-03..2026-11-04 does not exist", "hourly data of 2026-11-06..2026-11-24 does not exist",
    )  # fmt: skip
    found = read(archive, "packet_loss", "2026-11").rows["a.org", "b.org"]
    assert [number for number, value in enumerate(found, 1) if value is not None] == [1, 2, 5, 25]


def test_a_period_without_data_changes_nothing(archive: Archive) -> None:
    made = analyze.rollup(archive, period("60days", DAY))
    assert (made.files, made.warnings) == (0, ("hourly data of 2026-09-27..2026-11-25 does not exist",))
    assert tables(archive) == {}


def test_today_and_the_future_are_not_missed(archive: Archive) -> None:
    put(archive, DAY)
    made = analyze.rollup(archive, period("daily", DAY + timedelta(30)))
    assert (made.files, made.warnings) == (0, ())


def test_rollups_again_are_the_same_bytes(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> None:
    days = [date(2025, 12, 30) + timedelta(number) for number in range(4)] + [DAY]
    for day in days:
        put(archive, day)
    kinds = ("daily", "60days", "120days", "monthly", "allmonths", "allyears")
    periods = [period(kind, DAY, days[0]) for kind in kinds]
    some = Wanted(("MOS", "packet_loss"))
    made = [analyze.rollup(archive, each, some) for each in periods]
    assert [(each.files, each.changed) for each in made] == [(8, 8)] * 6
    before = tables(archive)
    assert [analyze.rollup(archive, each, some).changed for each in periods] == [0] * 6
    other = Archive(tmp_path_factory.mktemp("other"))
    for day in random.Random(1).sample(days, len(days)):
        put(other, day)
    for each in reversed(periods):
        analyze.rollup(other, each, some)
    assert tables(other) == before


def test_kept_sums_are_made_again_when_a_day_is(archive: Archive) -> None:
    of = period("allmonths", DAY, DAY)
    put(archive, DAY, frame([row(DAY, 1, MOS=4.0)]))
    analyze.rollup(archive, of)
    put(archive, DAY, frame([row(DAY, 1, MOS=2.0)]))
    assert analyze.rollup(archive, of).changed == 1
    assert read(archive, "MOS", "allmonths").rows["a.org", "b.org"] == [2.0]


def test_kept_sums_are_made_again_when_a_table_is(archive: Archive) -> None:
    path = Folders(archive.folder).report("MOS", 100, "node", "2026-11-25")
    of = period("allmonths", DAY, DAY)
    for value in (4.0, 3.0):
        line = f"a.org b.org {value:.3f} {'. ' * 23}a.org b.org\n"
        table.write(path, [str(hour) for hour in range(24)], line.encode())
        analyze.rollup(archive, of)
        assert read(archive, "MOS", "allmonths").rows["a.org", "b.org"] == [value]


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_damaged_sums_are_made_again(archive: Archive, content: bytes | None) -> None:
    put(archive, DAY)
    of = period("allyears", DAY, DAY)
    analyze.rollup(archive, of)
    before = tables(archive)
    [path] = (archive.folder / "sums").iterdir()
    if content is None:
        pl.DataFrame({"a": [1]}).write_parquet(path)
    else:
        path.write_bytes(content)
    assert analyze.rollup(archive, of).changed == 0
    assert tables(archive) == before
    assert kept.scan(Folders(archive.folder), DAY, DAY) is not None


def test_sums_are_read_where_nothing_changed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    put(archive, DAY)
    of = period("monthly", DAY)
    analyze.rollup(archive, of)
    before = tables(archive)
    (archive.folder / "MOS" / "MOS-100-by-node.txt.gz").unlink()
    monkeypatch.setattr(kept, "read_day", lambda *_: pytest.fail("the hourly values are read again"))
    assert analyze.rollup(archive, of).changed == 1
    assert tables(archive) == before


def test_trouble_is_said_each_time(archive: Archive) -> None:
    path = Folders(archive.folder).report("MOS", 100, "node", "2026-11-25")
    path.parent.mkdir()
    path.write_bytes(b"no gzip")
    put(archive, DAY - timedelta(1))
    of = period("allmonths", DAY, DAY)
    for _ in range(2):
        said = analyze.rollup(archive, of).warnings
        assert [text for text in said if text.startswith(f"the table {path} cannot be read")]


def test_of_a_damaged_month_the_tables_count(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    raw(archive, DAY)
    values[DAY] = whole_day(DAY)
    analyze.hourly(archive, DAY)
    kinds = [period(kind, DAY, DAY) for kind in ("daily", "monthly")]
    for of in kinds:
        analyze.rollup(archive, of)
    before = read(archive, "MOS", "2026-11").rows, read(archive, "MOS", "").rows
    path = Folders(archive.folder).hourly(DAY)
    path.write_bytes(path.read_bytes()[:-50])
    for of, rows in zip(kinds, before, strict=True):
        made = analyze.rollup(archive, of)
        assert any("is damaged" in text for text in made.warnings)
        for pair, found in read(archive, "MOS", of.name).rows.items():
            assert found == [None if value is None else pytest.approx(value, abs=0.002) for value in rows[pair]]


def test_many_warnings_are_some(archive: Archive) -> None:
    for number in range(1, 26, 2):
        put(archive, date(2026, 11, number))
        put(archive, date(2026, 10, number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyze, "_MOST", 5)
        made = analyze.rollup(archive, period("60days", DAY))
    assert len(made.warnings) == 6
    assert made.warnings[-1] == "... and 21 more"


def test_a_table_that_cannot_be_written_ends_it_with_a_sentence(archive: Archive) -> None:
    put(archive, DAY)
    (archive.folder / "average_rtt").write_text("no folder")
    with pytest.raises(Unreachable, match="cannot be written"):
        analyze.rollup(archive, period("daily", DAY))


@pytest.mark.parametrize("kind", ["allmonths", "allyears"])
def test_without_room_for_the_sums_of_a_month_it_ends_with_a_sentence(archive: Archive, kind: str) -> None:
    put(archive, DAY)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(Unreachable, match=r"sums/2026-11.parquet cannot be written .* make room"):
            analyze.rollup(archive, period(kind, DAY))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((archive.folder / "sums").iterdir())


def test_in_order(archive: Archive, values: dict[date, pl.DataFrame]) -> None:
    days = (DAY - timedelta(1), DAY)
    for day in days:
        raw(archive, day)
        values[day] = whole_day(day)
    steps = [what for what, _ in analyze.in_order(archive, days, touched(days, DAY + timedelta(1), None))]
    assert steps == [
        "hourly 2026-11-24", "hourly 2026-11-25",
        "daily 2026-11", "60days", "120days", "monthly", "allmonths", "allyears",
    ]  # fmt: skip
    assert len([name for name in tables(archive) if not name.startswith("data/")]) == 8 * ALL


def test_today_is_that_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert abs(analyze._today() - datetime.now(UTC).date()) <= timedelta(1)


def test_sums_are_sorted_by_their_keys_whatever_the_order_was() -> None:
    terms = sums._terms(whole_day(DAY))
    mixed = sums.added(terms.sample(fraction=1, shuffle=True, seed=1), sums.PAIR)
    found = sums.added(terms, sums.PAIR)
    assert found.select(sums.PAIR).equals(terms.select(sums.PAIR).unique(maintain_order=True))
    assert mixed.select(sums.PAIR).equals(found.select(sums.PAIR))
    assert mixed["n MOS"].to_list() == found["n MOS"].to_list()
