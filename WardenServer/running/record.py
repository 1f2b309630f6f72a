"""What is known of an agent's runs."""

import threading
from collections import deque
from dataclasses import dataclass, field

from WardenServer.running.news import News, Overruns


@dataclass(slots=True)
class Record:
    """What is known of an agent's runs, over reloads. Written by its runner only; times on the monotonic clock."""

    runs: int = 0
    failures: int = 0
    skipped: int = 0
    lateness: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    last_error: str | None = None
    failing_since: float | None = None  # Unix seconds
    in_a_row: int = 0  # failures since the last success
    no_data: str | None = None
    began: float = 0.0
    ended: float | None = None
    last_at: float | None = None  # when a run that the calendar asks for ended last, in Unix seconds
    warnings: dict[str, str] = field(default_factory=dict)
    overruns: Overruns = field(default_factory=Overruns)
    news: News = field(default_factory=News)
    was_said: bool = False  # in the log, that it fails now
    turn: threading.Lock = field(default_factory=threading.Lock)  # of an answer and of a probation: one at a time

    def fail(self, sentence: str, now: float) -> None:
        """A run has failed; `now` in Unix seconds."""
        self.failures += 1
        self.in_a_row += 1
        self.failing_since = now if self.failing_since is None else self.failing_since
        self.last_error, self.no_data = sentence, None

    def recover(self) -> None:
        """A run after failures was good."""
        self.failing_since, self.in_a_row, self.was_said = None, 0, False
