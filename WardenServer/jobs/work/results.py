"""Results on their way into the database. They wait here while it is away; there are never more than runners."""

import json
import logging
import threading
from dataclasses import dataclass

from WardenServer.jobs.work.job import How, Result
from WardenServer.plugins.common.jobs import claiming
from WardenServer.plugins.common.jobs.claiming import Claim, Outcome
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor

log = logging.getLogger("warden.jobs")

#: Most characters of a message in a log line.
SHORT = 200


@dataclass(frozen=True)
class Ended:
    """A job that was begun and has ended. `processor` is whose it was at its beginning."""

    claim: Claim
    processor: Processor
    result: Result


class Results:
    """Those that are not written yet. Any thread may add one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Ended] = []
        self._lock = threading.Lock()

    def add(self, ended: Ended) -> None:
        """Have it written."""
        with self._lock:
            self._waiting.append(ended)

    def __len__(self) -> int:
        return len(self._waiting)

    def write(self) -> list[Claim]:
        """Write as many as there are of one kind; the claims that are settled by it, none where there was nothing.

        Raises:
            Unreachable: the database cannot be used; they still wait.
        """
        with self._lock:
            some = [each for each in self._waiting if _kind(each) == _kind(self._waiting[0])]
        if some:
            self._write(some)
        with self._lock:
            self._waiting = [each for each in self._waiting if each not in some]
        return [each.claim for each in some]

    def _write(self, some: list[Ended]) -> None:
        first = some[0]
        if first.result.how is How.CHANGED:
            signature, message = first.result.signature, first.result.message
            claiming.put_again(self._database, first.processor, first.claim, signature, message)
        elif first.result.how is How.RETURNED:
            claims = [each.claim for each in some]
            claiming.hand_back(self._database, first.processor, claims, first.result.message)
        else:
            self._finish(first.processor, some)

    def _finish(self, processor: Processor, some: list[Ended]) -> None:
        outcomes = [Outcome(each.claim, each.result.how is How.DONE, each.result.message) for each in some]
        for id in claiming.finish(self._database, processor, outcomes):
            log.warning("job %s had been given to another processor; its result is kept apart", quoted(id))


def _kind(ended: Ended) -> tuple[object, ...]:
    """What is written together: the results of one processor, or what it hands back for one reason; not changes."""
    how, processor = ended.result.how, ended.processor
    if how in (How.DONE, How.FAILED):
        return (processor,)
    return processor, how, ended.claim.number if how is How.CHANGED else ended.result.message


def quoted(text: str) -> str:
    """A text of strangers in one line of the log."""
    return json.dumps(text if len(text) <= SHORT else f"...{text[-SHORT:]}", ensure_ascii=False)
