"""Where samples go that no hub publishes: to one writer, and to Memcached where the settings name it."""

import logging

from WardenServer.results.board import Board
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.settings.writers import ALL
from WardenServer.sinks.base import Sink
from WardenServer.sinks.memcached import Memcached
from WardenServer.sinks.writers.sink import WriterSink
from WardenServer.streams.snoop.source import Place

log = logging.getLogger("warden.stream")

#: Seconds that the writer before another one may take for what it still has.
CHANGE = 5.0


class Outlets:
    """Sinks, each with a board of its own, so that one can be replaced."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._writer: tuple[Board, Sink] | None = None
        self._others: list[tuple[Board, Sink]] = []

    @property
    def notes(self) -> list[str]:
        """Sentences on what people should know."""
        return [note for _, sink in self._all() for note in sink.notes]

    def open(self, target: Place, name: str) -> None:
        """Begin with a writer, which is called `name`.

        Raises:
            WardenError: its settings cannot be used.
        """
        self._writer = _opened(_writer_sink(target, name))
        if "memcached" in self._settings.origins:
            self._others = [_opened(Memcached(self._settings))]
        for _, sink in self._all():
            sink.begin()

    def change(self, target: Place, name: str) -> None:
        """Write with another writer; where its settings cannot be used the old one stays.

        Raises:
            WardenError: its settings cannot be used.
        """
        old, self._writer = self._writer, _opened(_writer_sink(target, name))
        if old is not None:
            self._end(old, CHANGE)  # first: both may keep documents in the same file
        self._writer[1].begin()

    def put(self, result: Result) -> None:
        """Take a result; returns at once. Any thread may call it."""
        for board, _ in self._all():
            board.put(result)

    def close(self, seconds: float) -> None:
        """Deliver what there is, within `seconds`."""
        for _, sink in self._all():
            sink.close()
        for each in self._all():
            self._end(each, seconds)

    def _all(self) -> list[tuple[Board, Sink]]:
        return [*([self._writer] if self._writer is not None else []), *self._others]

    def _end(self, each: tuple[Board, Sink], seconds: float) -> None:
        _, sink = each
        sink.close()
        if not sink.join(seconds):
            log.warning("%s has not delivered all within %g s: the rest is lost", sink.name, seconds)


def _writer_sink(target: Place, name: str) -> WriterSink:
    writer = target.make()
    return WriterSink(name, (ALL,), lambda: writer)


def _opened(sink: Sink) -> tuple[Board, Sink]:
    board = Board()
    sink.open(board)
    return board, sink
