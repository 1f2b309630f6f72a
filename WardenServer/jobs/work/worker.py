"""Gives jobs to runners, as many at a time as there are, and writes how they end. All of that on a thread of its own,
so that the main thread can be told to end however long the database takes."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from WardenServer.errors import Unreachable, WardenError
from WardenServer.jobs.work.job import How, process
from WardenServer.jobs.work.outage import Outage
from WardenServer.jobs.work.output import trim
from WardenServer.jobs.work.presence import Presence
from WardenServer.jobs.work.results import Ended, Results, quoted
from WardenServer.jobs.work.rows import is_any_left, return_others
from WardenServer.jobs.work.runner import Done, Options, Order, Runner
from WardenServer.jobs.work.stopping import Stopping
from WardenServer.plugins.common.jobs import claiming
from WardenServer.plugins.common.jobs.claiming import Claim
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database
from WardenServer.plugins.common.jobs.processors import Processor

log = logging.getLogger("warden.jobs")

#: Seconds between two looks for jobs; doubled from the first to the second while there are none.
SHORTEST, LONGEST = 0.1, 1.0
#: Seconds in which a worker that ends tries to write what it has.
LAST = 5.0


class Worker:
    """`ended` is called when it has ended, for whatever reason; `failure` says why, if not because it should."""

    def __init__(
        self, jobs: Jobs, database: Database, runners: Sequence[Runner], options: Options, ended: Callable[[], None]
    ) -> None:
        self.stopping = Stopping()
        self.failure: WardenError | None = None
        self._jobs, self._database, self._options, self._ended = jobs, database, options, ended
        self._runners, self._free = runners, list(runners)
        self._running: dict[Claim, tuple[Runner, Path]] = {}
        self._results = Results(database)
        self._outage = Outage("results wait, and nothing is begun until it answers")
        self._presence = Presence(jobs, database, options.name, self._outputs)
        self._wake = threading.Event()
        self._pool = ThreadPoolExecutor(len(runners), "job")
        self._thread = threading.Thread(target=self._serve, name="jobs", daemon=True)

    def open(self) -> None:
        """Register, and begin.

        Raises:
            WardenError: the database or the folder cannot be used.
        """
        self._presence.open()
        self._thread.start()
        log.info("%s does up to %d jobs at a time", self._presence.processor.name, len(self._runners))

    def stop(self) -> None:
        """Begin nothing more; end when nothing runs any more."""
        self.stopping.told.set()
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Let go of runners, folder and threads, once it has ended."""
        for event in (self.stopping.told, self.stopping.over, self.stopping.at_once):
            event.set()
        for runner in self._runners:
            runner.close()
        self._pool.shutdown()
        self._presence.close()

    def _outputs(self) -> Mapping[Claim, Path]:
        return {claim: path for claim, (_, path) in self._running.copy().items()}

    # -- its thread

    def _serve(self) -> None:
        try:
            self._work()
            self._leave()
        except WardenError as error:
            self.failure = error
        except Exception as error:
            log.exception("the worker ends")
            self.failure = WardenError(f"the worker has failed ({type(error).__name__}: {error}); start it again")
        finally:
            self._ended()

    def _work(self) -> None:
        pause = SHORTEST
        while not (self.stopping.told.is_set() and len(self._results) == len(self._running)):
            if self._round():
                pause = SHORTEST
                continue
            if self._options.once and self._is_all_done():
                return
            self._wake.wait(pause)
            self._wake.clear()
            pause = min(2 * pause, LONGEST)

    def _is_all_done(self) -> bool:
        """Whether no job is left, of whomever: those of a dead processor may still come here."""
        with suppress(Unreachable):
            return not self._running and not self._outage.lasts and not is_any_left(self._database)
        return False

    def _round(self) -> bool:
        """Write results and begin jobs; whether there was any of both."""
        if not self._results and not self._may_claim():
            return False
        try:
            if self._outage.lasts:
                return_others(self._database, self._presence.processor, self._running)
            did = [self._write(), self._claim()]
            self._outage.end()
        except Unreachable as error:
            self._outage.begin(error)
            return False
        return any(did)

    def _write(self) -> bool:
        """Write what has ended, and make room for as many jobs."""
        claims = self._results.write()
        for claim in claims:
            runner, output = self._running.pop(claim)
            with suppress(OSError):
                output.unlink()
            self._free.append(runner)
        return bool(claims)

    def _may_claim(self) -> bool:
        return bool(self._free) and not self.stopping.told.is_set()

    def _claim(self) -> bool:
        if not self._may_claim():
            return False
        processor = self._presence.processor
        claims = claiming.claim(self._database, processor, len(self._free))
        for claim in claims:
            runner, output = self._free.pop(), self._presence.folder.output(claim)
            self._running[claim] = runner, output
            self._pool.submit(self._do, claim, processor, runner, output)
        return bool(claims)

    def _leave(self) -> None:
        """Write what is left, and leave; for a while, if the database is away."""
        until = time.monotonic() + LAST
        while True:
            try:
                while self._write():
                    pass
                return self._presence.leave()
            except Unreachable as error:
                if time.monotonic() > until:
                    lost = f"{len(self._results)} results are lost, and the monitor will take this worker for dead"
                    raise WardenError(f"{error}; {lost}") from None
                time.sleep(SHORTEST)

    # -- the threads of the pool

    def _do(self, claim: Claim, processor: Processor, runner: Runner, output: Path) -> None:
        log.info("job %s begins (attempt %d)", quoted(claim.id), claim.attempt)
        began = time.monotonic()

        def run(paths: tuple[Path, ...]) -> Done:
            return runner.run(Order(claim.id, paths, output, self._options.limit), self.stopping)

        result = process(self._jobs, claim, run, self.stopping)
        trim(output)  # it may stay for long, if the database is away
        message = f": {quoted(result.message)}" if result.message else ""
        took = time.monotonic() - began
        log.info("job %s %s after %.1f s%s", quoted(claim.id), _SAID[result.how], took, message)
        self._results.add(Ended(claim, processor, result))
        self._wake.set()


_SAID = {
    How.DONE: "is done", How.FAILED: "has failed", How.CHANGED: "waits again", How.RETURNED: "is handed back",
}  # fmt: skip
