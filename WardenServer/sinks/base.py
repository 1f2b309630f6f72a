"""What all sinks share: a thread of their own that delivers what is new, and goes on whatever happens.

Sinks of state have one slot per agent: the newest result wins, and everything is sent again after a loss. Sinks of the
log take every result, once, in order: what they cannot deliver yet waits in a queue with a bound, beyond which the
oldest are lost and counted.
"""

import functools
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from WardenServer.errors import Unreachable
from WardenServer.loading.contract import Contract
from WardenServer.results.board import HUB, HUB_FIELDS, Board
from WardenServer.results.result import Result, weight

log = logging.getLogger("warden.sink")

T = TypeVar("T")

#: Seconds between attempts while a server is away, doubling from the first to the last.
PAUSES = (0.1, 0.5)
#: Seconds after which a sink looks round even when nothing came.
IDLE = 1.0
#: Bytes of results that may wait in one sink of the log.
QUEUE = 64 * 1024 * 1024


class Sink:
    """Takes what comes to a board, and delivers it on a thread of its own.

    `problem` is a sentence while the sink cannot deliver at all, `problems` has sentences on single documents or
    attributes, by name, `notes` are sentences on what is no failure, and `lost` counts results that were never
    delivered. `gather` is for how many seconds what comes is gathered before it is delivered.
    """

    gather = 0.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None
        self.problems: dict[str, str] = {}
        self.lost = 0
        self._board = Board()
        self._lock = threading.Lock()
        self._files: dict[str, str] = {}
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def ok(self) -> bool:
        """Whether it delivers all that comes."""
        return self.problem is None

    @property
    def notes(self) -> list[str]:
        """Sentences on what is no failure but should be known."""
        return []

    # -- called by the hub

    def open(self, board: Board) -> None:
        """Take note of what comes to `board`, and of no other board any more; `begin` delivers it."""
        self._board = board
        self._closing = threading.Event()
        self._thread = self.make_thread(functools.partial(self._run, self._closing))
        board.listen(self.take)

    def begin(self) -> None:
        """Let the thread deliver."""
        if self._thread is not None:
            self._thread.start()

    def make_thread(self, target: Callable[[], None]) -> threading.Thread:
        """The sink's thread."""
        return threading.Thread(target=target, name=f"sink {self.name}", daemon=True)

    def close(self) -> None:
        """Tell the thread to end; what is new is still delivered if the server answers."""
        self._closing.set()
        self._wake.set()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end after `close`, at most `seconds`."""
        if self._thread is None or self._thread.ident is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def declare(self, contract: Contract) -> None:
        """Take note of an agent that was loaded, before its first result. Returns at once."""
        self._files[contract.name] = str(contract.path)

    # -- called by any thread

    def take(self, agent: str, result: Result | None) -> None:
        """Take note of an agent's newest result; None: the agent is gone. Returns at once."""
        raise NotImplementedError

    # -- the sink's thread

    def deliver(self) -> None:
        """Deliver what is new; called at every wake-up, and about once a second when nothing is new.

        Raises:
            Unreachable: nothing can be delivered now; it is tried again after a pause.
        """
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what the thread holds; called last, by the thread."""

    def file_of(self, agent: str) -> str:
        """The plugin file of an agent, for sentences."""
        return self._files.get(agent, f"agent {agent}")

    def _run(self, closing: threading.Event) -> None:
        pause = PAUSES[0]
        while not closing.is_set():
            if self._wake.wait(IDLE) and self.gather:
                closing.wait(self.gather)
            pause = self._attempt(pause, closing)
        self._attempt(pause, closing)
        self.release()

    def _attempt(self, pause: float, closing: threading.Event) -> float:
        """One wake-up; returns the pause after the next failure."""
        self._wake.clear()
        try:
            self.deliver()
        except Unreachable as error:
            if self.problem is None:
                log.warning("%s; the hub runs on, and delivers again when it is back", error)
            self.problem = str(error)
            closing.wait(pause)
            self._wake.set()
            return min(2 * pause, PAUSES[1])
        if self.problem is not None:
            log.info("sink %s delivers again", self.name)
            self.problem = None
        return PAUSES[0]

    def _each(self, items: list[T], deliver: Callable[[list[T]], None], task: Callable[[T], str]) -> int:
        """Deliver all at once; where a mistake makes that fail, one by one, so that only the culprit is lost. How many
        were lost; `task` says of one what cannot be done."""
        try:
            deliver(items)
        except Unreachable:
            raise
        except Exception:  # whatever it is, the thread and the others go on
            if len(items) > 1:
                return sum(self._each([item], deliver, task) for item in items)
            log.exception("sink %s cannot %s; it goes on", self.name, task(items[0]) if items else "look round")
            return len(items)
        return 0

    def _well(self, name: str) -> None:
        """The problem of this name is over."""
        if name in self.problems:
            self.problems = {other: said for other, said in self.problems.items() if other != name}

    def _rouse(self) -> None:
        """Wake the thread."""
        if not self._wake.is_set():
            self._wake.set()


class StateSink(Sink):
    """Delivers the newest result of each agent, whatever came before it, so nothing ever piles up.

    A subclass implements `publish`.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._new: dict[str, None] = {}

    def open(self, board: Board) -> None:
        """See Sink. What is on the board already counts as new."""
        super().open(board)
        self.send_all()

    def take(self, agent: str, result: Result | None) -> None:
        """See Sink."""
        self._note(agent)

    def send_all(self) -> None:
        """Deliver the whole board again."""
        for agent in self._board.agents():
            self._note(agent)

    def publish(self, agents: list[str]) -> None:
        """Deliver the newest results of these agents; an empty list about once a second when nothing is new.

        Raises:
            Unreachable: nothing can be delivered now; the base class tries again with all.
        """
        raise NotImplementedError

    def deliver(self) -> None:
        """See Sink."""
        with self._lock:
            new, self._new = self._new, {}
        try:
            self._each(list(new), self.publish, lambda agent: f"publish {agent}")
        except Unreachable:
            self.send_all()
            raise

    def _note(self, agent: str) -> None:
        with self._lock:
            self._new[agent] = None
        self._rouse()


