"""One month of hourly values in a Parquet file: day after day, each sorted as a frame of hourly values is."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.ping.opening import libraries
from WardenServer.plugins.common.ping.reports.hourly import COUNTS, KEYS
from WardenServer.plugins.common.ping.reports.metrics import METRICS
from WardenServer.plugins.common.ping.reports.periods import end_of_month
from WardenServer.plugins.common.ping.reports.placing import placed

if TYPE_CHECKING:
    import polars

#: Rows of a group. A fixed number makes the bytes independent of the order in which days came and of the threads; a
#: small one lets readers pass over most of a month.
_GROUP = 20_000
#: Random parts of a message that tell nobody more.
_LONGEST = 120


class Damaged(Unreachable):
    """A Parquet file cannot be read."""


def schema() -> dict[str, Any]:
    """The columns and their types."""
    with libraries():
        import polars
    types = (polars.String, polars.Int32, polars.String, polars.String, polars.Datetime("us", "UTC"))
    return {
        **dict(zip(KEYS, types, strict=True)), **dict.fromkeys(COUNTS, polars.Int64),
        **dict.fromkeys(METRICS, polars.Float64),
    }  # fmt: skip


def conform(values: "polars.DataFrame") -> "polars.DataFrame":
    """All columns in their types and order; null in those that are not there."""
    with libraries():
        from polars import col, lit
    columns = schema()
    return values.select((col(name) if name in values.columns else lit(None, type).alias(name)).cast(type)
                         for name, type in columns.items())  # fmt: skip


def scan(path: Path, first: date, last: date) -> "polars.LazyFrame | None":
    """The values of these days in the file; None where there is no file.

    Raises:
        Damaged: it is no Parquet file with these columns, as far as its end tells.
    """
    with libraries():
        import polars
    if not path.exists():
        return None
    columns = schema()
    with damage(path):
        there = polars.read_parquet_schema(path)
        if wrong := [name for name in KEYS if there.get(name) != columns[name]]:
            raise polars.exceptions.SchemaError(f"no column {wrong[0]}")
        whole = polars.scan_parquet(path, schema=columns, missing_columns="insert", extra_columns="ignore")
    begin, end = datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)
    return whole.filter(polars.col("time").is_between(begin, end))


def put(path: Path, day: date, values: "polars.DataFrame") -> None:
    """Put a day's values in place of those that are there.

    Raises:
        Damaged: the file that is there cannot be read; it stays.
        Unreachable: the new one cannot be written.
    """
    with libraries():
        import polars
    before = scan(path, day.replace(day=1), day - timedelta(1))
    after = scan(path, day + timedelta(1), end_of_month(day))
    parts = [before, conform(values).sort(KEYS).lazy(), after]
    with placed(path) as part, written(path):
        polars.concat([each for each in parts if each is not None]).sink_parquet(
            part,
            compression="zstd",
            compression_level=1,
            row_group_size=_GROUP,
            maintain_order=True,
            engine="streaming",
        )


def set_aside(path: Path) -> Path:
    """Rename a damaged file, and say how it is called now."""
    names = (path.with_name(f"{path.name}.damaged{f'-{number}' if number else ''}") for number in itertools.count())
    aside = next(name for name in names if not name.exists())
    path.rename(aside)
    return aside


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Around all that reads the file.

    Raises:
        Damaged: it cannot be read.
    """
    with libraries():
        from polars.exceptions import PanicException, PolarsError
    try:
        yield
    except FileNotFoundError:
        raise
    except (PolarsError, PanicException, OSError) as error:  # some kinds of damage make polars panic
        why = " ".join(str(error).split())[:_LONGEST]
        cure = "its days are read from the hourly tables, rounded; make them again with: warden ping analyze hourly"
        raise Damaged(f"{path} is damaged ({why}); {cure}") from None


@contextmanager
def written(read: Path | None = None) -> Iterator[None]:
    """Around all that polars writes. Where it reads another file meanwhile, `read`, the one is told from the other.

    Raises:
        OSError: there is no room, or no right.
        Damaged: the other file cannot be read.
    """
    with libraries():
        from polars import col, scan_parquet
        from polars.exceptions import PanicException, PolarsError
    try:
        yield
    except (PolarsError, PanicException) as error:
        if read is not None and read.exists():
            with damage(read):
                scan_parquet(read).select(col("*").null_count()).collect(engine="streaming")
        raise OSError(" ".join(str(error).split())[:_LONGEST]) from None
