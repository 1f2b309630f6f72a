"""Frames of hourly values, as reports/hourly.py makes them, for tests of what is made of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl

from WardenServer.plugins.common.ping.reports import month_file
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS
from WardenServer.plugins.common.ping.reports.metrics import METRICS

PAIRS = (("a.org", "b.org"), ("a.org", "c.org"), ("b.org", "a.org"))
SIZES = (100, 1000)


def hour(day: date, number: int = 0) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(hours=number)


def frame(rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    """Rows with some of the columns."""
    columns = month_file.schema()
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns).sort(KEYS)


def row(day: date, number: int = 0, **values: object) -> dict[str, object]:
    """An hour of the first pair, by node, of 100 bytes."""
    return {"by": "node", "size": 100, "src": "a.org", "dst": "b.org", "time": hour(day, number), **values}


def whole_day(day: date, pairs: Sequence[tuple[str, str]] = PAIRS, hours: int = 24, seed: int = 0) -> pl.DataFrame:
    """All values of a day, some of them null, other ones each day."""
    random = np.random.default_rng((day.toordinal(), seed))
    keys = [(by, size, *pair, hour(day, number)) for by in ("node", "site") for size in SIZES for pair in pairs
            for number in range(hours)]  # fmt: skip
    values = {
        name: np.where(random.random(len(keys)) < 0.1, np.nan, random.gamma(2.0, 50.0, len(keys))) for name in METRICS
    }
    columns = dict(zip(KEYS, zip(*keys, strict=True), strict=True))
    counts = {name: [20] * len(keys) for name in COUNTS}
    return month_file.conform(
        pl.DataFrame({**columns, **counts, **values}).with_columns(pl.col(list(METRICS)).fill_nan(None))
    ).sort(KEYS)
