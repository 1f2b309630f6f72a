"""The program: a worker in the foreground, until a signal ends it."""

import logging
import signal
from collections.abc import Callable, Sequence

from WardenServer.errors import Unreachable
from WardenServer.jobs.work.program import PATIENCE
from WardenServer.jobs.work.runner import Options, Runner
from WardenServer.jobs.work.signals import ENDED, Signals
from WardenServer.jobs.work.worker import LAST, Worker
from WardenServer.machine.descendants import Descendants
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.servers import database

log = logging.getLogger("warden.jobs")

#: Seconds that the worker may take when all of its jobs have ended.
_LIMIT = LAST + database.PATIENCE + 2.0


def run(jobs: Jobs, make: Callable[[], Sequence[Runner]], options: Options, grace: float) -> None:
    """Work until a signal comes, or with `once` until nothing is left. For the main thread of a process of its own.

    Args:
        jobs: the table [jobs].
        make: makes what does the jobs, each one at a time.
        options: how.
        grace: seconds that jobs get to end after the signal; a second signal takes it from them.

    Raises:
        WardenError: it could not begin or go on, or results are lost.
    """
    with Descendants():
        runners = make()
        signals = Signals()
        store = Database(jobs.url)
        worker = Worker(jobs, store, runners, options, signals.ended)
        worker.open()
        if came := signals.next():
            log.info("%s: nothing more is begun, and what runs gets %g s to end", signal.Signals(came).name, grace)
            _end(worker, signals, grace)
        if not worker.join(_LIMIT):
            raise Unreachable("the jobs' database does not answer; the monitor will take this worker for dead")
        worker.close()
        store.close()
        if worker.failure is not None:
            raise worker.failure


def _end(worker: Worker, signals: Signals, grace: float) -> None:
    worker.stop()
    came = signals.next(grace)
    if came == ENDED:
        return
    worker.stopping.over.set()
    if came is None:
        came = signals.next(PATIENCE)
    if came != ENDED:
        worker.stopping.at_once.set()
