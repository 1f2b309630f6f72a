"""What all sinks share: a thread of their own, one slot per agent, and everything sent again after a loss."""

import logging
import threading
from collections.abc import Callable

from WardenServer.agent import Contract
from WardenServer.board import Board
from WardenServer.errors import Unreachable

log = logging.getLogger("warden.sink")

#: Seconds between attempts while a server is away, doubling from the first to the last.
PAUSES = (0.1, 1.0)
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
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, board: Board) -> None:
        """Begin to deliver what comes to `board`, and what stands there."""
        self._board = board
        board.listen(self.notify)
        self._thread = self.make_thread(self._run)
        self.send_all()
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

    def publish(self, agents: list[str]) -> None:
        """Deliver the newest results of these agents; an empty list about once a second when nothing is new.

        Raises:
            Unreachable: nothing can be delivered now; the base class tries again with all.
        """
        raise NotImplementedError

    def end(self) -> None:
        """Let go of what the thread holds; called last, by the thread."""

    def _run(self) -> None:
        pause = PAUSES[0]
        while not self._closing.is_set():
            self._wake.wait(IDLE)
            pause = self._deliver(pause)
        self._deliver(pause)
        self.end()

    def _deliver(self, pause: float) -> float:
        """One wake-up; returns the pause after the next failure."""
        self._wake.clear()
        with self._lock:
            new, self._new = self._new, {}
        try:
            self.publish(list(new))
        except Unreachable as error:
            self._lost(str(error))
            self._closing.wait(pause)
            return min(2 * pause, PAUSES[1])
        except Exception:  # an error of ours or of a library costs this delivery, never the thread
            log.exception("sink %s failed; it goes on", self.name)
            self._closing.wait(pause)
            return min(2 * pause, PAUSES[1])
        self._found()
        return PAUSES[0]

    def _lost(self, sentence: str) -> None:
        if self.problem is None:
            log.warning("%s; the hub runs on and sends everything when it is back", sentence)
        self.problem = sentence
        self.send_all()

    def _found(self) -> None:
        if self.problem is not None:
            log.info("sink %s delivers again", self.name)
            self.problem = None
