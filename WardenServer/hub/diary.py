"""Makes events of what happens to the hub itself: starts, stops, reloads. They go the way of all events."""

from WardenServer.machine.clock import Clock
from WardenServer.results.board import Board
from WardenServer.results.event import LONGEST_TEXT, Event, Severity, own_id

#: Who tells them, as events say it.
TELLER = "hub"


class Diary:
    """Tells the board. Any thread may use it."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board, self._clock = board, clock

    def tell(self, kind: str, text: str, subject: str = "", severity: Severity = Severity.INFO) -> None:
        """Tell what has happened now: of what kind, and to what."""
        now = self._clock.time()
        self._board.tell(Event(own_id(kind, TELLER, subject, now), now, TELLER, severity, text[:LONGEST_TEXT]))
