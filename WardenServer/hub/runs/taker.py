"""Takes snapshots at the start and end of runs and on the way, and tells streams of runs, in the right order."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from WardenServer.hub.runs.book import Book
from WardenServer.hub.runs.documents import have_come, of_board
from WardenServer.hub.runs.last_samples import await_results
from WardenServer.hub.runs.record import Opened, Record
from WardenServer.hub.runs.snapshot import take
from WardenServer.plugins.common.runs.configuration import Runs
from WardenServer.plugins.common.runs.source import Phase, Snapshot, Taken
from WardenServer.results.board import Board
from WardenServer.servers.tango_devices import Devices

log = logging.getLogger("warden.runs")

#: Seconds that processors are given to take the last events of a run, and then to give their last samples.
STOP, SAMPLES = 1.0, 1.0
#: Seconds after the hub's start within which a snapshot waits for agents that have not run yet, and between looks.
FIRST, LOOK = 5.0, 0.05
#: Most starts and ends that wait for their snapshots.
MOST = 100


class Streams(Protocol):
    """Those of the hub, as far as runs matter to them. Any thread may call it."""

    def start_run(self, number: int) -> None:
        """A run has begun. Returns at once."""

    def stop_run(self, number: int, limit: float) -> list[str]:
        """A run has ended: agents whose last sample can be had. Returns after at most `limit` seconds."""

    def no_run(self) -> None:
        """There are runs, and none is open. Returns at once."""


@dataclass(frozen=True)
class Step:
    """A run that ends, one that begins, or both at once."""

    ends: Opened | None
    begins: Opened | None


class Taker:
    """A thread of its own, "runs": each snapshot may take seconds. Steps are done one after the other."""

    def __init__(
        self, board: Board, hub_key: str, streams: Streams, soon: Callable[[str], None], book: Book,
        add: Callable[[Record], None],
    ) -> None:  # fmt: skip
        """`hub_key` is that of the hub's document of itself, `add` keeps what was taken."""
        self._board, self._hub_key, self._streams, self._soon = board, hub_key, streams, soon
        self._book, self._add = book, add
        self._runs: Runs | None = None
        self._devices = Devices()
        self._steps: deque[Step] = deque()
        self._told = 0  # the number of the last run that streams were told of
        self._ends = False  # whether streams are being told of an end
        self._began = self._last = time.monotonic()  # the last snapshot
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runs", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end."""
        self._closing.set()
        with self._changed:
            self._changed.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # -- any thread

    @property
    def is_full(self) -> bool:
        """Whether no more steps can wait."""
        return len(self._steps) >= MOST

    def use(self, runs: Runs | None) -> None:
        """Go by these settings from now on; None: take nothing."""
        with self._changed:
            self._runs = runs
            self._changed.notify()

    def put(self, step: Step) -> None:
        """Do this after all that was put before. Returns at once."""
        with self._changed:
            self._steps.append(step)
            self._tell_of_next()
            self._changed.notify()

    def tell_of(self, run: Opened) -> None:
        """Tell streams of a run that has begun, or goes on; once."""
        if run.number != self._told:
            self._told = run.number
            self._streams.start_run(run.number)

    def _tell_of_next(self) -> None:
        """Tell streams of the next start, as soon as no end comes before it."""
        step = self._steps[0] if self._steps and not self._ends else None
        if step is not None and step.begins is not None and step.ends is None:
            self.tell_of(step.begins)

    # -- its own thread

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._do_next()
            except Exception:  # a mistake of ours must not end all further snapshots
                log.exception("a snapshot failed; the next one is taken all the same")

    def _do_next(self) -> None:
        with self._changed:
            if not self._steps and not self._closing.is_set():
                self._changed.wait(self._until_due())
            step = self._steps.popleft() if self._steps and not self._closing.is_set() else None
            self._ends = step is not None and step.ends is not None
        run = self._book.opened
        if step is not None:
            self._do(step)
        elif run is not None and self._until_due() == 0.0:
            self._add(Record(run, self._take(run, Phase.WAY, self._documents())))

    def _until_due(self) -> float | None:
        """Seconds to the next snapshot on the way."""
        runs = self._runs
        if runs is None or not runs.every or self._book.opened is None:
            return None
        return max(0.0, self._last + runs.every - time.monotonic())

    def _do(self, step: Step) -> None:
        try:
            if step.ends is not None:
                agents = self._streams.stop_run(step.ends.number, STOP)
                await_results(self._board, self._soon, agents, SAMPLES, self._closing)
            documents = self._documents()
        finally:
            self._go_on(step.begins)
        shot = None
        if step.ends is not None:
            shot = self._take(step.ends, Phase.END, documents)
            self._add(Record(step.ends, shot))
        if step.begins is not None:
            shot = self._as_start(shot, step.begins) if shot else self._take(step.begins, Phase.START, documents)
            self._add(Record(step.begins, shot))
            self._book.note_start(step.begins.number)

    @staticmethod
    def _as_start(end: Snapshot, run: Opened) -> Snapshot:
        """The snapshot of a run's end as that of the start of the next one, which began at the same time."""
        return replace(end, run=run.number, phase=Phase.START)

    def _go_on(self, begins: Opened | None) -> None:
        """The run that has ended is over for streams: they may be told of the next one."""
        with self._changed:
            self._ends = False
            if begins is not None:
                self.tell_of(begins)
            else:
                self._tell_of_next()

    def _documents(self) -> list[Taken]:
        """The fields of documents; shortly after the hub's start once their agents have run."""
        patterns = self._runs.documents if self._runs is not None else ()
        while time.monotonic() < self._began + FIRST and not have_come(self._board, patterns, self._hub_key):
            if self._closing.wait(LOOK):
                break
        return of_board(self._board, patterns, self._hub_key)

    def _take(self, run: Opened, phase: Phase, documents: Sequence[Taken]) -> Snapshot:
        self._last = time.monotonic()
        attributes, limit = (self._runs.attributes, self._runs.limit) if self._runs is not None else ((), 0.0)
        return take(run.number, phase, documents, attributes, limit, self._devices)
