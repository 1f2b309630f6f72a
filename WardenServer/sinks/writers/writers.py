"""All writers of a hub, each on a thread of its own; a reload replaces only those whose own settings changed."""

import time
from collections.abc import Mapping

from WardenServer.loading.contract import Contract
from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.settings.writers import Writer as Table
from WardenServer.sinks.base import Sink
from WardenServer.sinks.writers.sink import WriterSink, of

#: Seconds that a writer is given to end before the one in its place begins.
PATIENCE = 10.0


class Writers(Sink):
    """Starts and ends writers as the settings ask for them, and says what they say."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("writers")
        self._settings = settings
        self._tables: Mapping[str, Table] = {}
        self._sinks: Mapping[str, WriterSink] = {}
        self._ending: dict[WriterSink, float] = {}  # until when their successors wait for them
        self._processors: set[str] = set()
        self._lost = 0  # by writers that have ended

    @property
    def notes(self) -> list[str]:
        """See Sink."""
        return [note for sink in self._sinks.values() for note in sink.notes]

    # -- called by the hub

    def open(self, board: Board) -> None:
        """See Sink."""
        super().open(board)
        self._change()

    def take_on(self, settings: Settings) -> None:
        """Write as these settings say from now on. Returns at once."""
        self._settings = settings
        self._change()
        self._rouse()

    def declare(self, contract: Contract) -> None:
        """See Sink."""
        super().declare(contract)
        if contract.stream:
            self._processors.add(contract.name)
        else:
            self._processors.discard(contract.name)

    def close(self) -> None:
        """See Sink."""
        super().close()
        for sink in self._sinks.values():
            sink.close()

    def join(self, seconds: float) -> bool:
        """See Sink. A writer that hangs is not waited for beyond that."""
        until = time.monotonic() + seconds
        threads = [super().join, *(sink.join for sink in (*self._ending, *self._sinks.values()))]
        return all(join(max(0.0, until - time.monotonic())) for join in threads)

    def _change(self) -> None:
        """What comes goes to the new writers before the old ones end."""
        tables, before = self._settings.writers, self._sinks
        kept = {name: sink for name, sink in before.items() if tables.get(name) == self._tables.get(name)}
        new = {name: of(table, self._settings, self._processors) for name, table in tables.items() if name not in kept}
        for sink in new.values():
            sink.open(Board())  # it hears of results from here
        with self._lock:
            self._tables, self._sinks = tables, {**kept, **new}
            for name, sink in before.items():
                if name not in kept:
                    if not sink.is_begun:
                        sink.begin()  # for what came to it already
                    sink.close()
                    self._ending[sink] = time.monotonic() + PATIENCE

    # -- called by any thread

    def take(self, agent: str, result: Result | None) -> None:
        """See Sink."""
        for sink in self._sinks.values():
            sink.take(agent, result)

    # -- the sink's thread

    def deliver(self) -> None:
        """See Sink. A writer that has ended leaves what it could not write to the one in its place."""
        with self._lock:
            for sink, until in list(self._ending.items()):
                if sink.join(0) or time.monotonic() > until:
                    del self._ending[sink]
                    self._lost += sink.lost
                    if (successor := self._sinks.get(sink.writer)) is not None:
                        successor.inherit(sink)
            busy = {sink.writer for sink in self._ending if not self._closing.is_set()}
            for name, sink in self._sinks.items():
                if name not in busy and not sink.is_begun:
                    sink.begin()
        self.lost = self._lost + sum(sink.lost for sink in self._sinks.values())
        self.problems = {name: f"{sink.name}: {sink.problem}" for name, sink in self._sinks.items() if sink.problem}
