"""What the loop of pings shows to the agent. The loop's thread fills it, the agent's reads it."""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from WardenServer.plugins.common.ping.hosts import Host
from WardenServer.plugins.common.ping.probe.fields import Document
from WardenServer.plugins.common.ping.probe.newest import Newest, Total
from WardenServer.plugins.common.ping.probe.round import Outcome

#: Most events that wait to be told; of more, the oldest are lost. So many are told at a time.
MOST_EVENTS, PART = 1000, 50


@dataclass(frozen=True)
class State:
    """How the rounds go. Times in Unix seconds.

    Args:
        began: when the last round began; None before the first.
        took: the seconds that the last whole round took.
        next: when the next one begins.
        method: the way to measure.
        lines: raw lines written since the start.
        late: samples since the start that were marked as late, or as measured with a clock that was set.
        skipped: rounds left out since the start, since the one before was still running.
        problem: what people should put right, else "".
    """

    began: float | None = None
    took: float | None = None
    next: float | None = None
    method: str = ""
    lines: int = 0
    late: int = 0
    skipped: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Snapshot:
    """One moment of the board: documents by host, in the order of the list; events that were told to nobody yet, and
    whether there are more."""

    state: State
    total: Total
    documents: Mapping[str, Document]
    events: Sequence[str]
    has_more: bool


class Board:
    """The newest of everything. Any thread may use it.

    Args:
        changed: called by the thread that changes it: where a host is done, and (True) where a round begins or ends.
    """

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._newest = Newest()
        self._events: deque[str] = deque(maxlen=MOST_EVENTS)
        self._state = State()

    @property
    def state(self) -> State:
        """How the rounds go."""
        return self._state

    def say(self, **changes: object) -> None:
        """Change some of the state; for the loop's thread only."""
        self._state = replace(self._state, **changes)  # type: ignore[arg-type]

    def listed(self, hosts: Sequence[Host]) -> None:
        """These are the hosts from now on."""
        with self._lock:
            self._newest.listed(hosts)

    def take(self, outcome: Outcome) -> None:
        """What became of a host."""
        with self._lock:
            self._newest.take(outcome)
        self._changed(False)

    def planned(self, at: float) -> None:
        """The next round begins at this time, in Unix seconds."""
        if at != self._state.next:
            self.say(next=at)
            self._changed(True)

    def ended(self, took: float, problem: str) -> None:
        """A round has ended after so many seconds."""
        self.say(took=took, problem=problem)
        self._changed(True)

    def tell(self, text: str) -> None:
        """An event for people."""
        with self._lock:
            self._events.append(text)

    def snapshot(self) -> Snapshot:
        """All of it, and the events that are next."""
        with self._lock:
            events = [self._events.popleft() for _ in range(min(PART, len(self._events)))]
            documents = dict(self._newest.documents)
            return Snapshot(self._state, self._newest.total(), documents, events, bool(self._events))
