"""Hourly values in Parquet, and in tables where there is no Parquet."""

import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.unit.plugins.ping.reports.frames import PAIRS, SIZES, frame, hour, row, whole_day
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.reports import kept, month_file, table
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.month_file import Damaged

DAY = date(2026, 11, 25)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def scanned(folders: Folders, first: date, last: date) -> pl.DataFrame:
    found = kept.scan(folders, first, last)
    assert found is not None
    return found.collect().sort(KEYS)


def tables(folders: Folders, day: date, metric: str = "packet_loss", size: int = 100, by: str = "node") -> Path:
    """A table by hours: 0.000 .. 23.000 for a pair, dots for another."""
    path = folders.report(metric, size, by, day.isoformat())
    numbers = " ".join(f"{number}.000" for number in range(24))
    text = f"a.org b.org {numbers} a.org b.org\na.org c.org {'. ' * 24}a.org c.org\n"
    table.write(path, [str(number) for number in range(24)], text.encode())
    return path


def test_what_was_put_is_found(folders: Folders) -> None:
    days = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)]
    values = {day: whole_day(day) for day in days}
    for day in days:
        assert kept.put(folders, day, values[day]) == ()
    assert scanned(folders, days[0], days[-1]).equals(pl.concat(values.values()).sort(KEYS))
    assert scanned(folders, days[1], days[1]).equals(values[days[1]])
    assert kept.days(folders, date.min, date.max) == days
    assert kept.oldest(folders) == date(2026, 10, 1)


def test_a_day_takes_the_place_of_what_was_there_of_it(folders: Folders) -> None:
    kept.put(folders, DAY, whole_day(DAY))
    kept.put(folders, DAY + timedelta(1), whole_day(DAY + timedelta(1)))
    kept.put(folders, DAY, frame([row(DAY, 3, packet_loss=1.5)]))
    assert scanned(folders, DAY, DAY).select("time", "packet_loss").rows() == [(hour(DAY, 3), 1.5)]
    assert scanned(folders, DAY, DAY + timedelta(1)).height == 1 + whole_day(DAY).height


def test_the_bytes_do_not_depend_on_the_order_of_days(tmp_path: Path) -> None:
    days = [date(2026, 2, number) for number in range(1, 29)]
    values = {day: whole_day(day, PAIRS[: 1 + day.day % 3], hours=1 + day.day % 24) for day in days}
    found = set()
    for number in range(4):
        folders = Folders(tmp_path / str(number))
        shuffled = random.Random(number).sample(days, len(days))
        for day in (*shuffled, days[13], days[0], days[27]):
            kept.put(folders, day, values[day])
        found.add(folders.hourly(days[0]).read_bytes())
    assert len(found) == 1


def test_a_file_of_the_same_bytes_is_left_as_it_is(folders: Folders) -> None:
    kept.put(folders, DAY, whole_day(DAY))
    before = folders.hourly(DAY).stat()
    kept.put(folders, DAY, whole_day(DAY))
    after = folders.hourly(DAY).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert sorted(path.name for path in folders.hourly(DAY).parent.iterdir()) == ["2026-11.parquet", "lock"]


def test_columns_and_types_are_always_the_same(folders: Folders) -> None:
    kept.put(
        folders,
        DAY,
        frame([row(DAY, packet_loss=1.0)]).select(*KEYS, "packet_loss").with_columns(pl.col("size").cast(pl.Int64)),
    )
    stored = pl.read_parquet(folders.hourly(DAY))
    assert dict(stored.schema) == month_file.schema()
    assert list(stored.columns) == [*KEYS, *COUNTS, *METRICS]


def test_a_day_without_values_goes(folders: Folders) -> None:
    kept.put(folders, DAY, whole_day(DAY))
    kept.put(folders, DAY, frame([]))
    assert kept.days(folders, date.min, date.max) == []
    assert kept.scan(folders, DAY, DAY) is None


def test_nothing_is_there(folders: Folders) -> None:
    assert kept.scan(folders, date.min, date.max) is None
    assert kept.days(folders, date.min, date.max) == []
    assert kept.oldest(folders) is None
    assert kept.read_day(folders, DAY, SIZES, print) is None


