"""Hands the results of agents to a writer, as documents."""

import threading
from collections.abc import Callable, Sequence, Set
from functools import partial

from WardenServer.errors import SettingError, Unreachable
from WardenServer.results.board import HUB, HUB_ALARMS, HUB_FIELDS
from WardenServer.results.result import Result
from WardenServer.settings import writers as table
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import LogSink
from WardenServer.sinks.writers import make
from WardenServer.sinks.writers.writer import Document, Writer


class WriterSink(LogSink):
    """One writer on a thread of its own. Only results of runs that went well become documents."""

    def __init__(
        self, name: str, agents: Sequence[str], make: Callable[[], Writer], processors: Set[str] = frozenset()
    ) -> None:
        """Take note of what is to be written.

        Args:
            name: of the writer.
            agents: whose results it writes: names, or ("*",) for all; () is all processors of streams.
            make: makes the writer, once it is needed; SettingError where it cannot: it is tried again.
            processors: the names of all processors of streams, which may change.
        """
        super().__init__(f"writer {name}")
        self._agents = frozenset(agents)
        self._processors = processors
        self._make = make
        self._writer: Writer | None = None
        self._lost_by_writer = 0

    @property
    def notes(self) -> list[str]:
        """See Sink."""
        waiting, writer = len(self._waiting), self._writer
        said = [f"{waiting} results wait"] if waiting and self.problem else []
        said += writer.notes if writer is not None else []
        return [*super().notes, *(f"{self.name}: {each}" for each in said)]

    # -- called by the hub

    def make_thread(self, target: Callable[[], None]) -> threading.Thread:
        """See Sink."""
        return threading.Thread(target=target, name=self.name, daemon=True)

    def inherit(self, other: "WriterSink") -> None:
        """Write first what another one, that has ended, has left; called before `begin`."""
        with other._lock:
            left, size = list(other._waiting), other._bytes
            other._waiting.clear()
            other._bytes = 0
        with self._lock:
            self._waiting.extendleft(reversed(left))
            self._bytes += size
            self._keep_bound()

    # -- called by any thread

    def wants(self, result: Result) -> bool:
        """See LogSink."""
        if result.error is not None or result.agent in (HUB, HUB_FIELDS, HUB_ALARMS):
            return False
        return table.ALL in self._agents or result.agent in (self._agents or self._processors)

    # -- the sink's thread

    def deliver(self) -> None:
        """See Sink."""
        super().deliver()
        writer = self._writer
        if writer is not None:
            self.lost += writer.lost - self._lost_by_writer
            self._lost_by_writer = writer.lost
            if writer.problem:
                raise Unreachable(writer.problem)

    def write(self, results: Sequence[Result]) -> None:
        """See LogSink."""
        if self._writer is None:
            try:
                self._writer = self._make()
            except SettingError as error:
                raise Unreachable(str(error)) from None
        self._writer.write([Document(each.agent, each.timestamp, each.fields) for each in results])

    def release(self) -> None:
        """See Sink."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def of(writer: table.Writer, settings: Settings, processors: Set[str] = frozenset()) -> WriterSink:
    """The sink of a table [writers.NAME]; what it cannot deliver yet is kept beside the hub's other files."""
    folder = settings.state_folder / f"{settings.instance}-writers"
    made = partial(make, writer.name, writer.kind, writer.options, folder)
    return WriterSink(writer.name, writer.agents, made, processors)
