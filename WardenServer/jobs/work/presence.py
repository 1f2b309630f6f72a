"""A worker says on a thread of its own that it is alive, and what its jobs print, whatever else it does."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from WardenServer.errors import Unreachable
from WardenServer.jobs.work.outage import Outage
from WardenServer.jobs.work.output import tail
from WardenServer.jobs.work.traces import Folder, bury
from WardenServer.plugins.common.jobs import claiming, processors
from WardenServer.plugins.common.jobs.claiming import Claim
from WardenServer.plugins.common.jobs.configuration import Jobs
from WardenServer.plugins.common.jobs.database import Database

log = logging.getLogger("warden.jobs")

#: Check-ins in the time within which one is expected.
OFTEN = 5
#: Seconds between two looks at what jobs print.
LOOK = 1.0
#: Seconds that the thread may take to end.
LAST = 2.0


class Presence:
    """`processor` is what this worker is registered as; another one after it was taken for dead."""

    def __init__(self, jobs: Jobs, database: Database, name: str, running: Callable[[], Mapping[Claim, Path]]) -> None:
        self._jobs, self._database, self._name, self._running = jobs, database, name, running
        self._work = jobs.folder / "work"
        self._outage = Outage("cannot check in, and tries again until it can")
        self._noted: Mapping[Claim, str] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="check-in", daemon=True)

    def open(self) -> None:
        """Register, and begin to check in.

        Raises:
            WardenError: the database or the folder cannot be used.
        """
        name = self._new_name()
        self.folder = Folder(self._work, name)
        try:
            self._bury()
            self.processor = processors.register(self._database, name)
        except BaseException:
            self.folder.close()
            raise
        self._thread.start()

    def leave(self) -> None:
        """Have others get what is left. Raises Unreachable."""
        processors.leave(self._database, self.processor)

    def close(self) -> None:
        """End the thread, and remove the folder."""
        self._ending.set()
        self._thread.join(LAST)
        self.folder.close()

    def _new_name(self) -> str:
        """One that nobody has had: whoever starts again is another one."""
        return f"{self._name}-{os.urandom(2).hex()}"

    def _keep(self) -> None:
        every = self._jobs.check_in / OFTEN
        due = time.monotonic() + every
        while not self._ending.wait(min(LOOK, every)):
            try:
                if time.monotonic() >= due:
                    self._check_in()
                    due = time.monotonic() + every
                    self._bury()
                self._note()
                self._outage.end()
            except Unreachable as error:
                self._outage.begin(error)
            except Exception:
                log.exception("the check-in goes on after an error")

    def _check_in(self) -> None:
        if processors.check_in(self._database, self.processor):
            return
        self.processor = processors.register(self._database, self._new_name())
        said = "this worker was taken for dead, and goes on as %s; results of what runs will be late"
        log.warning(said, self.processor.name)

    def _note(self) -> None:
        """Keep what running jobs have printed since the last look."""
        printed = {claim: tail(path) for claim, path in self._running().items()}
        for claim, said in printed.items():
            if said and said != self._noted.get(claim):
                claiming.note_output(self._database, claim, said)
        self._noted = printed

    def _bury(self) -> None:
        for name in bury(self._work, self._tell):
            log.info("the worker %s had died; what its jobs printed last is kept", name)

    def _tell(self, number: int, token: str, text: str) -> None:
        claiming.note_output(self._database, Claim(number, "", "", "", 0, token), text)