def test_days_that_are_not_in_parquet_come_from_tables(folders: Folders) -> None:
    tables(folders, DAY)
    tables(folders, DAY, "average_rtt", 1000, "site")
    tables(folders, DAY + timedelta(1))
    kept.put(folders, DAY + timedelta(1), frame([row(DAY + timedelta(1), 1, packet_loss=0.12345)]))
    found = scanned(folders, DAY - timedelta(9), DAY + timedelta(9))
    assert kept.days(folders, date.min, date.max) == [DAY, DAY + timedelta(1)]
    assert dict(found.schema) == month_file.schema()
    first = found.filter(pl.col("time") < hour(DAY + timedelta(1)))
    added = first.group_by("by", "size").agg(pl.col("packet_loss", "average_rtt").sum())
    assert added.sort("by").rows() == [("node", 100, 276.0, 0.0), ("site", 1000, 0.0, 276.0)]
    assert first["samples"].null_count() == first.height == 2 * 2 * 24
    later = found.filter(pl.col("time") >= hour(DAY + timedelta(1)))
    assert later["packet_loss"].to_list() == [0.12345]


def test_tables_are_narrowed_before_they_are_read(folders: Folders) -> None:
    tables(folders, DAY)
    broken = tables(folders, DAY, "alpha")
    broken.write_bytes(b"no gzip")
    said: list[str] = []
    found = kept.scan(folders, DAY, DAY, trouble=said.append)
    assert found is not None
    narrowed = found.filter(pl.col("dst") == "b.org", pl.col("time") >= hour(DAY, 22)).select("time", "packet_loss")
    assert narrowed.collect().rows() == [(hour(DAY, 22), 22.0), (hour(DAY, 23), 23.0)]
    assert said == []
    assert found.select("packet_loss").head(3).collect().height == 3
    found.collect()
    assert [text for text in said if str(broken) in text]


def test_tables_of_other_sizes_are_found_where_they_are_asked_for(folders: Folders) -> None:
    tables(folders, DAY, size=500)
    found = kept.scan(folders, DAY, DAY, sizes=(500,))
    assert found is not None and found.collect()["size"].unique().to_list() == [500]
    assert kept.read_day(folders, DAY, (100,), print) is None


@pytest.mark.parametrize(
    "name",
    [
        "packet_loss-100-by-node-2026-13-01.txt.gz",
        "packet_loss-100-by-node-2026-11.txt.gz",
        "x.txt.gz",
        "packet_loss-\u0662\u0660\u0662\u0666-11-25.txt.gz",
    ],
)
def test_files_that_are_no_hourly_tables(folders: Folders, name: str) -> None:
    (folders.root / "packet_loss").mkdir()
    (folders.root / "packet_loss" / name).touch()
    (folders.root / "hourly").mkdir()
    (folders.root / "hourly" / "2026-14.parquet").touch()
    (folders.root / "MOS").touch()
    assert kept.oldest(folders) is None
    assert kept.days(folders, date.min, date.max) == []


def test_a_table_that_has_other_points_is_said(folders: Folders) -> None:
    path = folders.report("MOS", 100, "node", DAY.isoformat())
    table.write(path, ["Jan01"], b"a b 1.000 a b\n")
    said: list[str] = []
    assert kept.read_day(folders, DAY, SIZES, said.append) is None
    assert said == [f"{path} is no table by hours; make it again with: warden ping analyze hourly"]


def damaged(folders: Folders, how: str) -> Path:
    """A month of two days, damaged."""
    for day in (DAY, DAY + timedelta(1)):
        kept.put(folders, day, whole_day(day))
    path = folders.hourly(DAY)
    whole = path.read_bytes()
    wrong = frame([row(DAY)]).with_columns(pl.col("size").cast(pl.String))
    match how:
        case "cut":
            path.write_bytes(whole[:-100])
        case "empty":
            path.write_bytes(b"")
        case "other":
            path.write_bytes(b"<html>somebody's page</html>")
        case "zeros":
            path.write_bytes(whole[:5000] + bytes(20000) + whole[25000:])
        case "types":
            wrong.write_parquet(path)
        case "columns":
            pl.DataFrame({"a": [1]}).write_parquet(path)
    return path


HOWS = ("cut", "empty", "other", "zeros", "types", "columns")


@pytest.mark.parametrize("how", HOWS)
def test_a_damaged_file_is_set_aside(folders: Folders, how: str) -> None:
    path = damaged(folders, how)
    before = path.read_bytes()
    [said] = kept.put(folders, DAY, whole_day(DAY))
    assert said.startswith(f"{path} is damaged (")
    assert "warden ping analyze hourly --date 2026-11-01..2026-11-30" in said
    assert said.endswith("set aside as 2026-11.parquet.damaged")
    assert path.with_name("2026-11.parquet.damaged").read_bytes() == before
    assert scanned(folders, DAY, DAY).equals(whole_day(DAY))
    path.write_bytes(b"again")
    [said] = kept.put(folders, DAY, whole_day(DAY))
    assert said.endswith("2026-11.parquet.damaged-1")


