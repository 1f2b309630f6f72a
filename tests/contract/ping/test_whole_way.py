"""From raw data of several monitoring hosts to all tables, as text, over the end of a year."""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.reports import analyze, kept, table
from WardenServer.plugins.common.ping.reports.analyze import Made
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.periods import touched

FIRST, LAST = date(2025, 12, 30), date(2026, 1, 2)
TODAY = LAST + timedelta(1)
NODES = """NODENAME,IPADDRESS,SITENAME,LATANDLONG,PROJECTTYPE
mon.desy.de,192.0.2.1,DESY.DE,53.576 9.879,
www.desy.de,192.0.2.2,DESY.DE,53.576 9.879,
www.example.org,192.0.2.3,EXAMPLE.ORG,37.419 -122.205,
off.example.org,192.0.2.4,EXAMPLE.ORG,37.419 -122.205,D
"""


def days() -> Iterator[date]:
    return (FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1))


def line(source: str, target: str, size: int, day: date, hour: int, minute: int, average: float, got: int = 10) -> str:
    """A raw line of ten pings, of which the last ones were lost."""
    stamp = int(datetime.combine(day, time(hour, minute), UTC).timestamp())
    head = f"{source} 192.0.2.1 {target} 192.0.2.9 {size} {stamp} 10 {got}"
    if got == 0:
        return f"{head}\n"
    replies = " ".join([*map(str, range(got)), *[f"{average:g}"] * got])
    return f"{head} {average:.3f} {average:.3f} {average:.3f} {replies}\n"


def raw(folders: Folders, host: str, day: date, text: str) -> None:
    path = folders.raw(host, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))


