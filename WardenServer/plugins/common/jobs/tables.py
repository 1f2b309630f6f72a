"""The tables of the jobs' database. Names and columns are Socorro's (2009), and those that our rules need besides.

A job is queued (no start, no success), running (a start, no success) or done (success is true or false). In place of
a table of urgent jobs for each processor there is the job's own priority.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text, text

from WardenServer.plugins.common.jobs.times import Moment

#: The form of the tables; what is older is brought to it, what is newer is refused.
VERSION = 1
#: Most characters of an id.
LONGEST = 255

METADATA = MetaData()

processors = Table(
    "processors", METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("startdatetime", Moment, nullable=False),
    Column("lastseendatetime", Moment),
    sqlite_autoincrement=True,  # a number is never given twice: a processor is not its namesake from before
)  # fmt: skip

jobs = Table(
    "jobs", METADATA,
    Column("id", Integer, primary_key=True),
    Column("pathname", String(1024), nullable=False),
    Column("uuid", String(LONGEST), nullable=False, unique=True),
    Column("owner", ForeignKey(processors.c.id)),  # no cascade: a processor that has jobs cannot be deleted
    Column("priority", Integer, server_default="0"),
    Column("queueddatetime", Moment),
    Column("starteddatetime", Moment),
    Column("completeddatetime", Moment),
    Column("success", Boolean),
    Column("message", Text),
    # ours
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("token", String(32)),  # of the claim
    Column("founddatetime", Moment),  # when the files were first seen
    Column("signature", Text),  # sizes and times of the files as they were queued
    sqlite_autoincrement=True,
)  # fmt: skip
_WAITING = text("starteddatetime IS NULL AND success IS NULL")
Index("jobs_owner", jobs.c.owner)
Index("jobs_completed_queued", jobs.c.completeddatetime, jobs.c.queueddatetime)
_ENDED = text("success IS NOT NULL")
Index("jobs_ended", jobs.c.success, jobs.c.id, sqlite_where=_ENDED, postgresql_where=_ENDED)
Index("jobs_waiting", jobs.c.owner, jobs.c.priority.desc(), jobs.c.queueddatetime, jobs.c.id,
      sqlite_where=_WAITING, postgresql_where=_WAITING)  # fmt: skip

#: What people and other programs ask for.
priorityjobs = Table("priorityjobs", METADATA, Column("uuid", String(LONGEST), primary_key=True))

server_status = Table(
    "server_status", METADATA,
    Column("id", Integer, primary_key=True),
    Column("date_recently_completed", Moment),
    Column("date_oldest_job_queued", Moment),
    Column("avg_process_sec", Float),
    Column("avg_wait_sec", Float),
    Column("waiting_job_count", Integer, nullable=False),
    Column("processors_count", Integer, nullable=False),
    Column("date_created", Moment, nullable=False),
)  # fmt: skip

#: Ours: what happened to a job, also after its row is gone.
job_steps = Table(
    "job_steps", METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(LONGEST), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("step", String(32), nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("processor", String(255)),
    sqlite_autoincrement=True,
)  # fmt: skip

_RESULTS = text("step IN ('succeeded', 'failed')")
Index("job_steps_results", job_steps.c.at, job_steps.c.step, sqlite_where=_RESULTS, postgresql_where=_RESULTS)

#: Ours: what processors came back with when their job was no longer theirs.
late_results = Table(
    "late_results", METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(LONGEST), nullable=False, index=True),
    Column("owner", Integer, nullable=False),
    Column("token", String(32), nullable=False),
    Column("completeddatetime", Moment, nullable=False),
    Column("success", Boolean, nullable=False),
    Column("message", Text),
)  # fmt: skip

#: Ours: one row, the form of these tables.
jobs_schema = Table("jobs_schema", METADATA, Column("version", Integer, nullable=False))
