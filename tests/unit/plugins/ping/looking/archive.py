"""An archive written by hand, for tests of what is shown of it."""

import gzip
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from WardenServer.plugins.common.ping.archive.folders import Folders

DAY = date(2026, 11, 28)
HOURS = tuple(map(str, range(24)))
Rows = Mapping[tuple[str, str], Sequence[str]]


def put(root: Path, metric: str, period: str, rows: Rows, points: Sequence[str] = HOURS, **more: object) -> Path:
    """A table, as PingER writes it."""
    path = Folders(root).report(metric, int(str(more.get("size", 100))), str(more.get("by", "site")), period)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [" ".join((*pair, *values, *pair)) for pair, values in rows.items()]
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in (" ".join(points), *lines)).encode()))
    made = datetime.combine(DAY, datetime.min.time(), UTC).timestamp()
    os.utime(path, (made, made))
    return path


def short(*values: str) -> list[str]:
    """Values of the first hours, and dots for the rest of a day."""
    return [*values, *["."] * (24 - len(values))]