@pytest.mark.parametrize("how", HOWS)
def test_of_a_damaged_file_the_tables_are_read(folders: Folders, how: str) -> None:
    path = damaged(folders, how)
    tables(folders, DAY)
    said: list[str] = []
    found = kept.read_day(folders, DAY, SIZES, said.append)
    assert found is not None and found["packet_loss"].sum() == 276.0
    assert len(said) == 1 and said[0].startswith(f"{path} is damaged (")


@pytest.mark.parametrize("how", [how for how in HOWS if how != "zeros"])
def test_a_scan_of_a_damaged_file_is_that_of_the_tables(folders: Folders, how: str) -> None:
    path = damaged(folders, how)
    tables(folders, DAY)
    said: list[str] = []
    found = kept.scan(folders, DAY, DAY, trouble=said.append)
    assert found is not None and found.collect()["packet_loss"].sum() == 276.0
    assert len(said) == 1 and str(path) in said[0]


def test_damage_that_shows_only_later_is_told_from_a_full_disk(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = damaged(folders, "zeros")
    with pytest.raises(Damaged, match="is damaged"):
        month_file.put(path, DAY + timedelta(2), frame([]))
    whole = whole_day(DAY)
    path.unlink()
    kept.put(folders, DAY, whole)
    before = path.read_bytes()

    def full(*args: object, **options: object) -> None:
        raise pl.exceptions.ComputeError("No space left on device (os error 28)")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    with pytest.raises(Unreachable, match=r"cannot be written .*No space left.* make room") as caught:
        kept.put(folders, DAY, whole_day(DAY, seed=1))
    assert not isinstance(caught.value, Damaged)
    assert path.read_bytes() == before
    assert sorted(each.name for each in path.parent.iterdir()) == ["2026-11.parquet", "lock"]


_PUT = """
import sys
from datetime import date
from pathlib import Path
from tests.unit.plugins.ping.reports.frames import whole_day
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.reports import kept
for text in sys.argv[2:]:
    day = date.fromisoformat(text)
    kept.put(Folders(Path(sys.argv[1])), day, whole_day(day))
"""


def test_two_programs_lose_nothing_of_each_other(folders: Folders) -> None:
    days = [date(2026, 11, number) for number in range(1, 11)]
    programs = [
        subprocess.Popen([sys.executable, "-c", _PUT, folders.root, *map(str, mine)])
        for mine in (days[::2], days[1::2])
    ]
    assert [program.wait(60) for program in programs] == [0, 0]
    assert kept.days(folders, date.min, date.max) == days


def test_another_program_is_not_waited_for_without_end(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_PATIENCE", 0.01)
    path = folders.hourly(DAY)
    with kept._alone(path), pytest.raises(Unreachable, match=r"another program has kept .*lock"):
        kept.put(folders, DAY, whole_day(DAY))
    assert not path.exists()


def test_a_folder_that_cannot_be_written_is_said(folders: Folders) -> None:
    (folders.root / "hourly").write_text("no folder")
    with pytest.raises(Unreachable, match="hourly cannot be written"):
        kept.put(folders, DAY, whole_day(DAY))


_PUT_ON_A_FULL_DISK = """
import resource
import sys
from datetime import date
from pathlib import Path
from tests.unit.plugins.ping.reports.frames import whole_day
from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.reports import kept
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    kept.put(Folders(Path(sys.argv[1])), date(2026, 11, 26), whole_day(date(2026, 11, 26)))
except Unreachable as error:
    print(type(error).__name__, error)
"""


def test_on_a_full_disk_the_file_stays_as_it_was(folders: Folders) -> None:
    kept.put(folders, DAY, whole_day(DAY))
    before = folders.hourly(DAY).read_bytes()
    command = [sys.executable, "-c", _PUT_ON_A_FULL_DISK, str(folders.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith(f"Unreachable {folders.hourly(DAY)} cannot be written"), done.stderr
    assert folders.hourly(DAY).read_bytes() == before
    assert sorted(each.name for each in folders.hourly(DAY).parent.iterdir()) == ["2026-11.parquet", "lock"]
