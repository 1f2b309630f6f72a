"""All sinks of a hub: those that every hub has, and the writers of its settings, which a reload may change."""

from collections.abc import Callable, Iterator, Sequence

from WardenServer.loading.contract import Contract
from WardenServer.results.board import Board
from WardenServer.settings import writers as table
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import Sink
from WardenServer.sinks.writers.sink import WriterSink, of

#: Seconds that a writer whose settings have changed is given to deliver what is left.
ENDING = 5.0


class Sinks:
    """The sinks, in order. `take_on` is for the thread that loads."""

    def __init__(self, fixed: Sequence[Sink], board: Board) -> None:
        self._fixed = tuple(fixed)
        self._writers: dict[str, tuple[table.Writer, WriterSink]] = {}
        self._board = board
        self._contracts: dict[str, Contract] = {}
        self._begun = False

    def __iter__(self) -> Iterator[Sink]:
        return iter([*self._fixed, *(sink for _, sink in self._writers.values())])

    @property
    def notes(self) -> list[str]:
        """Sentences on what is no failure but should be known."""
        return [note for sink in self for note in sink.notes]

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
        wanted = settings.writers
        for name, (writer, sink) in list(self._writers.items()):
            if wanted.get(name) != writer:
                self._end(name, sink)
        for name, writer in wanted.items():
            if name not in self._writers:
                self._add(writer, settings)

    def declare(self, contract: Contract) -> None:
        """Take note of an agent that was loaded."""
        self._contracts[contract.name] = contract
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

    def _add(self, writer: table.Writer, settings: Settings) -> None:
        sink = of(writer, settings)
        sink.open(self._board)
        for contract in self._contracts.values():
            sink.declare(contract)
        self._writers = {**self._writers, writer.name: (writer, sink)}
        if self._begun:
            sink.begin()

    def _end(self, name: str, sink: WriterSink) -> None:
        self._writers = {other: each for other, each in self._writers.items() if other != name}
        self._board.ignore(sink.take)
        sink.close()
        sink.join(ENDING)
