"""When processors are sampled that no hub samples, and what becomes of it."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from WardenServer.errors import FieldError
from WardenServer.loading.failure import explain_in
from WardenServer.machine.clock import Clock
from WardenServer.results.result import Result
from WardenServer.sinks.writers.writer import as_text
from WardenServer.streams.host import Host, TakenOut
from WardenServer.streams.stream import Stream

log = logging.getLogger("warden.stream")


def plain(document: Any) -> dict[str, Any]:
    """A copy of a sample that JSON can hold; dicts and lists in it may hold others. NaN becomes None.

    Raises:
        FieldError: it is no dict.
    """
    if not isinstance(document, Mapping):
        raise FieldError(f"sample returned a {type(document).__name__}; return a dict")
    copied: dict[str, Any] = json.loads(as_text(document))
    return copied


class Sampler:
    """Samples all processors of a stream at the same times: at once, and every `period` seconds from then on.

    The times do not drift. Each processor gives its sample on its own thread; one that has not given its last one is
    passed over, and times that have passed are not made up for: both are counted in `skipped`, by processor.
    """

    def __init__(self, stream: Stream, period: float, take: Callable[[Result], None], clock: Clock) -> None:
        """Begin at the clock's time.

        Args:
            stream: whose processors are sampled.
            period: seconds.
            take: gets every result, on any thread.
            clock: the time.
        """
        self.skipped: Counter[str] = Counter()
        self.expire = 0.0  # seconds for which documents live
        self.files: Mapping[str, Path] = {}  # of the processors, for sentences
        self._stream, self._take, self._clock = stream, take, clock
        self._period = period
        self._start, self._count = clock.monotonic(), 0
        self._asked: dict[str, Future[Any]] = {}
        self._said: dict[str, str] = {}

    def change(self, period: float) -> None:
        """Sample with another period, which begins at the next time of the old one."""
        if period != self._period:
            self._start, self._count, self._period = self._due, 0, period

    @property
    def _due(self) -> float:
        return self._start + self._count * self._period

    @property
    def wait(self) -> float:
        """Seconds until processors are due; 0 where they are."""
        return max(0.0, self._due - self._clock.monotonic())

    def look(self) -> None:
        """Sample the processors if they are due."""
        if self.wait:
            return
        missed = int((self._clock.monotonic() - self._due) / self._period)
        self.skipped.update(dict.fromkeys(self._stream.names, missed) if missed else {})
        self._count += missed + 1
        self.sample()

    def sample(self) -> None:
        """Have each processor give a sample, but those that are still at their last one."""
        for name in self._stream.names:
            host, asked = self._stream.host(name), self._asked.get(name)
            if asked is not None and not asked.done():
                self._skip(name)
            elif host is not None:
                self._asked[name] = host.ask(partial(self._give, name, host))

    def join(self, seconds: float) -> bool:
        """Wait for the samples that are asked for, at most so long."""
        until = self._clock.monotonic() + seconds
        for asked in self._asked.values():
            try:
                asked.exception(max(0.0, until - self._clock.monotonic()))
            except TimeoutError:
                return False
        return True

    def _skip(self, name: str) -> None:
        self.skipped[name] += 1
        if self.skipped[name] == 1:
            said = "processor %s has not given its last sample yet: this one is left out; more such are counted"
            log.warning(said, name)

    # -- the processors' threads

    def _give(self, name: str, host: Host, processor: Any) -> None:
        """Hand on a sample, or why there is none; nothing where the processor has left by itself."""
        if not getattr(processor, "enabled", True):
            return
        fields, said = {}, None
        try:
            fields = plain(self._stream.document(host, processor))
            self._said.pop(name, None)
        except BaseException as error:  # a processor may raise anything
            said = self._explain(name, error)
        self._take(Result(name, name, self._clock.time(), fields, error=said, expire=self.expire))

    def _explain(self, name: str, error: BaseException) -> str:
        if isinstance(error, TakenOut):  # which the log has already
            return str(error)
        said = explain_in(error, self.files.get(name, Path(name)), "correct the file")
        if self._said.get(name) != said:
            log.error("no sample of processor %s: %s", name, said)
        self._said[name] = said
        return said
