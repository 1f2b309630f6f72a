"""Writes every result into the history, every few seconds; a keeper in a process of its own packs and thins it."""

import time
from collections import deque
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from WardenServer.errors import SettingError, Unreachable
from WardenServer.machine import garbage
from WardenServer.results.board import HUB, HUB_ALARMS
from WardenServer.results.field import Place
from WardenServer.results.result import Result
from WardenServer.settings.config import Settings
from WardenServer.sinks.base import LogSink
from WardenServer.sinks.history import store
from WardenServer.sinks.history.keeper import Keeper

if TYPE_CHECKING:
    from WardenServer.sinks.history.scribe import Scribe

#: Seconds that results are gathered for: at most that much is lost by kill -9.
GATHER = 3.0
#: Most losses that are kept until they can be written.
MOST_LOSSES = 1000
#: Seconds between two results that are lost one after the other.
NEXT = 10.0
#: Seconds after which the status says that writing takes long.
SLOW = 10.0
LIBRARIES = ("sqlalchemy", "pcodec")


class Loss(NamedTuple):
    """From when to when, in Unix seconds, results were lost, and how many."""

    begin: float
    end: float
    results: int


class History(LogSink):
    """Takes all results. While the store is away they wait, and what cannot wait any longer is counted, and noted as a
    gap."""

    gather = GATHER

    def __init__(self, settings: Settings) -> None:
        super().__init__("history")
        self._settings = settings
        self._arrays = frozenset(settings.history_arrays)
        self._missing = missing_library()
        self._scribe: Scribe | None = None
        self._keeper = Keeper(settings)
        self._losses: deque[Loss] = deque(maxlen=MOST_LOSSES)
        self._writes_since: float | None = None

    @property
    def notes(self) -> list[str]:
        """See Sink."""
        if self._missing:
            return [f"there is no history: the library {self._missing} is missing; {store.CURE.format('history')}"]
        return [*super().notes, *self._slowness(), *self._keeper.notes]

    def _slowness(self) -> list[str]:
        since = self._writes_since
        took = 0.0 if since is None else time.monotonic() - since
        said = f"the history has taken {took:.0f} s to write what came; see its disk or database"
        return [said] if took > SLOW else []

    # -- called by the hub

    def begin(self) -> None:
        """See Sink."""
        super().begin()
        if not self._missing:
            self._keeper.open()

    def close(self) -> None:
        """See Sink."""
        self._keeper.close()
        super().close()

    def join(self, seconds: float) -> bool:
        """See Sink."""
        until = time.monotonic() + seconds
        return super().join(seconds) and self._keeper.join(max(0.0, until - time.monotonic()))

    # -- called by any thread

    def take(self, agent: str, result: Result | None) -> None:
        """See LogSink. Arrays that are not asked for are left out at once: they would fill the queue."""
        if result is None:
            result = Result(agent, "", time.time(), {}, error="the agent is gone")
        elif np.ndarray in map(type, result.fields.values()):
            result = self._without_arrays(result)
        super().take(agent, result)

    def wants(self, result: Result) -> bool:
        """See LogSink."""
        return not self._missing and result.agent not in (HUB, HUB_ALARMS)

    def dropped(self, result: Result) -> None:
        """See LogSink. What is lost one after the other is one gap."""
        last = self._losses[-1] if self._losses else None
        if last is None or result.timestamp - last.end > NEXT:
            self._losses.append(Loss(result.timestamp, result.timestamp, 1))
        else:
            self._losses[-1] = Loss(last.begin, max(last.end, result.timestamp), last.results + 1)

    def _without_arrays(self, result: Result) -> Result:
        names = {field: (result.places.get(field) or Place(result.key)) for field in result.fields}
        kept = {
            field: value
            for field, value in result.fields.items()
            if not isinstance(value, np.ndarray) or f"{names[field].key}.{names[field].shown(field)}" in self._arrays
        }
        return result._replace(fields=kept)

    # -- the sink's thread

    def write(self, results: Sequence[Result]) -> None:
        """See LogSink."""
        if not results and not self._losses:
            return
        if self._scribe is None:
            self._scribe = self._open()
            self._write(self._scribe, results)
            garbage.set_aside_imports()  # a full collection would stop the tick for 40 ms
        else:
            self._write(self._scribe, results)

    def _write(self, scribe: "Scribe", results: Sequence[Result]) -> None:
        with self._lock:
            losses, self._losses = self._losses, deque(maxlen=MOST_LOSSES)
        self._writes_since = time.monotonic()
        try:
            scribe.write(results, list(losses))
        except BaseException:
            with self._lock:
                self._losses.extendleft(reversed(losses))
            raise
        finally:
            self._writes_since = None

    def _open(self) -> "Scribe":
        try:
            from WardenServer.sinks.history.scribe import Scribe

            opened = store.open_store(store.url(self._settings), self._settings.instance)
        except SettingError as error:
            raise Unreachable(str(error)) from None
        except OSError as error:  # of the import: no descriptor is left, say
            raise Unreachable(f"the history cannot be opened ({error.strerror}); it is tried again") from None
        return Scribe(opened, self._settings.history_raw, self._arrays, self._board.tell)

    def release(self) -> None:
        """See Sink."""
        if self._scribe is not None:
            self._scribe.close()
            self._scribe = None


def missing_library() -> str:
    """The library that the history needs and does not have, "" where it has all. None is imported: that takes long."""
    return next((name for name in LIBRARIES if find_spec(name) is None), "")
