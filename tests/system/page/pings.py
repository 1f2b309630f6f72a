"""An archive of pings as reports make it, for the page: tables in PingER's form, and the values by hour of pairs."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars

from tests.system.page.fake_hub import FakeHub
from WardenServer.plugins.common.ping.archive.folders import Folders
from WardenServer.plugins.common.ping.reports import kept
from WardenServer.plugins.common.ping.reports.metrics import METRICS

#: The newest day that has tables, and the first that has values by hour.
NEWEST, FIRST = date(2026, 11, 25), date(2026, 11, 1)
HOURS = [str(hour) for hour in range(24)]
SOURCES = ("alpha.example.org", "beta.example.org")
#: A name that must stay text.
EVIL = "<script>document.title='in'</script>"
#: Loss in % to each target, in every class, and none at all; the last pair has one source only.
LOSS: Mapping[str, float | None] = {
    "excellent.org": 0.0, "good.org": 0.5, "acceptable.org": 2.0, "poor.org": 4.0, "verypoor.org": 10.0,
    "bad.org": 50.0, "nothing.org": None, EVIL: 0.0,
}  # fmt: skip
#: Hours of each day that have no value, and the pings of the others.
SILENT, SENT = range(6, 12), 20
Rows = Mapping[tuple[str, str], Sequence[float | None]]


def fill(root: Path) -> None:
    """Tables of the newest day and its month, by site and by node, and the values of all pairs since the first."""
    folders = Folders(root)
    for by in ("site", "node"):
        write(folders.report("packet_loss", 100, by, f"{NEWEST}"), HOURS, _rows(lambda loss: loss, 24))
        write(folders.report("MOS", 100, by, f"{NEWEST}"), HOURS, _rows(_mos, 24))
        days = [f"Nov{day:02d}" for day in range(1, 31)]
        write(folders.report("packet_loss", 100, by, f"{NEWEST:%Y-%m}"), days, _rows(lambda loss: loss, 30))
    for number in range((NEWEST - FIRST).days + 1):
        kept.put(folders, day := FIRST + timedelta(number), _frame(day))


def write(path: Path, points: Sequence[str], rows: Rows) -> None:
    """A table."""
    lines = (f"{src} {dst} {' '.join(map(_written, values))} {src} {dst}" for (src, dst), values in rows.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join([" ".join(points), *lines, ""]).encode(), 1, mtime=0))


def _written(value: float | None) -> str:
    return "." if value is None else f"{value:.3f}"


def _mos(loss: float | None) -> float | None:
    return None if loss is None else max(1.0, 4.4 - loss / 10)


def _rows(value_of: Any, points: int) -> Rows:
    return {
        (source, target): [value_of(loss)] * points
        for source in SOURCES
        for target, loss in LOSS.items()
        if target != EVIL or source == SOURCES[0]
    }


def _frame(day: date) -> polars.DataFrame:
    """A day of values by hour."""
    pairs = [(source, target, loss) for source in SOURCES for target, loss in LOSS.items()]
    rows = [_row(by, *pair, day, hour) for by in ("node", "site") for pair in pairs for hour in range(24)]
    time = {"time": polars.Datetime("us", "UTC")}
    types = {**dict.fromkeys(("size", "samples", "sent", "received"), polars.Int64), **time}
    floats = dict.fromkeys(METRICS, polars.Float64)
    return polars.DataFrame(rows, schema_overrides={**types, **floats}).sort("by", "size", "src", "dst", "time")


def _row(by: str, source: str, target: str, loss: float | None, day: date, hour: int) -> dict[str, Any]:
    is_silent = loss is None or hour in SILENT
    received = 0 if loss is None or is_silent else round(SENT * (1 - loss / 100))
    values = {"packet_loss": None if is_silent else loss, "average_rtt": None if is_silent else 10.0 + hour}
    time = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    keys = {"by": by, "size": 100, "src": source, "dst": target, "time": time}
    return {**keys, "samples": 2, "sent": SENT, "received": received, **dict.fromkeys(METRICS), **values}


#: What the agent ping publishes of this machine, times apart.
PING: Mapping[str, Any] = {
    "hosts": 13, "answering": 12, "silent": 1, "without_name": 2, "took": 31.4, "loss": 0.423, "method": "raw",
    "lines": 991, "late": 3, "problem": "The list of beacons cannot be fetched <b>at all</b>; correct `beacons`.",
}  # fmt: skip


class PingHub(FakeHub):
    """A hub that measures, too: its agent ping publishes what is `said`."""

    def __init__(self, agents: int, said: Mapping[str, Any] = PING) -> None:
        super().__init__(agents)
        self.said = said

    def documents(self, now: float) -> dict[str, Any]:
        times = {"round": now - 600, "next": now + 1200} if self.said["hosts"] else {}
        silent = {"servers": [f"silent.{EVIL}"], "timestamp": now}
        return {**super().documents(now), "ping": {**self.said, **times, "timestamp": now}, "ping.silent": silent}

    def fields(self, now: float) -> dict[str, Any]:
        names = [("ping", "hosts"), ("ping.silent", "servers")]
        own = {f"{key}.{field}": {"agent": "agent_000", "key": key, "field": field} for key, field in names}
        return {**super().fields(now), **own}
