"""What a processor is told of runs: `start_run(number)` and `stop_run(number)`, each between two of its events.

A processor that has `stop_run` gets the events of runs alone. Where the hub has no runs, nobody is told anything, and
all get all events.
"""

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from WardenServer.streams.batch import Batch


class Run(NamedTuple):
    """The run of now: its number, and whether it is open; else it was the last one, or 0 where none is known."""

    number: int
    is_open: bool


class Turn(Batch):
    """The place between two events where a run begins or ends. It has no events."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        #: The processor was told.
        self.passed = threading.Event()


def _method(processor: Any, name: str) -> "Callable[[int], Any] | None":
    found = getattr(processor, name, None)
    return found if callable(found) else None


class Told:
    """What one processor was told. All but `announce` and `is_past` belong to the thread of the processor."""

    def __init__(self, processor: Any) -> None:
        self._announced: Run | None = None  # what the events that come now belong to
        self._run: Run | None = None  # what the events that are taken now belong to
        self._is_behind = False  # start_run of the open run has not been called, or has failed
        self.go_on_with(processor)

    def go_on_with(self, processor: Any) -> None:
        """Another processor has the place, and the state, of the old one."""
        self._start, self._stop = _method(processor, "start_run"), _method(processor, "stop_run")

    @property
    def closes(self) -> bool:
        """Whether the processor gets the events of runs alone."""
        return self._stop is not None

    @property
    def is_past(self) -> bool:
        """Whether events that come now are not for the processor."""
        return self._stop is not None and self._announced is not None and not self._announced.is_open

    @property
    def is_closed(self) -> bool:
        """Whether events that are taken now are not for the processor."""
        return self._stop is not None and self._run is not None and not self._run.is_open

    def announce(self, run: Run) -> Turn:
        """What is to be put behind the events that have come."""
        self._announced = run
        return Turn(run)

    def take(self, run: Run, is_out: bool) -> None:
        """Tell the processor, unless it is out, or knows; raises what it raises."""
        before, self._run = self._run, run
        if run.is_open and run != before:
            self._is_behind = True
        if is_out:
            return
        if run.is_open:
            self.catch_up()
        elif before is not None and before.is_open and self._stop is not None:
            self._stop(run.number)

    def catch_up(self) -> None:
        """Tell the processor of the open run, where nobody has told it or the one before it; raises what it raises."""
        if self._is_behind and self._run is not None and self._run.is_open and self._start is not None:
            self._start(self._run.number)
        self._is_behind = False


def begin(processor: Any, run: Run | None) -> bool:
    """Tell a processor without a host what a new one is told; whether it gets events. Raises what it raises."""
    told = Told(processor)
    if run is not None:
        told.take(run, is_out=False)
    return not told.is_closed
