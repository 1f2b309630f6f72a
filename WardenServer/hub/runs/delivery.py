"""Brings what was taken of runs to the store, in order; what the store does not take waits."""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from WardenServer.errors import Unreachable
from WardenServer.hub.runs.record import Record
from WardenServer.hub.runs.waiting import WaitingRecords
from WardenServer.plugins.common.runs.source import Run
from WardenServer.settings.masking import mask

if TYPE_CHECKING:
    from WardenServer.plugins.common.runs.store import Store

log = logging.getLogger("warden.runs")

#: Seconds between tries while the store is away.
AGAIN = 2.0


class Delivery:
    """A thread of its own: the store may take long. `problem` says why it cannot be used."""

    def __init__(
        self, waiting: WaitingRecords, hub: str, learn: Callable[[Run | None], None], delivered: Callable[[], None]
    ) -> None:
        """Take note of whom to tell.

        Args:
            waiting: what is to be written.
            hub: whose runs these are.
            learn: gets the newest run of a store once it answers first.
            delivered: is called when all that has waited is written.
        """
        self.problem = ""
        self._waiting, self._hub, self._learn, self._delivered = waiting, hub, learn, delivered
        self._store: Store | None = None
        self._next: Store | None = None
        self._is_known = False  # what runs the store has
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runs store", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing.set()
        self._changed.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`; what waits stays for the next start."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        self._waiting.close()
        return not self._thread.is_alive()

    # -- any thread

    def use(self, store: "Store") -> None:
        """Write to this store from now on."""
        self._next = store
        self._changed.set()

    def add(self, record: Record) -> None:
        """Keep a record until it is written. Returns at once."""
        self._waiting.add(record)
        self._changed.set()

    def has(self, number: int) -> bool:
        """Whether the store has a run of this number. May take long.

        Raises:
            Unreachable: it cannot say so now.
        """
        from WardenServer.plugins.common.runs.own import Own

        store = self._store
        if store is None or self._waiting.count():
            raise Unreachable(self.problem or "the runs' database has not taken all yet; wait a moment")
        return Own(store, self._hub).run(number) is not None

    # -- its own thread

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self.deliver()
            except Exception:  # a mistake of ours must not end what others wait for
                log.exception("what was taken of runs cannot be written; it is tried again")
                self.problem = "what was taken of runs cannot be written; see the log"
            self._changed.wait(AGAIN if self.problem else None)
            self._changed.clear()
        if self._store is not None:
            self._store.close()

    def deliver(self) -> None:
        """Write all that waits. Called by the thread (and by tests)."""
        self._take_next()
        if self._store is None:
            return
        try:
            done = self._write_all(self._store)
        except Unreachable as error:
            self._say(mask(str(error)))
            return
        self._say("")
        if done:
            self._delivered()

    def _take_next(self) -> None:
        store, self._next = self._next, None
        if store is not None:
            if self._store is not None:
                self._store.close()
            self._store, self._is_known = store, False

    def _write_all(self, store: "Store") -> int:
        from WardenServer.plugins.common.runs import recording

        if not self._is_known:
            self._learn(recording.newest(store, self._hub))
            self._is_known = True
        done = 0
        while not self._closing.is_set() and self._next is None and (record := self._waiting.first()) is not None:
            record.write(store, self._hub)
            self._waiting.remove()
            done += 1
        return done

    def _say(self, problem: str) -> None:
        if problem and not self.problem:
            log.error("%s; what is taken of runs waits until it can be used", problem)
        elif self.problem and not problem:
            log.info("the runs' database can be used again")
        self.problem = problem