def lines_of(source: str, targets: tuple[str, ...], day: date) -> str:
    """Lines at 3 and at 7: the round trip time is the day of the month, and 10 more at 7; at 7 one of 10 packets of
    100 bytes is lost."""
    return "".join(
        line(source, target, size, day, hour, minute, average, got)
        for hour, average, of_small in ((3, day.day, 10), (7, day.day + 10, 9))
        for minute in (0, 30)
        for target in targets
        for size, got in ((100, of_small), (1000, 10))
    )


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Four days of two monitoring hosts."""
    (tmp_path / "nodes.csv").write_text(NODES)
    made = Archive(tmp_path / "archive", nodes=tmp_path / "nodes.csv")
    folders = Folders(made.folder)
    for day in days():
        raw(folders, "mon.desy.de", day, lines_of("mon.desy.de", ("www.example.org", "off.example.org"), day))
        raw(folders, "www.example.org", day, lines_of("www.example.org", ("www.desy.de", "mon.desy.de"), day))
    return made


def everything(archive: Archive) -> list[tuple[str, Made]]:
    """All that `warden ping analyze all` makes."""
    periods = touched((FIRST, LAST), TODAY, kept.oldest(Folders(archive.folder)))
    return list(analyze.in_order(archive, list(days()), periods))


def text(archive: Archive, metric: str, period: str, size: int = 100, by: str = "node") -> list[str]:
    return gzip.decompress(Folders(archive.folder).report(metric, size, by, period).read_bytes()).decode().splitlines()


def values(archive: Archive, metric: str, period: str, size: int = 100, by: str = "node") -> dict[str, float]:
    """What there is, by point, from the first monitoring host to the far one."""
    found = table.read(Folders(archive.folder).report(metric, size, by, period))
    pair = ("mon.desy.de", "www.example.org") if by == "node" else ("DESY.DE", "EXAMPLE.ORG")
    return {
        point: value for point, value in zip(found.points, found.rows[pair], strict=True) if value is not None
    }  # fmt: skip


def files(archive: Archive) -> dict[str, bytes]:
    return {
        str(path.relative_to(archive.folder)): path.read_bytes()
        for path in archive.folder.rglob("*") if path.is_file() and "sums" not in path.parts
    }  # fmt: skip


def test_every_table_is_made_once_and_again_with_the_same_bytes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyze, "_today", lambda: TODAY)
    steps = everything(archive)
    assert [what for what, _ in steps] == [
        *(f"hourly {day}" for day in days()),
        "daily 2025-12", "daily 2026-01", "60days", "120days", "monthly", "allmonths", "allyears",
    ]  # fmt: skip
    per_step = len(METRICS) * 2 * 2
    assert [(made.files, made.changed) for _, made in steps] == [(per_step, per_step)] * len(steps)
    before = files(archive)
    assert len([name for name in before if name.split("/")[0] in METRICS]) == per_step * len(steps)
    assert [made.changed for _, made in everything(archive)] == [0] * len(steps)
    assert files(archive) == before


def test_the_values_of_the_tables(archive: Archive) -> None:
    everything(archive)
    assert text(archive, "average_rtt", "2026-01-02")[0] == " ".join(map(str, range(24)))
    dots = ["."] * 24
    dots[3], dots[7] = "2.000", "12.000"
    assert text(archive, "average_rtt", "2026-01-02")[1] == (
        f"mon.desy.de www.example.org {' '.join(dots)} mon.desy.de www.example.org"
    )
    assert len(text(archive, "average_rtt", "2026-01-02")) == 1 + 3
    assert values(archive, "average_rtt", "2026-01") == {"Jan01": 6.0, "Jan02": 7.0}
    assert values(archive, "average_rtt", "60days") == {
        "25Dec30": 35.0,
        "25Dec31": 36.0,
        "26Jan01": 6.0,
        "26Jan02": 7.0,
    }
    assert values(archive, "average_rtt", "") == {"Dec2025": 35.5, "Jan2026": 6.5}
    assert values(archive, "average_rtt", "allmonths") == values(archive, "average_rtt", "")
    assert values(archive, "average_rtt", "allyears") == {"2025": 35.5, "2026": 6.5}
    assert values(archive, "packet_loss", "2026-01-01") == {"3": 0.0, "7": 10.0}
    assert values(archive, "packet_loss", "allyears") == {"2025": 5.0, "2026": 5.0}
    assert values(archive, "packet_loss", "allyears", size=1000) == {"2025": 0.0, "2026": 0.0}
    assert values(archive, "average_rtt", "allyears", by="site") == {"2025": 35.5, "2026": 6.5}


def test_a_day_that_is_repaired_changes_every_table_that_it_is_in(archive: Archive) -> None:
    everything(archive)
    day = date(2025, 12, 31)
    text = line("mon.desy.de", "www.example.org", 100, day, 12, 0, 100.0)
    raw(Folders(archive.folder), "mon.desy.de", day, text)
    list(analyze.in_order(archive, [day], touched((day, day), TODAY, FIRST)))
    assert values(archive, "average_rtt", "2025-12-31") == {"12": 100.0}
    assert values(archive, "average_rtt", "2025-12") == {"Dec30": 35.0, "Dec31": 100.0}
    mean = round((30 + 40 + 100) / 3, 3)
    assert values(archive, "average_rtt", "allyears") == {"2025": mean, "2026": 6.5}
    assert values(archive, "average_rtt", "") == {"Dec2025": mean, "Jan2026": 6.5}


def test_without_parquet_the_tables_make_the_same_rollups(archive: Archive) -> None:
    everything(archive)
    periods = touched((FIRST, LAST), TODAY, FIRST)
    names = [(metric, each.name) for metric in ("average_rtt", "packet_loss") for each in periods]
    before = {name: values(archive, *name) for name in names}
    for path in (archive.folder / "hourly").glob("*.parquet"):
        path.unlink()
    for each in periods:
        analyze.rollup(archive, each)
    for name in names:
        assert values(archive, *name) == pytest.approx(before[name], abs=0.001)


def test_raw_data_that_are_damaged_cost_only_themselves(archive: Archive) -> None:
    folders = Folders(archive.folder)
    whole = folders.raw("mon.desy.de", LAST).read_bytes()
    folders.raw("mon.desy.de", LAST).write_bytes(whole[:-12])
    raw(folders, "www.example.org", LAST, "<html>\n" + line("www.example.org", "www.desy.de", 100, LAST, 1, 0, 5.0))
    made = analyze.hourly(archive, LAST)
    assert any("mon.desy.de" in text and "lines count" in text for text in made.warnings)
    assert any(" mean nothing and are left out" in text for text in made.warnings)
    assert (
        table.read(folders.report("average_rtt", 100, "node", str(LAST))).rows["www.example.org", "www.desy.de"][1]
        == 5.0
    )
