"""One processor at work, on a thread of its own: no processor waits for another.

All that the processor does is done by this thread, so `event` and `sample` never run at once, and new code takes over
between two events.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from operator import length_hint
from typing import Any

from WardenServer.errors import PluginError
from WardenServer.processor import Processor, ProcessorAbort
from WardenServer.streams.batch import MOST, Batch
from WardenServer.streams.told import Run, Told, Turn
from WardenServer.streams.waiting import Waiting

log = logging.getLogger("warden.stream")

#: Events are taken out of the queue in parts. They become larger while one takes less than QUICK seconds, and smaller
#: while it takes more than twice that, so that what a slow processor has not begun can still be dropped.
QUICK = 0.005
#: Makes a sentence for people of what a processor has raised.
Explain = Callable[[BaseException], str]


def forms(processor: Any) -> "tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None]":
    """How a processor takes events, one by one and many together; None and None where it only acts when sampled."""
    single, many = getattr(processor, "event", None), getattr(processor, "events", None)
    is_ours = getattr(type(processor), "event", None) is Processor.event  # which does nothing
    return single if callable(single) and not is_ours else None, many if callable(many) else None


def give(processor: Any, batch: Batch) -> None:
    """Have a processor without a host take events; those that it passes over are left out. It may raise anything."""
    single, many = forms(processor)
    if many is not None and (batch.is_array or single is None):
        if len(batch):
            with suppress(ProcessorAbort):
                many(batch.array)
    elif single is not None:
        for event in batch.events:
            with suppress(ProcessorAbort):
                single(event)


class TakenOut(PluginError):
    """The processor gets no more events, and gives no samples, until the next reload."""


class Host:
    """One processor, its thread and its queue.

    `seen` counts the events it was given, `aborted` those among them that it could not use, `dropped` those for which
    its queue had no room. `out` says why it was taken out, if it was.
    """

    def __init__(self, name: str, processor: Any, most: int, full: str, explain: Explain) -> None:
        """Put it together; `open` begins.

        Args:
            name: of the agent.
            processor: what takes the events.
            most: how many events may wait.
            full: what happens to more (see Waiting).
            explain: what people read about what the processor raises.
        """
        self.name = name
        self.seen = self.aborted = 0
        self.out: str | None = None
        self._explain = explain
        self._told = Told(processor)
        self._go_on_with(processor)
        self._waiting = Waiting(most, full)
        self._part = 1
        self._requests: deque[Callable[[], None]] = deque()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"processor {name}", daemon=True)

    @property
    def dropped(self) -> int:
        """Events for which there was no room."""
        return self._waiting.dropped

    @property
    def closes(self) -> bool:
        """Whether the processor gets the events of runs alone."""
        return self._told.closes

    # -- called by its owner

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end once the event that it is at is taken."""
        self._closing = True
        self._waiting.clear()
        self._waiting.close()

    def join(self, seconds: float) -> bool:
        """Wait for its end after `close`, at most `seconds`; False where the processor still runs."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def put(self, batch: Batch) -> None:
        """Have it take events, unless they belong to no run and are not for it."""
        if self.out is not None or (self._single is None and self._many is None) or self._told.is_past:
            return
        if batch.is_array and self._many is None:
            batch = Batch(batch.events, size=batch.size)  # made once, for all processors
        self._waiting.put(batch)

    def turn(self, run: Run) -> Turn:
        """Have it told of a run once it has taken the events that have come. Returns at once; not while others put."""
        turn = self._told.announce(run)
        self._waiting.mark(turn)
        return turn

    def wait_idle(self, seconds: float) -> bool:
        """Wait until it has taken all events that came, at most `seconds`."""
        return self._waiting.wait_empty(seconds)

    def ask(self, what: Callable[[Any], Any]) -> "Future[Any]":
        """Call `what` with the processor between two events; its outcome."""
        future: Future[Any] = Future()

        def serve() -> None:
            try:
                future.set_result(what(self._processor))
            except BaseException as error:  # a processor may raise anything
                future.set_exception(error)

        self._requests.append(serve)
        self._waiting.rouse()
        if self._closing and not self._thread.is_alive():
            self._refuse()
        return future

    def replace(self, new: Any, explain: Explain) -> None:
        """Go on with another processor. For what is called by `ask`."""
        self._go_on_with(new)
        self._explain, self.out = explain, None
        self._tell(self._told.catch_up)

    def limit(self, most: int, full: str) -> None:
        """Let other numbers of events wait for it."""
        self._waiting.limit(most, full)

    def check(self) -> None:
        """Raise TakenOut where it was taken out."""
        if self.out is not None:
            raise TakenOut(self.out)

    def _go_on_with(self, processor: Any) -> None:
        self._processor = processor
        self._single, self._many = forms(processor)
        self._told.go_on_with(processor)

    # -- its own thread

    def _run(self) -> None:
        while not self._closing:
            self._serve()
            batch = self._waiting.take(self._part, self._many is not None)
            if isinstance(batch, Turn):
                self._tell(partial(self._told.take, batch.run, self.out is not None))
                batch.passed.set()
            elif batch is not None:
                began = time.monotonic()
                self._feed(batch)
                self._adapt(time.monotonic() - began)
        self._serve()

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            what()
        except BaseException as error:  # a processor may raise anything
            self._take_out(error)

    def _adapt(self, took: float) -> None:
        if took < QUICK:
            self._part = min(2 * self._part, MOST)
        elif took > 2 * QUICK:
            self._part = max(1, self._part // 2)

    def _serve(self) -> None:
        while self._requests:
            self._requests.popleft()()

    def _refuse(self) -> None:
        """What is asked after the end, nobody serves."""
        while self._requests:
            self._requests.popleft()()

    def _feed(self, batch: Batch) -> None:
        while len(batch) and self.out is None and not self._closing and not self._told.is_closed:
            self.seen += (done := self._take(batch))
            batch = batch.part(done) if done < len(batch) else Batch()
            self._serve()

    def _take(self, batch: Batch) -> int:
        """Give events to the processor, until somebody asks for something; how many it was given."""
        left: Iterator[Any] = iter(())
        try:
            if self._single is None or (batch.is_array and self._many is not None):
                assert self._many is not None
                self._many(batch.array)
            else:
                left, event, requests = iter(batch.events), self._single, self._requests
                for each in left:
                    event(each)
                    if requests:
                        break
        except ProcessorAbort as why:
            self._pass_over(why, 1 if self._single is not None else len(batch))
        except BaseException as error:  # a processor may raise anything
            self._take_out(error)
        return len(batch) - length_hint(left)

    def _pass_over(self, why: ProcessorAbort, count: int) -> None:
        if not self.aborted:
            log.warning("processor %s passes over an event: %.200s; more such are counted", self.name, why)
        self.aborted += count

    def _take_out(self, error: BaseException) -> None:
        self.out = f"{self._explain(error)}; it gets no more events until the next reload"
        log.error("processor %s is taken out: %s", self.name, self.out)
        self._waiting.clear()
