"""Where everything of an archive is.

    data/HOST/ping-YYYY-MM-DD.txt.gz             raw data of one monitoring host and day (UTC)
    METRIC/METRIC-SIZE-by-SITE-OR-NODE[-PERIOD].txt.gz      tables
    hourly/YYYY-MM.parquet                       all values by hour, unrounded
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The places in an archive's folder."""

    root: Path

    def raw(self, host: str, day: date) -> Path:
        """Raw data of a monitoring host, which may be an address of IPv6."""
        return self.root / "data" / host / f"ping-{day:%Y-%m-%d}.txt.gz"

    def report(self, metric: str, size: int, by: str, period: str) -> Path:
        """A table. `by` is "site" or "node", `period` YYYY-MM-DD, YYYY-MM, 60days, 120days, "", allmonths, allyears."""
        end = f"-{period}" if period else ""
        return self.root / metric / f"{metric}-{size}-by-{by}{end}.txt.gz"

    def hourly(self, month: date) -> Path:
        """The values by hour of the month that this day is in."""
        return self.root / "hourly" / f"{month:%Y-%m}.parquet"
