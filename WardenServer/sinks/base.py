"""What all sinks share: a thread of their own, one slot per agent, and everything sent again after a loss."""

import functools
import logging
import threading
from collections.abc import Callable

from WardenServer.agent import Contract
from WardenServer.errors import Unreachable
from WardenServer.results.board import Board

log = logging.getLogger("warden.sink")

#: Seconds between attempts while a server is away, doubling from the first to the last.
PAUSES = (0.1, 0.5)
#: Seconds after which a sink looks round even when nothing came.
IDLE = 1.0


class Sink:
    """Takes all that is new per wake-up; the newest result of an agent wins, so nothing ever piles up.

    A subclass implements `publish`. `problem` is a sentence while the sink cannot deliver at all, `problems` has
    sentences on single documents or attributes, by name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.problem: str | None = None
        self.problems: dict[str, str] = {}
        self._board = Board()
        self._lock = threading.Lock()
        self._new: dict[str, None] = {}
        self._files: dict[str, str] = {}
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, board: Board) -> None:
        """Begin to deliver what comes to `board`, and what stands there."""
        self.attach(board)
        self.send_all()
        self.begin()

    def attach(self, board: Board) -> None:
        """Take note of what comes to `board`, and of no other board any more."""
        self._board = board
        self._closing = threading.Event()
        self._thread = self.make_thread(functools.partial(self._run, self._closing))
        board.listen(self.notify)

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
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def notify(self, agent: str) -> None:
        """Take note that an agent has a newer result, or is gone. Returns at once; any thread may call it."""
        with self._lock:
            self._new[agent] = None
        if not self._wake.is_set():
            self._wake.set()

    def send_all(self) -> None:
        """Deliver the whole board again."""
        for agent in self._board.agents():
            self.notify(agent)

    def declare(self, contract: Contract) -> None:
        """Take note of an agent that was loaded, before its first result. Returns at once."""
        self._files[contract.name] = str(contract.path)

    def file_of(self, agent: str) -> str:
        """The plugin file of an agent, for sentences."""
        return self._files.get(agent, f"agent {agent}")

    def publish(self, agents: list[str]) -> None:
        """Deliver the newest results of these agents; an empty list about once a second when nothing is new.

        Raises:
            Unreachable: nothing can be delivered now; the base class tries again with all.
        """
        raise NotImplementedError

    def end(self) -> None:
        """Let go of what the thread holds; called last, by the thread."""

    def _run(self, closing: threading.Event) -> None:
        pause = PAUSES[0]
        while not closing.is_set():
            self._wake.wait(IDLE)
            pause = self._deliver(pause, closing)
        self._deliver(pause, closing)
        self.end()

    def _deliver(self, pause: float, closing: threading.Event) -> float:
        """One wake-up; returns the pause after the next failure."""
        self._wake.clear()
        with self._lock:
            new, self._new = self._new, {}
        try:
            self._publish(list(new))
        except Unreachable as error:
            self._lost(str(error))
            closing.wait(pause)
            return min(2 * pause, PAUSES[1])
        self._found()
        return PAUSES[0]

    def _publish(self, agents: list[str]) -> None:
        """All at once; where a mistake makes that fail, one by one, so that only the culprit is lost."""
        try:
            self.publish(agents)
        except Unreachable:
            raise
        except Exception:  # whatever it is, the thread and the other agents go on
            if len(agents) < 2:
                log.exception("sink %s cannot publish %s; it goes on", self.name, "".join(agents) or "nothing")
            for agent in agents if len(agents) > 1 else ():
                self._publish([agent])

    def _well(self, name: str) -> None:
        """The problem of this name is over."""
        if name in self.problems:
            self.problems = {other: said for other, said in self.problems.items() if other != name}

    def _lost(self, sentence: str) -> None:
        if self.problem is None:
            log.warning("%s; the hub runs on and sends everything when it is back", sentence)
        self.problem = sentence
        self.send_all()

    def _found(self) -> None:
        if self.problem is not None:
            log.info("sink %s delivers again", self.name)
            self.problem = None
