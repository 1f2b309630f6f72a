"""All sinks of a hub: those that every hub has, and the writers of its settings, which a reload may change."""

import logging
from collections.abc import Callable, Iterator, Sequence

from WardenServer.loading.contract import Contract
from WardenServer.results.board import Board
from WardenServer.settings import writers as table
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import Sink
from WardenServer.sinks.writers.sink import WriterSink, of

log = logging.getLogger("warden.sink")

#: Seconds that a writer whose settings have changed is given to deliver what is left.
ENDING = 5.0


class Sinks:
    """The sinks, in order. `take_on` is for the thread that loads."""

    def __init__(self, fixed: Sequence[Sink], board: Board) -> None:
        self._fixed = tuple(fixed)
        self._writers: dict[str, tuple[table.Writer, WriterSink]] = {}
        self._board = board
        self._processors: set[str] = set()
        self._begun = False

    def __iter__(self) -> Iterator[Sink]:
        return iter([*self._fixed, *(sink for _, sink in self._writers.values())])

    @property
    def notes(self) -> list[str]:
        """Sentences on what is no failure but should be known."""
        return [note for sink in self for note in sink.notes]

    @property
    def problems(self) -> list[str]:
        """Sentences on what is wrong."""
        return [said for sink in self for said in ([sink.problem] if sink.problem else sink.problems.values())]

    def open(self, settings: Settings) -> None:
        """Take note of what comes to the board."""
        for sink in self._fixed:
            sink.open(self._board)
        self.take_on(settings)

    def begin(self) -> None:
        """Deliver."""
        self._begun = True
        for sink in self:
            sink.begin()

    def take_on(self, settings: Settings) -> None:
        """Have the writers of the settings: those whose own settings have not changed go on as they are."""
        before, wanted = self._writers, settings.writers
        new = {
            name: (writer, of(writer, settings, self._processors))
            for name, writer in wanted.items()
            if name not in before or before[name][0] != writer
        }
        gone = {name: sink for name, (_, sink) in before.items() if name in new or name not in wanted}
        self._writers = {name: new.get(name) or before[name] for name in wanted}
        for name, (_, sink) in new.items():
            self._open(sink, gone.pop(name, None))
        for sink in gone.values():
            self._board.ignore(sink.take)
            _end(sink)

    def declare(self, contract: Contract) -> None:
        """Take note of an agent that was loaded."""
        (self._processors.add if contract.stream else self._processors.discard)(contract.name)
        for sink in self:
            sink.declare(contract)

    def close(self) -> None:
        """Tell all to end."""
        for sink in self:
            sink.close()

    def join(self, left: Callable[[], float]) -> None:
        """Wait for their end, as many seconds as are `left`."""
        for sink in self:
            sink.join(left())

    def _open(self, sink: WriterSink, before: WriterSink | None) -> None:
        """Begin, with what the sink in whose place it comes has left."""
        if before is None:
            sink.open(self._board)
        else:
            sink.open(Board())
            self._board.ignore(before.take, instead=sink.take)
            _end(before)
            sink.inherit(before)
        if self._begun:
            sink.begin()


def _end(sink: WriterSink) -> None:
    sink.close()
    if not sink.join(ENDING):
        log.warning("%s has not delivered all within %g s", sink.name, ENDING)
