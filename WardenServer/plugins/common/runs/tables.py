"""The tables of the store. Several hubs may share them: `hub` and `source` tell whose a row is."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from WardenServer.plugins.common.runs.names import Name, Words

#: The form of the tables; what is newer is refused.
VERSION = 1

METADATA = MetaData()
_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for this word

#: Runs that hubs have opened and closed. What is not known yet is NULL.
runs = Table(
    "runs", METADATA,
    Column("hub", Name, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("opened", Double),
    Column("closed", Double),
    Column("opened_by", Words),
    Column("note", Words),
    Column("end_note", Words),
)  # fmt: skip

#: `partitions` is a list in JSON, `amount` the number of values.
run_snapshots = Table(
    "run_snapshots", METADATA,
    Column("id", _KEY, primary_key=True),
    Column("hub", Name, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("phase", String(8), nullable=False),
    Column("at", Double, nullable=False),
    Column("partitions", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    UniqueConstraint("hub", "run", "phase", "at"),
)  # fmt: skip
Index("run_snapshots_newest", run_snapshots.c.hub, run_snapshots.c.run, run_snapshots.c.at)

run_parameters = Table(
    "run_parameters", METADATA,
    Column("id", _KEY, primary_key=True),
    Column("hub", Name, nullable=False),
    Column("partition", Name, nullable=False),
    Column("parameter", Name, nullable=False),
    UniqueConstraint("hub", "partition", "parameter"),
)  # fmt: skip

#: `text` is the value (see canonical.py), or the key of a long one; NULL where it could not be read for a `reason`.
#: `quality` is NULL for VALID. The key alone finds all: another index would cost more than the table.
run_values = Table(
    "run_values", METADATA,
    Column("snapshot", BigInteger, primary_key=True, autoincrement=False),
    Column("parameter", BigInteger, primary_key=True, autoincrement=False),
    Column("text", Text),
    Column("reason", Words),
    Column("quality", Words),
    Column("at", Double),
    sqlite_with_rowid=False,
)  # fmt: skip

#: Long values, each once, by # and their SHA-256.
run_texts = Table("run_texts", METADATA, Column("key", String(65), primary_key=True), Column("text", Text))

#: `partitions` is a list in JSON; `digest` stands for it where it must be unique.
run_differences = Table(
    "run_differences", METADATA,
    Column("id", _KEY, primary_key=True),
    Column("source", Name, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("old", BigInteger, nullable=False),
    Column("new", BigInteger, nullable=False),
    Column("partitions", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("text", Words, nullable=False),
    Column("told", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("source", "digest", "old", "new"),
    sqlite_autoincrement=True,
)  # fmt: skip
Index("run_differences_newest", run_differences.c.source, run_differences.c.id)

#: `bases` and `told` in JSON: they are read and written as a whole.
run_progress = Table(
    "run_progress", METADATA,
    Column("source", Name, primary_key=True),
    Column("looked", BigInteger),
    Column("bases", Text, nullable=False),
    Column("told", Text, nullable=False),
)  # fmt: skip

run_golden = Table(
    "run_golden", METADATA,
    Column("source", Name, primary_key=True),
    Column("run", BigInteger, nullable=False),
)  # fmt: skip

run_acknowledgements = Table(
    "run_acknowledgements", METADATA,
    Column("source", Name, primary_key=True),
    Column("partition", Name, primary_key=True),
    Column("parameter", Name, primary_key=True),
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Double, nullable=False),
)  # fmt: skip

#: One row, the form of these tables.
runs_schema = Table("runs_schema", METADATA, Column("version", Integer, nullable=False))
