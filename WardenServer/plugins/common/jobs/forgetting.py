"""What is old goes: steps of jobs, late results, server status; and rows of ended jobs whose files are gone."""

import errno
import threading
from pathlib import Path

from sqlalchemy import delete, select

from WardenServer.plugins.common.jobs import cleaning
from WardenServer.plugins.common.jobs.cleaning import Ended
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.steps import Step
from WardenServer.plugins.common.jobs.storage import make
from WardenServer.plugins.common.jobs.tables import job_steps, late_results, server_status
from WardenServer.plugins.common.jobs.tables import jobs as jobs_table
from WardenServer.plugins.common.jobs.times import ago
from WardenServer.plugins.common.problems import Problems

#: Seconds that they are kept.
KEEP = 30 * 86400.0
#: Rows that go in one transaction, and how many transactions of a kind there are in one round.
PORTION, PORTIONS = 5000, 20
_OLD = ((job_steps, job_steps.c.at), (late_results, late_results.c.completeddatetime),
        (server_status, server_status.c.date_created))  # fmt: skip


def forget_old(database: Database, stopping: threading.Event) -> int:
    """Remove rows that are older than KEEP; how many. Raises Unreachable where the database cannot be used."""
    count = 0
    for table, moment in _OLD:
        first = select(table.c.id, moment.label("at")).order_by(table.c.id).limit(PORTION).subquery()  # the oldest
        old = select(first.c.id).where(first.c.at < ago(KEEP))
        for _ in range(PORTIONS):
            if stopping.is_set():
                return count
            with database.writing() as connection:
                went = connection.execute(delete(table).where(table.c.id.in_(old))).rowcount
            count += went
            if went < PORTION:
                break
    return count


def forget_vanished(jobs: Jobs, database: Database, problems: Problems, stopping: threading.Event) -> int:
    """Remove the rows of ended jobs whose files are gone; how many. For files that are kept where they are.

    A folder of files that is missing or empty is taken for one that is not mounted, and costs no rows. Raises
    Unreachable where the database cannot be used.
    """
    count, behind = 0, 0
    while rows := cleaning.ended(database, jobs_table.c.success.is_not(None), behind, PORTION):
        behind = rows[-1].number
        try:
            gone = [row.id for row in rows if not stopping.is_set() and _is_gone(jobs, row)]
        except OSError as error:
            problems.add(f"it cannot be seen whether files are still there: {error}")
            break
        count += len(cleaning.remove(database, dict.fromkeys(gone, Step.MISSING)))
    return count


def _is_gone(jobs: Jobs, row: Ended) -> bool:
    """Whether the files are gone. Raises OSError where nobody can say that."""
    try:
        if make.locate(jobs, row.id, row.pathname) is not None:
            return False
    except ValueError:  # it can be no id of this storage: the layout was another one
        return False
    deferred = jobs.deferred
    root = deferred if deferred is not None and Path(row.pathname).is_relative_to(deferred) else jobs.storage
    if not any(root.iterdir()):
        raise OSError(errno.ENODEV, "the folder is empty; mount the disk that belongs there", str(root))
    return True
