import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars
import pytest

from WardenServer.errors import SettingError, Unreachable
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.configuration import Archive
from WardenServer.plugins.common.ping.looking.pingtable import Missing
from WardenServer.plugins.common.ping.looking.series import Series, Wanted, series
from WardenServer.plugins.common.ping.reports import kept

FIRST = date(2026, 11, 1)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ROW = {"by": "site", "size": 100, "src": "a", "dst": "b", "packet_loss": 1.0, "sent": 20, "received": 19}

Ask = Callable[..., Series]


def at(hours: int, **more: object) -> dict[str, object]:
    """A value of an hour of the first of November, or later."""
    return {**ROW, "time": BEGIN + timedelta(hours=hours), **more}


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The series of an archive with these rows."""

    def found(*rows: dict[str, object], most: int = 5000, **more: object) -> Series:
        def scan(folders: Folders, first: date, last: date) -> polars.LazyFrame | None:
            assert folders.root == tmp_path
            return polars.LazyFrame(rows, infer_schema_length=None) if rows else None

        monkeypatch.setattr(kept, "scan", scan)
        said = {"metric": "packet_loss", "size": 100, "by": "site", "source": "a", "target": "b", "first": FIRST,
                "last": FIRST, **more}  # fmt: skip
        return series(Archive(tmp_path), Wanted(**said), most)  # type: ignore[arg-type]

    return found


def test_hours_without_a_value_are_gaps(ask: Ask) -> None:
    found = ask(at(3, packet_loss=5.0, received=18), at(0), at(4, packet_loss=None), at(5, packet_loss=math.nan))
    assert (found.metric, found.unit, found.step) == ("packet_loss", "%", 3600)
    assert list(found.times) == [BEGIN.timestamp() + 3600 * hour for hour in range(24)]
    assert found.values == [1.0, None, None, 5.0, *[None] * 20]
    assert found.sent == [20, None, None, 20, 20, 20, *[None] * 18]
    assert found.received == [19, None, None, 18, 19, 19, *[None] * 18]


def test_only_what_is_wanted_is_there(ask: Ask) -> None:
    others = [at(0, by="node"), at(0, size=1000), at(0, src="b", dst="a"), at(0, dst="c")]
    assert ask(at(1), *(other | {"packet_loss": 9.0} for other in others)).values[:3] == [None, 1.0, None]


def test_of_many_hours_there_are_days(ask: Ask) -> None:
    rows = [at(0), at(23, packet_loss=3.0), at(24, packet_loss=None), at(50, sent=None, received=None), at(51)]
    found = ask(*rows, last=date(2026, 11, 4), most=95)
    assert (found.step, len(found.times), found.times[1] - found.times[0]) == (86_400, 4, 86_400)
    assert found.values == [2.0, None, 1.0, None]
    assert found.sent == [40, 20, None, None]
    assert found.received == [38, 19, None, None]


def test_as_many_hours_as_may_be_are_hours(ask: Ask) -> None:
    assert ask(at(0), last=date(2026, 11, 4), most=96).step == 3600


def test_where_there_is_no_pair_it_is_said(ask: Ask) -> None:
    with pytest.raises(Missing, match="nothing of a and z, 100 bytes, by site, from 2026-11-01 to 2026-11-01"):
        ask(at(0), target="z")
    with pytest.raises(Missing, match="nothing of a and b"):
        ask()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"metric": "loss"}, "metric is 'loss'"),
        ({"by": "country"}, "by is 'country'"),
        ({"last": date(2026, 10, 31)}, "give the earlier day as first"),
        ({"first": date.min, "last": date.max}, "are 3652059 days; 36525 are the most"),
    ],
)
def test_what_means_nothing_is_refused(ask: Ask, more: dict[str, object], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        ask(at(0), **more)


def test_values_that_cannot_be_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "2026-11.parquet"
    polars.DataFrame([at(0)]).write_parquet(broken)
    scanned = polars.scan_parquet(broken)
    broken.write_bytes(broken.read_bytes()[:50])
    monkeypatch.setattr(kept, "scan", lambda *_: scanned)
    with pytest.raises(Unreachable, match=r"cannot be read .*; make them again with: warden ping restore"):
        series(Archive(tmp_path), Wanted("packet_loss", 100, "site", "a", "b", FIRST, FIRST))
