"""From files that a walk has found to jobs: those that have settled are queued, many in one transaction."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from WardenServer.errors import Unreachable
from WardenServer.plugins.common.jobs import processors, queueing
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.known import Known
from WardenServer.plugins.common.jobs.queueing import Pair, ProcessorGone
from WardenServer.plugins.common.jobs.storage import make
from WardenServer.plugins.common.jobs.storage.base import Found
from WardenServer.plugins.common.jobs.storage.steady import Steady, settling
from WardenServer.plugins.common.problems import Problems

#: Jobs that are queued in one transaction.
BATCH = 1000
#: Most files that are remembered as refused, and seconds until they are tried again.
_REFUSED, _PAUSE = 10_000, 60.0
#: What is said when nobody could do a job.
NOBODY = "no processor is alive, so that no files are queued; start one with: warden jobs work"

Walk = Callable[[set[str]], Iterator[Found]]


class Arrivals:
    """Queues what walks through the standard storage find. For one thread."""

    def __init__(
        self, jobs: Jobs, database: Database, problems: Problems, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._database, self._problems, self._monotonic = jobs, database, problems, monotonic
        self._storage, self._known = make.standard(jobs), Known(database)
        self._steady = Steady(settling(jobs.storage))
        self._owners: Iterator[int] = iter(())
        self._has_owners = False
        self._refused: dict[str, tuple[str, float]] = {}  # why, and until when, by id

    @property
    def is_nobody_there(self) -> bool:
        """Whether no processor was alive at the last look, so that nothing was queued."""
        return not self._has_owners

    @property
    def settle(self) -> float:
        """In how many seconds what has not settled may have done so."""
        return self._steady.settle

    @property
    def unsettled(self) -> int:
        """How many were found whose files may still be written."""
        return self._steady.waiting

    def new(self, stopping: threading.Event) -> int:
        """Queue what has arrived; how many. Raises Unreachable where the database cannot be used."""
        return self._take(self._storage.arrived, "its files have arrived", stopping)

    def missed(self, stopping: threading.Event) -> int:
        """As `new`, with what is there and unknown, though its arrival was missed."""
        return self._take(self._storage.all, "its files were there, but no job", stopping)

    def _take(self, walk: Walk, reason: str, stopping: threading.Event) -> int:
        self._choose()
        settled, count = self._settled(walk, stopping), 0
        while self._has_owners and (pairs := list(itertools.islice(settled, BATCH))):
            count += self._put(pairs, reason)
        return count

    def _choose(self) -> None:
        """Count the jobs of live processors, of which the next ones get new ones."""
        with self._database.reading() as connection:
            loads = processors.loads(connection, self._jobs.check_in)
        self._owners, self._has_owners = queueing.balanced(loads), bool(loads)
        if not loads:
            self._problems.add(NOBODY, logging.CRITICAL)

    def _settled(self, walk: Walk, stopping: threading.Event) -> Iterator[Pair]:
        """What a walk finds and can be queued."""
        known = self._known.refresh()
        self._steady.begin_walk()
        try:
            for found in walk(known):
                if stopping.is_set():
                    return
                pair = self._steady.settled(found, self._storage.pathname(found.id), self._monotonic())
                if pair is not None and not self._is_refused(pair):
                    yield pair
        except OSError as error:
            if isinstance(error, Unreachable):
                raise
            why = f"{self._storage.root} cannot be read ({error.strerror}); correct storage in [jobs]"
            self._problems.add(why, logging.ERROR)
            return
        self._steady.end_walk()
        for problem in self._storage.problems:
            self._problems.add(problem)

    def _is_refused(self, pair: Pair) -> bool:
        why, until = self._refused.get(pair.id, ("", 0.0))
        if self._monotonic() >= until:
            return False
        self._problems.add(why)
        return True

    def _put(self, pairs: Sequence[Pair], reason: str) -> int:
        """Queue them; how many are new. One that the database does not take costs only itself."""
        try:
            new = self._queue(pairs, reason)
        except (Unreachable, ValueError) as error:
            with self._database.writing():  # the database itself is well, or this is the end
                pass
            if len(pairs) > 1:
                return sum(self._put([pair], reason) for pair in pairs)
            self._refuse(pairs[0].id, error)
            return 0
        if new is None:
            return 0
        self._known.ids.update(pair.id for pair in pairs)
        for pair in pairs:
            self._taken(pair.id)
        return len(new)

    def _queue(self, pairs: Sequence[Pair], reason: str) -> list[str] | None:
        """The ids that are new; None where no processor is left."""
        while self._has_owners:
            try:
                return queueing.queue(self._database, pairs, self._owners, reason=reason)
            except ProcessorGone:
                self._choose()
        return None

    def _refuse(self, id: str, error: Exception) -> None:
        why = f"the files {id!r} cannot be queued: {error}"
        self._problems.add(why, logging.ERROR)
        if len(self._refused) >= _REFUSED:
            self._refused.clear()
        self._refused[id] = why, self._monotonic() + _PAUSE

    def _taken(self, id: str) -> None:
        """Its row is there: it is no new one any more."""
        try:
            self._storage.taken(id)
        except OSError as error:
            self._problems.add(f"the marks of {id!r} as new cannot be removed ({error.strerror})")