class LogSink(Sink):
    """Delivers every result once, in order. Repeats, and the hub's documents about itself, are no part of the log; its
    events are.

    A subclass implements `write`. While nothing can be delivered, results of `limit` bytes wait.
    """

    def __init__(self, name: str, limit: int = QUEUE) -> None:
        super().__init__(name)
        self._limit = limit
        self._waiting: deque[tuple[Result, int]] = deque()
        self._bytes = 0

    @property
    def notes(self) -> list[str]:
        """See Sink."""
        return [f"sink {self.name} has lost {self.lost} results since its start"] if self.lost else []

    def wants(self, result: Result) -> bool:
        """Whether this result is to be delivered; called by any thread, and returns at once."""
        return True

    def take(self, agent: str, result: Result | None) -> None:
        """See Sink."""
        if result is None or result.repeat or (agent in (HUB, HUB_FIELDS) and not result.events):
            return
        if not self.wants(result):
            return
        size = weight(result)
        with self._lock:
            self._waiting.append((result, size))
            self._bytes += size
            self._keep_bound()
        self._rouse()

    def dropped(self, result: Result) -> None:
        """Take note of a result that is lost, since too many wait; called by any thread, and returns at once."""

    def write(self, results: Sequence[Result]) -> None:
        """Deliver these results, all or none; an empty list about once a second when nothing is new.

        Raises:
            Unreachable: none can be delivered now; they are kept, and tried again.
        """
        raise NotImplementedError

    def deliver(self) -> None:
        """See Sink."""
        with self._lock:
            batch, size = list(self._waiting), self._bytes
            self._waiting.clear()
            self._bytes = 0
        try:
            results = [result for result, _ in batch]
            self.lost += self._each(results, self.write, lambda result: f"write a result of {result.agent}")
        except Unreachable:
            with self._lock:
                self._waiting.extendleft(reversed(batch))
                self._bytes += size
                self._keep_bound()
            raise

    def _keep_bound(self) -> None:
        """Drop the oldest results that wait, where they are too large together."""
        while self._bytes > self._limit:
            result, size = self._waiting.popleft()
            self._bytes -= size
            self.lost += 1
            self.dropped(result)
