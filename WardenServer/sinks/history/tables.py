"""The tables of the history, the same in each file of SQLite and in PostgreSQL.

Every table has the day, as days since 1970: in PostgreSQL the partitions go by it.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from WardenServer.sinks.history import parts
from WardenServer.sinks.history.parts import Level

#: The form of what is written; a newer one is refused.
VERSION = 1

RAW, POINTS, BREAKS = MetaData(), MetaData(), MetaData()
#: How PostgreSQL divides a table.
_BY_DAY: dict[str, Any] = {"postgresql_partition_by": "RANGE (day)"}


def _day() -> "Column[int]":
    return Column("day", Integer, primary_key=True, autoincrement=False)


def _series(metadata: MetaData) -> Table:
    """All fields that a part has values of: each is found by key and field, whoever filled it."""
    return Table(
        "series", metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=False), Column("key", Text, nullable=False),
        Column("field", Text, nullable=False), Column("agent", Text, nullable=False),
        Index("series_by_name", "key", "field", "agent", unique=True),
    )  # fmt: skip


series = _series(RAW)
#: Fields whose values come together, and have their times in common.
sources = Table("sources", RAW, Column("id", BigInteger, primary_key=True, autoincrement=False))
#: Which series a source has, in which order.
columns = Table(
    "columns", RAW,
    Column("source", ForeignKey(sources.c.id), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("series", ForeignKey(series.c.id), nullable=False, index=True),
)  # fmt: skip
#: What has come since a source was packed last: `data` is JSON, [[microseconds], [values of the first series], ...].
fresh = Table(
    "fresh", RAW,
    _day(), Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, nullable=False), Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False), Column("data", Text, nullable=False),
    Index("fresh_by_source", "source"), **_BY_DAY,
)  # fmt: skip
#: The times of a block in microseconds since 1970, in order.
times = Table(
    "times", RAW,
    _day(), Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, nullable=False), Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False), Column("count", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("times_by_source", "source"), **_BY_DAY,
)  # fmt: skip
#: The values of one series at these times, from `begin` on: those of one kind.
blocks = Table(
    "blocks", RAW,
    _day(),
    Column("series", BigInteger, primary_key=True),
    Column("times", BigInteger, primary_key=True),
    Column("begin", Integer, primary_key=True), Column("kind", Text, nullable=False),
    Column("data", LargeBinary, nullable=False), **_BY_DAY,
)  # fmt: skip

#: Up to which block the points of a day have been made.
rolled = Table(
    "rolled", RAW,
    _day(), Column("times", BigInteger, nullable=False),
)  # fmt: skip

_series(POINTS)
#: A day of one series: number of each point in the day, how many values it has, their sum, smallest and largest.
points = Table(
    "points", POINTS,
    Column("series", BigInteger, primary_key=True),
    _day(), Column("data", LargeBinary, nullable=False), **_BY_DAY,
)  # fmt: skip

#: When there was no value, and why; `agent` "" is all agents, `field` "" all fields of the agent.
breaks = Table(
    "breaks", BREAKS,
    _day(), Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False), Column("key", Text, nullable=False), Column("field", Text, nullable=False),
    Column("begin", Float(53), nullable=False), Column("end", Float(53)), Column("reason", Text, nullable=False),
    Index("breaks_by_agent", "agent"), **_BY_DAY,
)  # fmt: skip


def of(level: Level) -> MetaData:
    """The tables of a level."""
    return {parts.RAW: RAW, parts.BREAKS: BREAKS}.get(level, POINTS)
