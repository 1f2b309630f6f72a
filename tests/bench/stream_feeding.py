"""Events through a stream of ours, in this process: all must arrive, and none may be dropped."""

import threading
import time
from typing import Any

from tests.bench.figure import Run
from WardenServer.errors import WardenError
from WardenServer.processor import Processor
from WardenServer.settings.streams import Stream as Settings
from WardenServer.streams.batch import Batch
from WardenServer.streams.readers.base import Reader
from WardenServer.streams.stream import Stream

#: Events that may wait: no queue has a bound. It is full when 64 MB wait; then the reader waits, so nothing is dropped.
QUEUE = 10**9
#: Seconds that all may take.
LIMIT = 100.0


class Clock:
    """Time and CPU of this process, since it was made."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def each(self, number: int, counted: int) -> Run:
        """Nanoseconds of an event, and thousands of events a second.

        Raises:
            WardenError: not `number` events were counted.
        """
        wall, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        same(counted, number)
        return {"wall": 1e9 * wall / number, "cpu": 1e9 * cpu / number, "rate": number / wall / 1e3}


def same(counted: int, number: int) -> None:
    """Raises WardenError where a count is not what it should be."""
    if counted != number:
        raise WardenError(f"{counted} events were counted in place of {number}; nothing is compared")


class Counting(Processor):
    """Counts events, one by one."""

    name = "counting"

    def __init__(self) -> None:
        self.count = 0

    def event(self, event: Any) -> None:
        """See Processor."""
        self.count += 1


class CountingArrays(Processor):
    """Counts events, many together."""

    name = "counting_arrays"

    def __init__(self) -> None:
        self.count = 0

    def events(self, batch: Any) -> None:
        """See Processor."""
        self.count += len(batch)


class Watched(Reader):
    """Reads as another reader does, up to a number of events; `all` is set when they were handed over."""

    def __init__(self, reader: Reader, number: int) -> None:
        super().__init__()
        self._reader, self._left = reader, number
        self.counts_lost = reader.counts_lost
        self.all = threading.Event()

    def open(self, position: Any) -> None:
        """See Reader."""
        self._reader.open(position)

    def read(self, wait: float) -> Batch | None:
        """See Reader."""
        if self._left <= 0:
            self.ended = True
            self.all.set()
            return None
        batch = self._reader.read(wait)
        self._left -= 0 if batch is None else len(batch)
        return batch

    def close(self) -> None:
        """See Reader."""
        self._reader.close()


def through(reader: Reader, number: int, *processors: Any) -> Run:
    """Time and CPU of `number` events from a reader to processors.

    Raises:
        WardenError: some did not come, or were dropped.
    """
    watched = Watched(reader, number)
    stream = Stream(Settings("bench", queue=QUEUE, full="block"))
    hosts = [stream.add(f"{place}", processor, str) for place, processor in enumerate(processors)]
    clock = Clock()
    stream.open(watched)
    try:
        watched.all.wait(LIMIT)
        for host in hosts:
            host.wait_idle(LIMIT)
        run = clock.each(number, min(host.seen for host in hosts))
    finally:
        stream.close(5.0)
    for processor, host in zip(processors, hosts, strict=True):
        same(processor.count, number)
        same(host.dropped, 0)
    return run
